"""What happens to everybody else while one process, stopped perhaps, holds rows of the store."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from runs_for_tests import events, stage, stage_row, start_run, status
from servers_for_tests import wait_for

from services.scheduler.expand import plan_run
from services.scheduler.settings import Settings
from shared.attempts.behind import Behind
from shared.attempts.record import insist
from shared.dispatch import claims, recovery, results
from shared.dispatch.claims import Claim, Hold
from shared.engines.work import Outcome
from shared.messages import StageMessage
from shared.store import resources, runs
from shared.store.database import Database, Tx
from shared.store.identifiers import new_id

LEASE = timedelta(seconds=30)
CONNECTOR = """
apiVersion: penstock/v1
kind: Connector
metadata: {name: files}
spec: {type: files, config: {root: /nowhere}}
"""
PIPELINE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: p}
spec:
  nodes:
    - {id: read, type: connector_source, config: {connector: files, path: in.csv}}
    - {id: write, type: connector_sink, config: {connector: files, path: out.csv, writeMode: OVERWRITE}}
  edges: [{from: read, to: write}]
"""


@contextmanager
def held(database: Database, statement: str, *values: str) -> Iterator[None]:
    """By somebody else, as long as one is inside."""
    with psycopg.connect(database.url) as other:
        other.execute(statement, values)
        yield


def claimed(database: Database, message: StageMessage) -> Claim:
    with database.transaction() as tx:
        claim = claims.claim(tx, message, worker="worker-1", boot=new_id(), lease=LEASE)
    assert claim is not None
    return claim


def impatient(step: Callable[[Tx], list[StageMessage] | None]) -> Callable[[Tx], list[StageMessage] | None]:
    """The 30 s of the store are too long for a test."""

    def taken(tx: Tx) -> list[StageMessage] | None:
        tx.execute("SET LOCAL lock_timeout = '200ms'")
        return step(tx)

    return taken


def test_an_outcome_is_recorded_however_long_somebody_holds_the_runs_row(database: Database) -> None:
    run, (message,) = start_run(database, stage(1))
    claim = claimed(database, message)

    def complete(tx: Tx) -> list[StageMessage] | None:
        return results.complete(tx, claim, Outcome(epoch=1, figures={}), duration_ms=1, peak_memory_bytes=None)

    recorded = threading.Thread(target=insist, args=(database, impatient(complete), threading.Event()))
    with held(database, "SELECT FROM runs WHERE id = %s FOR UPDATE", run):
        recorded.start()
        time.sleep(0.6)
        assert status(database, run) == "RUNNING"
    recorded.join(10)
    assert status(database, run) == "SUCCEEDED"


def test_the_sweep_passes_over_a_run_that_somebody_holds(database: Database) -> None:
    (run, (first,)), (other, (second,)) = (start_run(database, stage(1)) for _ in range(2))
    for message in (first, second):
        claimed(database, message)
    with database.transaction() as tx:
        tx.execute("UPDATE stages SET leased_until = clock_timestamp() - interval '1 s' WHERE run_id IN (%s, %s)", (run, other))
        tx.execute("UPDATE runs SET deadline_at = now() - interval '1 s' WHERE id = %s", (run,))

    def sweep() -> set[str]:
        return {message.run for message in recovery.sweep(database, grace=timedelta(hours=1), queue_is_empty=lambda _: False)}

    began = time.monotonic()
    with held(database, "SELECT FROM runs WHERE id = %s FOR UPDATE", run):
        assert other in (swept := sweep()) and run not in swept
    assert time.monotonic() - began < 5
    sweep()
    assert status(database, run) == "TIMED_OUT"


def test_a_run_is_not_failed_for_a_lock_that_planning_did_not_get(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in (("DATABASE_URL", database.url), ("REDIS_URL", "redis://127.0.0.1:1/0"), ("STAGING_URL", "/staging")):
        monkeypatch.setenv(f"PENSTOCK_{variable}", value)
    run = new_id()
    with database.transaction() as tx:
        saved = [
            resources.save(tx, kind=kind, namespace="default", name=name, text=text, valid=True, problems=(), author="x", message="")
            for kind, name, text in (("Connector", "files", CONNECTOR), ("Pipeline", "p", PIPELINE))
        ]
        runs.create(
            tx, run=run, namespace="default", pipeline="p", resource_uid=saved[1].uid, version=1, git_commit_sha=None,
            trigger={"type": "manual"}, parameters={}, logical_date=datetime.now(UTC), reason=None, created_by="test",
        )  # fmt: skip
        locked = runs.lock(tx, run)
        assert locked is not None
        runs.transition(tx, locked, runs.RunStatus.RUNNING)
        runs.save(tx, locked)
    with (
        held(database, "LOCK TABLE connector_limits IN ACCESS EXCLUSIVE MODE"),
        pytest.raises(psycopg.errors.LockNotAvailable),
        database.transaction() as tx,
    ):
        tx.execute("SET LOCAL lock_timeout = '200ms'")
        plan_run(tx, run, Settings.from_environment())
    assert status(database, run) == "RUNNING"
    with database.transaction() as tx:
        (message,) = plan_run(tx, run, Settings.from_environment())
    assert message.run == run


def test_leases_are_renewed_while_the_end_of_one_attempt_waits(database: Database) -> None:
    run, messages = start_run(database, stage(1), stage(2), stage(3))
    ending, going_on, lost = (claimed(database, message).key for message in messages)
    with database.transaction() as tx:
        tx.execute("UPDATE stages SET leased_until = clock_timestamp() WHERE run_id = %s", (run,))
        tx.execute("UPDATE stages SET epoch = 2 WHERE run_id = %s AND stage = 3", (run,))
    with held(database, "UPDATE stages SET status = 'COMPLETED' WHERE run_id = %s AND stage = 1", run):
        with database.transaction() as tx:
            tx.execute("SET LOCAL lock_timeout = '500ms'")
            found = claims.renew(tx, [ending, going_on, lost], LEASE)
        assert found == {ending: Hold.OURS, going_on: Hold.OURS, lost: Hold.LOST}
        assert stage_row(database, run, 2)["leased_until"] > datetime.now(UTC) + timedelta(seconds=20)


def test_an_attempt_ends_while_the_progress_of_another_run_waits(database: Database) -> None:
    (slow, (first,)), (quick, (second,)) = (start_run(database, stage(1)) for _ in range(2))
    waits, ends = claimed(database, first), claimed(database, second)
    behind = Behind(database, "worker-1")
    closed = threading.Thread(target=behind.close, args=(waits,))
    with held(database, "SELECT FROM runs WHERE id = %s FOR UPDATE", slow):
        behind.progress(waits, {"n1": 1})
        behind.progress(ends, {"n1": 2})
        behind.start()
        wait_for(lambda: behind._writing == waits.key)
        began = time.monotonic()
        behind.close(ends)
        assert time.monotonic() - began < 1
        closed.start()
        closed.join(0.5)
        # Its own progress is on its way: it may not be told after its end.
        assert closed.is_alive()
    closed.join(10)
    behind.stop()
    told = {run: [event["data"]["rows"] for event in events(database, run) if event["type"] == "node.progress"] for run in (slow, quick)}
    assert told == {slow: [1], quick: []}
