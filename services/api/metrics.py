"""What Prometheus is told, of figures that were read already; pure.

The names are an API: dashboards and alarms go by them. Labels have few values: pipelines beyond PENSTOCK_METRICS_PIPELINES are one series
together, with an empty name, and ids stand nowhere. What is not known is left out, never 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.registry import Collector

from shared.breakers import Standing
from shared.breakers.shown import STATES

CONTENT_TYPE = CONTENT_TYPE_LATEST
# As a number that grows with the trouble.
_BREAKER = {"closed": 0, "half-open": 1, "open": 2}


# The registry keeps it by what it is, not by what it says.
@dataclass(frozen=True, slots=True, eq=False)
class Reading(Collector):
    """`totals` and `scores` as `shared.store.totals` gives them, `runs` as `installation.open_runs`, `processes` as `workers.seen_within`,
    `busy` by process. `queues`: how many messages wait in each; None while Redis is away, as with `breakers`.
    """

    totals: Sequence[Mapping[str, Any]]
    scores: Sequence[Mapping[str, Any]]
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
        for pipeline, (timed, seconds) in by_pipeline.items():
            took.add_metric([pipeline], timed, seconds)
        for direction in ("read", "written", "rejected"):
            rows.add_metric([direction], sum(one[direction] for one in self.totals))
        yield from (runs, took, rows)
        scores = [([_pipeline(one)], one["score"]) for one in self.scores]
        yield _gauge("penstock_quality_score", "The lowest score of the newest run that was checked, 0 to 100.", ["pipeline"], scores)

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
