"""Cursors of sources that read what is new, on a real PostgreSQL."""

from __future__ import annotations

import pytest

from shared.store import cursors
from shared.store.cursors import Cursor, CursorHeld
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


def begins(store: Database, pipeline: str, name: str) -> None:
    """A run of its own that holds the windows of `a` and `b`, and writes both under that name."""
    run = new_id()
    with store.transaction() as tx:
        for node in ("a", "b"):
            cursors.hold(tx, run, "default", pipeline, node)
            cursors.fix(tx, run, "default", pipeline, node, "10", ["out"])
    with store.transaction() as tx:
        both = {node: {"reads": True, "exact": True, "sinks": ["out"]} for node in ("a", "b")}
        cursors.begin(tx, run, "default", pipeline, both, name)


def test_a_window_that_may_have_been_written_with_others_is_not_written_without_them(store: Database, pipeline: str) -> None:
    begins(store, pipeline, "with both")
    begins(store, pipeline, "with both")
    with store.transaction() as tx:
        cursors.change(tx, "default", pipeline, "b", "3")
    with pytest.raises(CursorHeld, match="an earlier run may have written what is new in a, together with"):
        begins(store, pipeline, "with b anew")
    with store.transaction() as tx:
        cursors.change(tx, "default", pipeline, "a", "3")
    # The refused run has opened nothing of b.
    begins(store, pipeline, "with both anew")


def test_a_window_that_an_older_release_opened_is_found_under_its_own_name_only(store: Database, pipeline: str) -> None:
    begins(store, pipeline, "w")
    with store.transaction() as tx:
        tx.execute("UPDATE cursors SET opened_as = NULL WHERE pipeline = %(pipeline)s", {"pipeline": pipeline})
        row = tx.execute("SELECT window_id::text AS window FROM cursors WHERE pipeline = %(p)s AND node = 'a'", {"p": pipeline}).fetchone()
        assert row is not None
    with pytest.raises(CursorHeld):
        begins(store, pipeline, "of both")
    begins(store, pipeline, row["window"])
