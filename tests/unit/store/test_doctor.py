"""Each thing that must hold of the store, broken once: the doctor names it, and says nothing of a run that is sound."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from shared.dispatch import claims, results
from shared.dispatch.advance import advance
from shared.engines.work import Outcome
from shared.planning.stages import PlannedNode, Stage, StageId
from shared.runs.states import RunStatus
from shared.store import doctor, nodes, runs, stages
from shared.store.database import Database, Tx
from shared.store.identifiers import new_id

LETTER = "INSERT INTO dead_letters (run_id, id, stage, epoch, node, original_record, error_message, state, replay_run)"
TRIGGER = (
    "INSERT INTO triggers (id, namespace, pipeline, name, type, config, version, active)"
    " VALUES (gen_random_uuid(), 'default', 'p', 'schedule', 'schedule', '{}', 1, true)"
)
FIRING = "INSERT INTO firings (trigger_id, key, run_id, outcome)"
FILLED = (
    "UPDATE runs SET finished_at = now() - interval '1 hour' WHERE id = %(run)s;"
    " INSERT INTO backfills (id, namespace, pipeline, from_at, to_at, ordering, max_parallel, which, version, created_by)"
    " VALUES (%(run)s, 'default', 'p', now(), now(), 'oldest', 1, 'all', 'now', 'test'); INSERT INTO backfill_dates"
)
BROKEN = {
    "states": "UPDATE stages SET status = 'LOST' WHERE run_id = %(run)s AND stage = 1",
    "ends": "UPDATE runs SET finished_at = NULL WHERE id = %(run)s",
    "ends ": "UPDATE stages SET status = 'RETRYING', retry_at = clock_timestamp() WHERE run_id = %(run)s AND stage = 2",
    "successes": "UPDATE nodes SET status = 'SKIPPED' WHERE run_id = %(run)s AND node = 'n1'",
    "progress": "UPDATE runs SET status = 'RUNNING', finished_at = NULL WHERE id = %(run)s; UPDATE events SET at = at - interval '1 hour'",
    "epochs": "UPDATE stages SET epoch = 0 WHERE run_id = %(run)s AND stage = 1",
    "epochs ": "INSERT INTO attempts (run_id, stage, epoch, worker, finished_at) VALUES (%(run)s, 1, 2, 'w', now())",
    "attempts": "UPDATE attempts SET outcome = 'LOST' WHERE run_id = %(run)s AND stage = 2",
    "attempts ": "UPDATE attempts SET finished_at = NULL WHERE run_id = %(run)s AND stage = 2",
    "leases": "UPDATE stages SET leased_until = now() WHERE run_id = %(run)s AND stage = 1",
    "leases ": "UPDATE stages SET status = 'RUNNING', leased_until = now() - interval '1 hour' WHERE run_id = %(run)s AND stage = 1",
    "releases": "UPDATE stages SET status = 'RELEASED', released_at = now() - interval '1 hour', queue = 'x' WHERE run_id = %(run)s",
    "releases ": "UPDATE stages SET status = 'RETRYING', retry_at = now() - interval '1 hour' WHERE run_id = %(run)s",
    "slots": "UPDATE stages SET status = 'RELEASED' WHERE run_id = %(run)s",
    "plans": "DELETE FROM programs WHERE run_id = %(run)s AND stage = 2",
    "plans ": "UPDATE stages SET inputs = '{9}' WHERE run_id = %(run)s AND stage = 2",
    "order": "UPDATE stages SET status = 'WAITING' WHERE run_id = %(run)s AND stage = 1; DELETE FROM attempts WHERE run_id = %(run)s",
    "events": "DELETE FROM events WHERE run_id = %(run)s AND seq = 2",
    "events ": "UPDATE events SET type = 'node.status' WHERE run_id = %(run)s AND type = 'run.finished'",
    "ledgers": "UPDATE nodes SET figures = figures || '{\"balanced\": false}' WHERE run_id = %(run)s AND node = 'n2'",
    "datasets": "INSERT INTO datasets (run_id, stage, port, epoch, uri, columns, rows, size_bytes)"
    " VALUES (%(run)s, 7, 'p', 1, '', '[]', 1, 1)",
    "promises": "INSERT INTO idempotency_keys (token_id, key, body_hash, status, location, reply) VALUES (gen_random_uuid(), 'k', '', 202,"
    " '/api/v1/runs/' || %(other)s, jsonb_build_object('id', %(other)s::text))",
    "sequences": "INSERT INTO sequences (namespace, pipeline, node, next_value, held_by) VALUES ('default', 'p', 'n', 1, %(other)s);"
    " UPDATE runs SET status = 'QUEUED', created_at = now() - interval '1 hour' WHERE id = %(run)s",
    "cursors": "INSERT INTO cursors (namespace, pipeline, node, opened) VALUES ('default', 'p', 'n', true)",
    "cursors ": "INSERT INTO cursors (namespace, pipeline, node, held_by, window_id, awaiting)"
    " VALUES ('default', 'p', 'n', %(run)s, %(other)s, '{out}')",
    "connections": "UPDATE runs SET status = 'RUNNING' WHERE id = %(run)s; UPDATE stages SET status = 'WAITING',"
    " waiting_since = now() - interval '1 hour', connectors = '{default/nobody}' WHERE run_id = %(run)s AND stage = 2",
    "dead letters": f"{LETTER} VALUES (%(run)s, %(other)s, 2, 1, 'n2', '{{}}', 'bad', 'replayed', NULL)",
    "dead letters ": f"{LETTER} VALUES (%(run)s, %(other)s, 2, 1, 'n2', '{{}}', 'bad', 'open', %(run)s)",
    "checks": "UPDATE stages SET kind = 'check' WHERE run_id = %(run)s AND stage = 2",
    "checks ": "INSERT INTO quality_profiles (run_id, stage, rule_set, namespace, dataset, scope)"
    " VALUES (%(run)s, 2, '', 'default', 'd', '')",
    "firings": f"{TRIGGER}; {FIRING} SELECT id, 'k', %(run)s, 'run' FROM triggers; DELETE FROM runs WHERE id = %(run)s",
    "firings ": """UPDATE runs SET trigger = '{"type": "schedule"}' WHERE id = %(run)s""",
    "fire times": """UPDATE runs SET trigger = '{"type": "schedule", "fireAt": "x"}' WHERE id = %(run)s; INSERT INTO runs (id, namespace,
        pipeline, resource_uid, version, status, trigger, logical_date, created_by) SELECT %(other)s, namespace, pipeline,
        resource_uid, 1, 'QUEUED', trigger, now(), '' FROM runs""",
    "triggers": TRIGGER,
    "triggers ": f"{TRIGGER}; INSERT INTO resources (uid, kind, namespace, name, current_version) VALUES (gen_random_uuid(), 'Pipeline',"
    " 'default', 'p', 1); UPDATE triggers SET look_at = now() - interval '1 hour'",
    "conclusions": "INSERT INTO endings (run_id, namespace, pipeline, status, at) VALUES (%(run)s, 'default', 'p', 'FAILED',"
    " now() - interval '2 hours')",
    "waits": "INSERT INTO waits (run_id, dependency, upstream_namespace, upstream, condition, mode, on_timeout, dates)"
    " VALUES (%(other)s, 'default/d', 'default', 'p', 'success', 'all', 'fail', '{}')",
    "waits ": "UPDATE runs SET status = 'QUEUED', finished_at = NULL WHERE id = %(run)s; INSERT INTO waits (run_id, dependency,"
    " upstream_namespace, upstream, condition, mode, on_timeout, dates, expires_at)"
    " VALUES (%(run)s, 'default/d', 'default', 'p', 'success', 'all', 'fail', '{}', now() - interval '1 hour')",
    "backfills": f"{FILLED} (backfill_id, logical_date, version, state, run_id) VALUES (%(run)s, now(), 1, 'started', %(run)s)",
    "backfills ": f"{FILLED} (backfill_id, logical_date, version, state, run_id, ended)"
    " VALUES (%(run)s, now(), 1, 'started', %(run)s, 'SUCCEEDED')",
    "partitions": "DROP TABLE logs_{month}",
    "services": "DELETE FROM workers",
}


class _Undone(Exception):
    pass


@contextmanager
def sound(store: Database) -> Iterator[tuple[Tx, str]]:
    """A run of two stages that has succeeded, in a transaction that is rolled back."""
    run_id = new_id()
    planned = [Stage(StageId(s), "work", (f"n{s}",), tuple(map(StageId, inputs)), s, "duckdb", {}) for s, inputs in ((1, ()), (2, (1,)))]
    try:
        with store.transaction() as tx:
            tx.execute("DELETE FROM runs; DELETE FROM idempotency_keys; DELETE FROM sequences; DELETE FROM cursors")
            # Other tests may have left what hangs on theirs.
            tx.execute("TRUNCATE triggers CASCADE; DELETE FROM endings")
            runs.create(
                tx, run=run_id, namespace="default", pipeline="p", resource_uid=new_id(), version=1, git_commit_sha=None,
                trigger={"type": "manual"}, parameters={}, logical_date=datetime.now(UTC), reason=None, created_by="test",
            )  # fmt: skip
            run = runs.lock(tx, run_id)
            assert run is not None
            runs.transition(tx, run, RunStatus.RUNNING)
            nodes.insert(tx, run_id, [PlannedNode(f"n{s}", "filter", s, StageId(s)) for s in (1, 2)])
            stages.insert(tx, run_id, planned)
            runs.set_planning(tx, run, "planned", max_parallel_nodes=1, timeout_s=3600)
            tx.execute("INSERT INTO plans (run_id, format, plan) VALUES (%(run)s, 1, '{}')", {"run": run_id})
            messages = advance(tx, run)
            runs.save(tx, run)
            while messages:
                held = claims.claim(tx, messages[0], worker="w", boot=new_id(), lease=timedelta(seconds=30))
                assert held is not None
                figures = {node: {"rowsIn": 3, "rowsOut": 3} for node in held.nodes}
                messages = results.complete(tx, held, Outcome(epoch=1, figures=figures), duration_ms=1, peak_memory_bytes=None) or []
            yield tx, run_id
            raise _Undone
    except _Undone:
        return


def off(tx: Tx, run: str) -> dict[str, list[str]]:
    """Names of the checks that find something of this run, or of no run."""
    findings = doctor.examine(tx, datetime.now(UTC) - timedelta(days=1))
    found = {f.check.name: [str(one["detail"]) for one in f.found if one["run"] in {run, None}] for f in findings}
    return {name: details for name, details in found.items() if details}


def test_nothing_is_said_of_a_run_that_is_sound(store: Database) -> None:
    with sound(store) as (tx, run):
        assert set(off(tx, run)) <= {"services"}


@pytest.mark.parametrize("name", BROKEN)
def test_what_does_not_hold_is_named(store: Database, name: str) -> None:
    with sound(store) as (tx, run):
        for statement in BROKEN[name].replace("{month}", f"{datetime.now(UTC):%Y%m}").split("; "):
            tx.execute(statement, {"run": run, "other": new_id()})  # type: ignore[arg-type]
        assert name.strip() in off(tx, run)


def test_a_stage_that_a_person_kept_may_be_older_than_what_it_needs(store: Database) -> None:
    with sound(store) as (tx, run):
        tx.execute("UPDATE stages SET status = 'WAITING' WHERE run_id = %(run)s AND stage = 1", {"run": run})
        assert "order" not in off(tx, run)


def test_every_check_is_broken_once() -> None:
    assert {name.strip() for name in BROKEN} == {check.name for check in doctor.CHECKS}
