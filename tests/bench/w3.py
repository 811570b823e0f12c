"""W3: how soon a run starts. From the request to the first node running, over 200 runs on an idle system, one after the other."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from tests.bench import report
from tests.bench.place import penstock
from tests.support.stack import Stack

RUNS = 200
RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: w3}
spec:
  nodes:
    - {id: one, type: connector_source, config: {connector: files, path: one.csv}}
    - {id: result, type: connector_sink, config: {connector: files, path: result.csv, writeMode: OVERWRITE}}
  edges: [{from: one, to: result}]
"""


def measure() -> Iterator[str]:
    with penstock() as stack:
        (stack.files / "one.csv").write_text("id\n1\n")
        stack.apply(RECIPE)
        for _ in range(5):
            _until_running(stack)
        waits = sorted(_until_running(stack) for _ in range(RUNS))
    yield report.line(
        "W3",
        penstock_s=statistics.median(waits),
        baseline_s=None,
        rows=None,
        peak_bytes=None,
        runs=RUNS,
        p50_ms=round(1000 * statistics.median(waits), 1),
        p99_ms=round(1000 * statistics.quantiles(waits, n=100)[98], 1),
    )


def _until_running(stack: Stack) -> float:
    """Seconds; one clock, since both ends are on this machine. Returns when the run has ended, so that the next finds the system idle."""
    asked_at = datetime.now(UTC)
    run = stack.start("w3")
    first: datetime | None = None
    for kind, event in stack.client.events(run):
        if first is None and kind == "node.status" and event["data"].get("status") == "RUNNING":
            first = datetime.fromisoformat(event["at"])
        if kind == "run.finished":
            assert event["data"]["status"] == "SUCCEEDED", event
    assert first is not None
    time.sleep(0.02)
    return (first - asked_at).total_seconds()
