"""What attempts find and leave of the cursors of their stages, in a real store; no broker and no engine."""

from __future__ import annotations

from typing import Any

import pytest

from shared.attempts import cursors as of_attempts
from shared.dispatch import results
from shared.dispatch.claims import Claim
from shared.engines.work import Outcome, Remembered
from shared.messages import StageMessage
from shared.store import cursors, stages
from shared.store.database import Database
from shared.store.identifiers import new_id
from tests.unit.dispatch.test_restarts import Runs, stage

COLUMNS = [["id", "BIGINT"]]


class Window:
    """A run of a pipeline of its own whose window of `new` goes into `out`."""

    def __init__(self, store: Database) -> None:
        self.world, self.pipeline = Runs(store), f"p-{new_id()}"

    def begin(self, *programs: dict[str, Any]) -> tuple[str, list[StageMessage]]:
        """Stages one after the other, with those `cursors`."""
        planned = [stage(i, (i - 1,) if i > 1 else (), **program) for i, program in enumerate(programs, start=1)]
        run, messages = self.world.start(*planned, pipeline=self.pipeline)
        with self.world.database.transaction() as tx:
            cursors.hold(tx, run, "default", self.pipeline, "new")
            cursors.fix(tx, run, "default", self.pipeline, "new", "10", ["out"])
        return run, messages

    def known(self, claim: Claim) -> of_attempts.Known:
        with self.world.database.transaction() as tx:
            return of_attempts.begin(tx, claim)

    def keep(self, claim: Claim, digests: bytes) -> None:
        with self.world.database.transaction() as tx:
            of_attempts.keep(tx, claim, Outcome(claim.epoch, remembered={"new": Remembered(COLUMNS, digests, floor="5")}))

    @property
    def row(self) -> dict[str, Any]:
        return self.world.all("SELECT * FROM cursors WHERE pipeline = %s", self.pipeline)[0]


@pytest.fixture
def window(store: Database) -> Window:
    return Window(store)


READS = {"cursors": {"new": {"reads": True, "exact": True, "sinks": []}}}
WRITES = {"cursors": {"new": {"reads": False, "exact": True, "sinks": ["out"]}}, "publishedAs": "w"}
BOTH = {"cursors": {"new": {"reads": True, "exact": True, "sinks": ["out"]}}, "publishedAs": "w"}


def test_a_stage_that_writes_is_told_what_the_stage_that_read_remembered(window: Window) -> None:
    _, (first,) = window.begin(READS, WRITES)
    reading = window.world.claim(first)
    assert window.known(reading) == of_attempts.Known({"new": b""}, {})
    window.keep(reading, b"a" * 16)
    with window.world.database.transaction() as tx:
        (second,) = results.complete(tx, reading, Outcome(reading.epoch, {"n1": {}}), duration_ms=1, peak_memory_bytes=1) or []
    writing = window.world.claim(second)
    assert window.known(writing) == of_attempts.Known({}, {"new": Remembered(COLUMNS, b"a" * 16, floor="5")})


def test_an_attempt_that_was_given_up_forgets_nothing_that_its_successor_remembers(window: Window) -> None:
    run, (first,) = window.begin(BOTH)
    old = window.world.claim(first)
    with window.world.database.transaction() as tx:
        (again,) = results.lose(tx, old, "gone") or []
    new = window.world.claim(again)
    window.keep(new, b"n" * 16)
    window.keep(old, b"o" * 16)
    assert bytes(window.row["pending_remembered"]) == b"n" * 16
    with window.world.database.transaction() as tx:
        results.complete(tx, new, Outcome(new.epoch, {"n1": {}}), duration_ms=1, peak_memory_bytes=1)
        assert not stages.is_held(tx, run, 1, new.epoch)
    window.keep(old, b"o" * 16)
    assert bytes(window.row["remembered"]) == b"n" * 16
