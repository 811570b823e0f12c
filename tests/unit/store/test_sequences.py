"""Sequences that go on from run to run: held by one run, given out with the success of a sink. On a real PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.runs.states import RunStatus
from shared.store import runs, sequences
from shared.store.database import Database
from shared.store.identifiers import new_id
from shared.store.sequences import SequenceHeld


class Numbering:
    """Runs of one pipeline, of which `key` numbers rows from 10 on."""

    def __init__(self, database: Database) -> None:
        self.database, self.pipeline = database, f"p-{new_id()}"

    def run(self) -> str:
        run = new_id()
        with self.database.transaction() as tx:
            runs.create(
                tx, run=run, namespace="default", pipeline=self.pipeline, resource_uid=new_id(), version=1, git_commit_sha=None,
                trigger={"type": "manual"}, parameters={}, logical_date=datetime.now(UTC), reason=None, created_by="test",
            )  # fmt: skip
            locked = runs.lock(tx, run)
            assert locked is not None
            runs.transition(tx, locked, RunStatus.RUNNING)
            runs.save(tx, locked)
        return run

    def ends(self, run: str, status: RunStatus) -> None:
        with self.database.transaction() as tx:
            locked = runs.lock(tx, run)
            assert locked is not None
            runs.transition(tx, locked, status)
            runs.save(tx, locked)

    def holds(self, run: str) -> int:
        with self.database.transaction() as tx:
            return sequences.hold(tx, run, "default", self.pipeline, {"key": 10})["key"]

    def takes(self, run: str, following: int) -> None:
        with self.database.transaction() as tx:
            sequences.take(tx, run, "default", self.pipeline, "key", following)

    def writes(self, run: str) -> None:
        with self.database.transaction() as tx:
            sequences.give_out(tx, run, "default", self.pipeline, ["key"])


@pytest.fixture
def numbering(store: Database) -> Numbering:
    return Numbering(store)


def test_the_next_run_goes_on_where_the_last_one_wrote(numbering: Numbering) -> None:
    first = numbering.run()
    assert numbering.holds(first) == 10
    numbering.takes(first, 15)
    numbering.writes(first)
    numbering.writes(first)
    numbering.ends(first, RunStatus.SUCCEEDED)
    assert numbering.holds(numbering.run()) == 15


def test_a_run_that_fails_before_its_sink_consumes_nothing(numbering: Numbering) -> None:
    first = numbering.run()
    numbering.holds(first)
    numbering.takes(first, 15)
    numbering.ends(first, RunStatus.FAILED)
    second = numbering.run()
    assert numbering.holds(second) == 10
    # What the failed run had noted is nothing that the second could give out.
    numbering.writes(second)
    numbering.ends(second, RunStatus.SUCCEEDED)
    assert numbering.holds(numbering.run()) == 10


def test_a_run_that_holds_it_keeps_the_others_out_until_it_has_ended(numbering: Numbering) -> None:
    first, second = numbering.run(), numbering.run()
    assert (numbering.holds(first), numbering.holds(first)) == (10, 10)
    with pytest.raises(SequenceHeld) as raised:
        numbering.holds(second)
    assert raised.value.node == "key"
    with pytest.raises(SequenceHeld):
        numbering.takes(second, 99)
    numbering.ends(first, RunStatus.CANCELLED)
    assert numbering.holds(second) == 10
    with pytest.raises(SequenceHeld):
        numbering.writes(first)


def test_a_person_says_where_the_next_run_begins_unless_a_run_numbers_now(numbering: Numbering) -> None:
    def change(following: int) -> bool | None:
        with numbering.database.transaction() as tx:
            return sequences.change(tx, "default", numbering.pipeline, "key", following)

    assert change(5) is None
    first = numbering.run()
    numbering.holds(first)
    with numbering.database.transaction() as tx:
        assert [(row["next_value"], row["held_by"]) for row in sequences.of_pipeline(tx, "default", numbering.pipeline)] == [(10, first)]
    assert change(5) is False
    numbering.ends(first, RunStatus.FAILED)
    assert change(5) is True
    assert numbering.holds(numbering.run()) == 5
