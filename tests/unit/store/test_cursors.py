"""Cursors of sources that read what is new, on a real PostgreSQL."""

from __future__ import annotations

import pytest

from shared.store import cursors
from shared.store.cursors import Cursor
from shared.store.database import Database
from shared.store.identifiers import new_id

COLUMNS = [["id", "BIGINT"]]


@pytest.fixture
def pipeline() -> str:
    return f"p-{new_id()}"


def test_a_cursor_moves_with_what_is_remembered_of_its_window_and_where_that_begins(store: Database, pipeline: str) -> None:
    run = new_id()
    at = ("default", pipeline, "new")
    with store.transaction() as tx:
        assert cursors.hold(tx, run, *at) == Cursor(None, None, None, None, None)
        cursors.fix(tx, run, *at, "10", ["out"], floor="5")
        cursors.remember(tx, run, *at, COLUMNS, b"x" * 16, "7")
        assert cursors.recorded(tx, run, *at, ["out"]) == "10"
        assert cursors.hold(tx, run, *at) == Cursor("10", COLUMNS, None, None, "7")
        # Nothing is remembered of a window that is written with UPSERT, and by releases that said nothing of a floor.
        cursors.fix(tx, run, *at, "20", ["out"], floor="8")
        assert cursors.recorded(tx, run, *at, ["out"]) == "20"
        assert cursors.hold(tx, run, *at) == Cursor("20", None, None, None, "8")
        tx.execute("UPDATE cursors SET held_by = NULL WHERE pipeline = %(pipeline)s", {"pipeline": pipeline})
        assert cursors.change(tx, *at, "3")
        assert cursors.hold(tx, run, *at) == Cursor("3", None, None, None, None)
