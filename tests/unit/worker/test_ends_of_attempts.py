"""How attempts end, in this process, over a real PostgreSQL and Redis and with real children: what is recorded of them, and when."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from runs_for_tests import stage, stage_row, start_run, status
from servers_for_tests import HERE, RedisServer, wait_for

from shared.attempts.breakers import Breakers
from shared.attempts.keys import unsealer
from shared.attempts.place import Place
from shared.attempts.run import Attempts
from shared.messages import celery_app
from shared.store import runs
from shared.store.database import Database


@pytest.fixture
def attempts(database: Database, redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Attempts]:
    paths = (str(HERE.parent / "attempts"), os.environ.get("PYTHONPATH"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
    place = Place(
        service="worker",
        name="worker-here",
        boot="018f0000-0000-7000-8000-000000000001",
        slots=1,
        memory_bytes=2**30,
        memory_setting="PENSTOCK_WORKER_MEMORY",
        staging=str(tmp_path / "staging"),
        scratch=tmp_path / "scratch",
        lease=timedelta(seconds=3),
        probe=timedelta(seconds=1),
        drain=timedelta(seconds=1),
        functions={"work": "child_functions:run"},
    )
    breakers = Breakers(redis.Redis.from_url(redis_server.url), place.breaker)
    made = Attempts(place, database, celery_app(redis_server.url, "test"), unsealer(None), breakers, queues=("stages",))
    made.start()
    yield made
    made.stop()


class Holding:
    """Somebody else who holds a run's row, until told."""

    def __init__(self, database: Database, run: str) -> None:
        self._held, self._end = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._hold, args=(database, run), daemon=True)
        self._thread.start()
        assert self._held.wait(10)

    def _hold(self, database: Database, run: str) -> None:
        with database.transaction() as tx:
            runs.lock(tx, run)
            self._held.set()
            self._end.wait(30)

    def let_go(self) -> None:
        self._end.set()
        self._thread.join()


def test_a_failure_that_waits_to_be_recorded_is_no_loss_because_the_worker_is_told_to_stop(
    attempts: Attempts, database: Database, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    run, (message,) = start_run(database, stage(1, do="wait", until=str(go), fails=True))
    slot = threading.Thread(target=attempts.run, args=(message,))
    slot.start()
    wait_for(lambda: stage_row(database, run, 1)["status"] == "RUNNING")
    (held,) = attempts._held.values()
    others = Holding(database, run)
    go.touch()
    wait_for(lambda: held.over)
    attempts.give_back()
    others.let_go()
    wait_for(lambda: status(database, run) == "FAILED")
    row = stage_row(database, run, 1)
    assert (row["error"]["code"], row["lost"]) == ("bug", 0)
    slot.join(20)
    assert not slot.is_alive()
    assert attempts._watch._deadlines == {}


def test_a_slot_goes_on_with_the_next_stage_of_its_run_and_its_message_comes_too_late(attempts: Attempts, database: Database) -> None:
    run, messages = start_run(database, stage(1), stage(2), stage(3, inputs=(2,)))
    assert attempts.run(messages[0])
    assert status(database, run) == "SUCCEEDED"
    assert [stage_row(database, run, number)["epoch"] for number in (1, 2, 3)] == [1, 1, 1]
    with database.transaction() as tx:
        before = tx.execute("SELECT last_seq FROM runs WHERE id = %(run)s", {"run": run}).fetchone()
    assert attempts.run(messages[1])
    with database.transaction() as tx:
        assert tx.execute("SELECT last_seq FROM runs WHERE id = %(run)s", {"run": run}).fetchone() == before


def test_a_slot_leaves_what_another_kind_of_worker_is_to_do(attempts: Attempts, database: Database) -> None:
    run, messages = start_run(database, stage(1), stage(2, queue="quality"))
    assert attempts.run(messages[0])
    assert [stage_row(database, run, number)["status"] for number in (1, 2)] == ["COMPLETED", "RELEASED"]


@pytest.mark.parametrize("planted", ['{"reads": 5}', '{"sinks": [{}]}', '{"secrets": {"a": 1}}', '{"format": [1]}', '{"cursors": 5}'])
def test_a_program_that_makes_no_sense_fails_its_run_instead_of_coming_back(attempts: Attempts, database: Database, planted: str) -> None:
    run, (message,) = start_run(database, stage(1, do="bug"))
    with database.transaction() as tx:
        tx.execute("UPDATE programs SET program = program || %(program)s::jsonb WHERE run_id = %(run)s", {"program": planted, "run": run})
    assert attempts.run(message)
    row = stage_row(database, run, 1)
    assert (status(database, run), row["epoch"], row["error"]["code"]) == ("FAILED", 1, "bug")
    assert row["error"]["message"].endswith("this is a bug in Penstock, its trace is in the worker's log")


def test_a_stage_that_cannot_be_claimed_is_no_reason_not_to_record_the_one_before(attempts: Attempts, database: Database) -> None:
    run, (message,) = start_run(database, stage(1), stage(2, inputs=(1,)))
    with database.transaction() as tx:
        tx.execute("""UPDATE programs SET program = '{"reads": 5}' WHERE run_id = %(run)s AND stage = 2""", {"run": run})
    assert attempts.run(message)
    assert [stage_row(database, run, number)["status"] for number in (1, 2)] == ["COMPLETED", "RELEASED"]
