"""How far a run is, and when it will have ended, as its reply says it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from services.api.resources.progress import so_far
from shared.store.identifiers import new_id

PIPELINE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: timed}
spec:
  nodes:
    - {id: read, type: connector_source, config: {connector: files, path: in.csv, schema: {id: BIGINT}}}
    - {id: write, type: connector_sink, config: {connector: db, table: t, writeMode: INSERT}}
  edges: [{from: read, to: write}]
"""


def staged(api: Any, run: str, *statuses: str, ms: int | None = None) -> None:
    """Stages 1, 2 …, each after the one before."""
    api.all("DELETE FROM stages WHERE run_id = %(run)s RETURNING stage", run=run)
    for stage, status in enumerate(statuses, start=1):
        api.all(
            "INSERT INTO stages (run_id, stage, kind, nodes, inputs, generation, engine, queue, status, epoch, duration_ms)"
            " VALUES (%(run)s, %(stage)s, 'work', %(nodes)s, %(inputs)s, %(stage)s, 'duckdb', 'stages', %(status)s, 1, %(ms)s) RETURNING 1",
            run=run, stage=stage, nodes=[f"n{stage}"], inputs=[stage - 1] if stage > 1 else [], status=status, ms=ms,
        )  # fmt: skip


def running(api: Any, began_s_ago: int) -> str:
    run = str(api.run("timed", {}, status="RUNNING"))
    api.all("UPDATE runs SET planning = 'planned', finished_at = NULL, max_parallel_nodes = 4 WHERE id = %(run)s RETURNING 1", run=run)
    staged(api, run, "RUNNING", "WAITING")
    api.all(
        "INSERT INTO attempts (run_id, stage, epoch, worker, started_at)"
        " VALUES (%(run)s, 1, 1, 'w', clock_timestamp() - make_interval(secs => %(ago)s)) RETURNING 1",
        run=run, ago=began_s_ago,
    )  # fmt: skip
    return run


def test_the_end_of_a_run_is_estimated_by_the_runs_before_it(api: Any) -> None:
    api.apply(PIPELINE)
    # The older one counts, a failed one does not.
    for ms, status in ((60_000, "SUCCEEDED"), (100_000, "SUCCEEDED"), (1, "FAILED")):
        staged(api, api.run("timed", {}, status=status), "COMPLETED", "COMPLETED", ms=ms)
    told = api.call("GET", f"/runs/{running(api, 20)}").json["progress"]["estimatedFinishAt"]
    left = (datetime.fromisoformat(told) - datetime.now(UTC)).total_seconds()
    assert left == pytest.approx(80 - 20 + 80, abs=10)
    # Longer than ever: nobody knows.
    assert api.call("GET", f"/runs/{running(api, 101)}").json["progress"]["estimatedFinishAt"] is None


def test_what_was_left_out_or_failed_is_not_done() -> None:
    statuses = ("COMPLETED", "FAILED", "SKIPPED", "CANCELLED")
    nodes = [{"id": str(new_id()), "type": "filter", "status": status, "rowsIn": 1, "rowsOut": 1, "rowsRejected": 0} for status in statuses]
    assert [so_far(status, nodes)["percent"] for status in ("RUNNING", "FAILED", "SUCCEEDED")] == [25.0, 25.0, 100.0]


def test_attempts_at_a_survey_are_those_of_its_node_until_there_is_a_plan(api: Any) -> None:
    run = api.run("timed", {}, status="FAILED")
    api.all("UPDATE stages SET kind = 'survey', nodes = '{read}', status = 'FAILED' WHERE run_id = %(run)s RETURNING 1", run=run)
    api.all(
        "INSERT INTO nodes (run_id, node, ordinal, type, generation, status) VALUES (%(run)s, 'read', 0, 'connector_source', 1, 'FAILED'),"
        " (%(run)s, 'write', 1, 'connector_sink', 2, 'SKIPPED') RETURNING 1",
        run=run,
    )
    for epoch in (1, 2):
        api.all(
            "INSERT INTO attempts (run_id, stage, epoch, worker, outcome) VALUES (%(run)s, 1, %(epoch)s, 'w', 'FAILED') RETURNING 1",
            run=run, epoch=epoch,
        )  # fmt: skip
    assert [(one["id"], one["attempts"]) for one in api.call("GET", f"/runs/{run}").json["nodes"]] == [("read", 2), ("write", 0)]
    assert [len(api.call("GET", f"/runs/{run}/nodes/{one}").json["attempts"]) for one in ("read", "write")] == [2, 0]
