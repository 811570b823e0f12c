"""What Prometheus is told, of figures that were read already; pure.

The names are an API: dashboards and alarms go by them. Labels have few values: pipelines beyond PENSTOCK_METRICS_PIPELINES are one series
together, with an empty name, and ids stand nowhere. What is not known is left out, never 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from shared.breakers import Standing
from shared.breakers.shown import STATES
from shared.store import metric_totals

CONTENT_TYPE = CONTENT_TYPE_LATEST
# As a number that grows with the trouble.
_BREAKER = {"closed": 0, "half-open": 1, "open": 2}
_FROM_ZERO = ("SUCCEEDED", "FAILED", "TIMED_OUT")
_SERVICES = ("quality", "scheduler", "worker")
# Of `metric_totals`: what each says, and the name of its label.
_COUNTERS = {
    metric_totals.RETRIES: ("Attempts of runs that have ended that were made again, by why.", "reason"),
    metric_totals.REJECTED: ("Rows that were rejected, by the rule, or else by what it was of them: row, line, quality, sink.", "rule"),
    metric_totals.LEASES: ("Stages whose worker no longer renewed its lease.", None),
    metric_totals.DUPLICATES: ("Messages of the broker for what somebody had already, or was over.", None),
}
_HISTOGRAMS = {
    metric_totals.NODE: ("From a node's start to its end; nodes of one stage take its time, each.", "node_type"),
    metric_totals.DELAY: ("From a fire time to the start of its run.", None),
}


# The registry keeps it by what it is, not by what it says.
@dataclass(frozen=True, slots=True, eq=False)
class Reading(Collector):
    """`totals` and `scores` as `shared.store.totals` gives them, `measured` as `metric_totals.counted`, `runs` as
    `installation.open_runs`, `processes` as `workers.seen_within`, `busy` by process. `queues`: how many messages wait in each; None while
    Redis is away, as with `breakers`.
    """

    totals: Sequence[Mapping[str, Any]]
    scores: Sequence[Mapping[str, Any]]
    measured: Sequence[Mapping[str, Any]]
    runs: Mapping[str, Any]
    stages: Mapping[str, int]
    processes: Sequence[Mapping[str, Any]]
    busy: Mapping[str, int]
    queues: Mapping[str, int] | None = None
    breakers: Sequence[Standing] | None = None
    version: str = field(default="")

    def text(self) -> bytes:
        """In Prometheus' text format."""
        registry = CollectorRegistry()
        registry.register(self)
        return generate_latest(registry)

    def collect(self) -> Iterator[Metric]:
        yield _gauge("penstock_build_info", "1; the version of the API that answers.", ["version"], [([self.version], 1)])
        yield from self._ended()
        yield from self._measured()
        yield from self._open()
        yield from self._processes()
        yield from self._connectors()

    def _ended(self) -> Iterator[Metric]:
        runs = CounterMetricFamily("penstock_runs", "Runs that have ended, by how.", labels=["pipeline", "state"])
        took = SummaryMetricFamily("penstock_run_duration_seconds", "How long runs took that have ended.", labels=["pipeline"])
        rows = CounterMetricFamily("penstock_rows", "Rows that sources gave, destinations took, and nodes rejected.", labels=["direction"])
        by_pipeline: dict[str, tuple[int, float]] = {}
        for one in self.totals:
            runs.add_metric([_pipeline(one), one["status"]], one["runs"])
            timed, seconds = by_pipeline.get(_pipeline(one), (0, 0.0))
            by_pipeline[_pipeline(one)] = timed + one["timed"], seconds + one["seconds"]
        told = {(_pipeline(one), one["status"]) for one in self.totals}
        for pipeline, (timed, seconds) in by_pipeline.items():
            # A counter that begins with 1 has not risen, as Prometheus sees it: the first failure would be in no rate.
            for state in _FROM_ZERO:
                if (pipeline, state) not in told:
                    runs.add_metric([pipeline, state], 0)
            took.add_metric([pipeline], timed, seconds)
        for direction in ("read", "written", "rejected"):
            rows.add_metric([direction], sum(one[direction] for one in self.totals))
        yield from (runs, took, rows)
        scores = [([_pipeline(one)], one["score"]) for one in self.scores]
        yield _gauge("penstock_quality_score", "The lowest score of the newest run that was checked, 0 to 100.", ["pipeline"], scores)
        left = [([_pipeline(one)], one["budget"]) for one in self.scores if one["budget"] is not None]
        about = "What is left of the error budgets that the newest run was checked against, the least, 0 to 1."
        yield _gauge("penstock_quality_budget_remaining", about, ["pipeline"], left)

    def _measured(self) -> Iterator[Metric]:
        for metric, (about, label) in _COUNTERS.items():
            counter = CounterMetricFamily(f"penstock_{metric}", about, labels=[label] if label else [])
            found = [one for one in self.measured if one["metric"] == metric]
            for one in found:
                counter.add_metric([one["label"]] if label else [], one["count"])
            if not found and not label:
                counter.add_metric([], 0)
            yield counter
        for metric, (about, label) in _HISTOGRAMS.items():
            histogram = HistogramMetricFamily(f"penstock_{metric}", about, labels=[label] if label else [])
            for one in self.measured:
                if one["metric"] == metric:
                    within = [*zip(map(floatToGoString, metric_totals.BOUNDS_S), one["within"], strict=False), ("+Inf", one["count"])]
                    histogram.add_metric([one["label"]] if label else [], within, one["sum"])
            yield histogram

    def _open(self) -> Iterator[Metric]:
        states = {"QUEUED": self.runs["queued"], "DEPENDENT": self.runs["dependent"], "RUNNING": self.runs["running"]}
        yield _gauge(
            "penstock_runs_open", "Runs that have not ended; DEPENDENT: they wait for other pipelines.", ["state"],
            [([state], count) for state, count in states.items()],
        )  # fmt: skip
        yield _gauge("penstock_stages_open", "Stages on their way.", ["state"], [([state], n) for state, n in sorted(self.stages.items())])
        depths = [([name], depth) for name, depth in sorted((self.queues or {}).items())]
        yield _gauge(
            "penstock_queue_depth", "Runs that wait for their turn (runs), and messages that wait in the broker (its queues).", ["queue"],
            [(["runs"], self.runs["queued"]), *depths],
        )  # fmt: skip
        yield _gauge(
            "penstock_oldest_queued_age_seconds", "For how long the first run in the queue has waited; 0: none waits.", [],
            [([], self.runs["oldest_s"] or 0)],
        )  # fmt: skip

    def _processes(self) -> Iterator[Metric]:
        slots = GaugeMetricFamily("penstock_worker_slots", "Slots of the processes that are alive.", labels=["service", "state"])
        for service in ("quality", "worker"):
            alive = [one for one in self.processes if one["service"] == service]
            busy = sum(min(self.busy.get(one["name"], 0), one["slots"]) for one in alive)
            slots.add_metric([service, "busy"], busy)
            slots.add_metric([service, "free"], sum(one["slots"] for one in alive) - busy)
        yield slots
        services = [([service], sum(one["service"] == service for one in self.processes)) for service in _SERVICES]
        yield _gauge("penstock_processes", "Processes that are alive.", ["service"], services)
        seen = [one["seen_at"].timestamp() for one in self.processes if one["service"] == "scheduler"]
        beats: list[tuple[list[str], float]] = [([], max(seen))] if seen else []
        yield _gauge("penstock_scheduler_heartbeat_timestamp_seconds", "When a scheduler was last heard of.", [], beats)
        dropped = CounterMetricFamily(
            "penstock_dropped",
            "What a process could not tell of runs (its buffer was full, or the store away).",
            labels=["process", "kind"],
        )
        for one in self.processes:
            for kind, count in sorted(one["dropped"].items()):
                dropped.add_metric([one["name"], kind], count)
        yield dropped

    def _connectors(self) -> Iterator[Metric]:
        known = self.breakers or ()
        yield _gauge("penstock_circuit_breakers_known", "0: Redis is away, which keeps them.", [], [([], int(self.breakers is not None))])
        yield _gauge(
            "penstock_breaker_state", "0: closed; 1: half-open; 2: open.", ["connection"],
            [([one.connector], _BREAKER[one.state]) for one in known],
        )  # fmt: skip
        yield _gauge(
            "penstock_circuit_breaker_state", "1 of the state that it is in.", ["connector", "state"],
            [([one.connector, state], int(one.state == state)) for one in known for state in STATES],
        )  # fmt: skip
        failures = [([one.connector], one.failures) for one in known]
        yield _gauge("penstock_circuit_breaker_failures", "In a row, so far.", ["connector"], failures)
        changes = CounterMetricFamily("penstock_circuit_breaker_changes", "How often it became each state.", labels=["connector", "to"])
        for one in known:
            for state in STATES:
                changes.add_metric([one.connector, state], one.changes.get(state, 0))
        yield changes


def _pipeline(row: Mapping[str, Any]) -> str:
    return "" if row["pipeline"] is None else f"{row['namespace']}/{row['pipeline']}"


def _gauge(name: str, about: str, labels: list[str], values: Sequence[tuple[list[str], float]]) -> Metric:
    family = GaugeMetricFamily(name, about, labels=labels)
    for which, value in values:
        family.add_metric(which, value)
    return family
