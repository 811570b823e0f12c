"""What pieces of work took, kept as a fact."""

from __future__ import annotations

from datetime import timedelta

from shared.store import measured
from shared.store.database import Database

HOUR = timedelta(hours=1)


def test_the_best_time_for_a_row_is_told_of_the_last_five(store: Database) -> None:
    def took(seconds: float, rows: int, name: str = "a database") -> None:
        measured.record(tx, {"key": "measured:n/best", "name": name, "rows": rows}, seconds)

    with store.transaction() as tx:
        assert measured.recent(tx, "measured:n/best", HOUR) == {}
        took(1.0, 1000)
        took(1.5, 2000)
        took(9.0, 1000, "a duckdb")
        assert measured.recent(tx, "measured:n/best", HOUR) == {
            "a database": {"seconds": 1.5, "rows": 2000, "times": 2},
            "a duckdb": {"seconds": 9.0, "rows": 1000, "times": 1},
        }
        for _ in range(5):
            took(3.0, 1000)
        assert measured.recent(tx, "measured:n/best", HOUR)["a database"] == {"seconds": 3.0, "rows": 1000, "times": 5}


def test_what_was_measured_too_long_ago_is_not_told(store: Database) -> None:
    with store.transaction() as tx:
        measured.record(tx, {"key": "measured:n/old", "name": "a database", "rows": 1}, 1.0)
        tx.execute(
            "UPDATE facts SET found = jsonb_set(found, '{a database,0,at}', to_jsonb(clock_timestamp() - interval '2 hours'))"
            " WHERE key = 'measured:n/old'"
        )
        assert measured.recent(tx, "measured:n/old", HOUR) == {}
        measured.record(tx, {"key": "measured:n/old", "name": "a duckdb", "rows": 1}, 2.0)
        assert list(measured.recent(tx, "measured:n/old", HOUR)) == ["a duckdb"]
        assert set(measured.recent(tx, "measured:n/old", 3 * HOUR)) == {"a database", "a duckdb"}


def test_a_stage_that_is_not_measured_leaves_nothing(store: Database) -> None:
    with store.transaction() as tx:
        before = tx.execute("SELECT count(*) AS many FROM facts").fetchone()
        measured.record(tx, {}, 1.0)
        assert tx.execute("SELECT count(*) AS many FROM facts").fetchone() == before
