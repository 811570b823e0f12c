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
    made = Attempts(place, database, celery_app(redis_server.url, "test"), unsealer(None), breakers)
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


def work_while_held(attempts: Attempts, database: Database, go: Path) -> tuple[str, Holding]:
    """A run of one stage whose work has ended, and whose record waits for whoever holds its row."""
    run, (message,) = start_run(database, stage(1, do="wait", until=str(go)))
    slot = threading.Thread(target=attempts.run, args=(message,))
    slot.start()
    wait_for(lambda: stage_row(database, run, 1)["status"] == "RUNNING")
    others = Holding(database, run)
    go.touch()
    slot.join(20)
    assert not slot.is_alive()
    return run, others


def test_a_failure_that_waits_to_be_recorded_is_no_loss_because_the_worker_is_told_to_stop(
    attempts: Attempts, database: Database, tmp_path: Path
) -> None:
    before, others = work_while_held(attempts, database, tmp_path / "go")
    run, (message,) = start_run(database, stage(1, do="bug"))
    # Its record stands behind the other.
    assert attempts.run(message)
    attempts.give_back()
    others.let_go()
    wait_for(lambda: status(database, run) == "FAILED")
    row = stage_row(database, run, 1)
    assert (row["error"]["code"], row["lost"]) == ("bug", 0)
    assert status(database, before) == "SUCCEEDED"
    assert attempts._watch._deadlines == {}
