"""Where a run is in a trace follows from its ids; a collector that is away costs nobody anything."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shared.process import traces

RUN = "01a1fe7e-8fa6-71d3-be8c-fbfd46814c00"
CALL = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
SPANS = """
import json, sys, time
from datetime import UTC, datetime
from shared.process import traces
run = "01a1fe7e-8fa6-71d3-be8c-fbfd46814c00"
now, began = datetime.now(UTC), time.monotonic()
for stage in range(5000):
    traces.send(traces.Span("work", traces.of_attempt(run, None, stage, 1), traces.of_run(run, None), now, now, {"none": None, "n": 1}))
took = time.monotonic() - began
print(json.dumps({"took": took, "lost": traces.lost()["spans"], "run": traces.of_run(run, None)}))
"""


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        (CALL, CALL),
        (f" {CALL} ", CALL),
        (CALL.replace("00-4b", "cc-4b") + "-more", CALL),
        (CALL + "-more", None),
        (CALL.replace("00-4b", "ff-4b"), None),
        (CALL.upper(), None),
        ("00-" + "0" * 32 + "-00f067aa0ba902b7-01", None),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-" + "0" * 16 + "-01", None),
        ("*/ DROP TABLE t; /*", None),
        ("", None),
        (None, None),
        ("cc" + CALL[2:] + "-" + "x" * 10_000, None),
    ],
)
def test_only_a_well_formed_traceparent_counts(header: str | None, taken: str | None) -> None:
    assert traces.read(header) == taken


def test_spans_lie_within_one_another_and_keep_the_trace_and_whether_it_is_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    found = [traces.of_run(RUN, CALL), *(traces.of_attempt(RUN, CALL, stage, epoch) for stage, epoch in ((1, 1), (1, 2), (2, 1)))]
    assert len({str(one).split("-")[2] for one in found}) == 4
    assert {str(one)[:35] + str(one)[-3:] for one in found} == {CALL[:35] + "-01"}
    assert traces.of_attempt(RUN, CALL, 1, 1) == found[1]
    unsampled = traces.of_attempt(RUN, CALL[:-2] + "00", 1, 1)
    assert unsampled is not None and unsampled.endswith("-00")
    # Nobody traces it.
    assert (traces.of_run(RUN, None), traces.of_attempt(RUN, None, 1, 1), traces.lost()) == (None, None, {})


def sent(**settings: str) -> tuple[dict[str, object], float]:
    began = time.monotonic()
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3]), **settings}
    done = subprocess.run([sys.executable, "-c", SPANS], env=env, check=True, timeout=60, capture_output=True, text=True)
    return json.loads(done.stdout), time.monotonic() - began


def test_a_collector_that_is_away_holds_nobody_up_and_what_it_did_not_get_is_counted() -> None:
    told, took = sent(OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9")
    assert isinstance(told["took"], float) and told["took"] < 10
    assert isinstance(told["lost"], int) and told["lost"] >= 5000 - 2048
    assert took < 30
    assert told["run"] == f"00-{RUN.replace('-', '')}-{traces._short(f'run/{RUN}')}-01"


def test_a_run_that_the_sampler_leaves_out_is_known_and_not_sent() -> None:
    told, _ = sent(OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9", OTEL_TRACES_SAMPLER="parentbased_always_off")
    assert told["lost"] == 0
    assert str(told["run"]).endswith("-00")


def test_a_setting_that_the_sdk_does_not_take_stops_nobody() -> None:
    told, _ = sent(OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9", OTEL_BSP_MAX_EXPORT_BATCH_SIZE="9999")
    assert told["lost"] == 0
    assert str(told["run"]).endswith("-00")
