"""Months whose time is over go whole, and only once every run in them has ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from shared.store import partitions
from shared.store.database import Database, Tx
from shared.store.identifiers import least_id
from shared.store.partitions import Keep

LONG_AGO = datetime(2021, 3, 10, tzinfo=UTC)
NOW = datetime(2021, 7, 15, tzinfo=UTC)


def names(tx: Tx) -> set[str]:
    return {str(row["relname"]) for row in tx.execute("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'")}


def put(tx: Tx, at: datetime, status: str) -> None:
    tx.execute(
        """
        INSERT INTO runs (id, namespace, pipeline, resource_uid, version, status, trigger, logical_date, created_by)
        VALUES (%(id)s, 'default', 'p', gen_random_uuid(), 1, %(status)s, '{}', now(), 'test')
        """,
        {"id": least_id(at), "status": status},
    )


def test_months_go_whole_when_their_time_is_over_and_logs_before_runs(store: Database) -> None:
    with store.transaction() as tx:
        # March to June.
        partitions.ensure(tx, LONG_AGO)
        put(tx, LONG_AGO, "SUCCEEDED")
        put(tx, datetime(2021, 4, 30, tzinfo=UTC), "RUNNING")
        keep = Keep(timedelta(days=90), timedelta(days=40))
        over = partitions.expired(tx, NOW, keep)
        assert len(over) == 2, "April has a run that goes on, June is not over long enough"
        march, may = over
        assert {"runs_202103", "events_202103", "logs_202103", "dead_letters_202103"} <= set(march)
        assert set(may) == {"logs_202105", "samples_202105"}
        size = "SELECT pg_database_size(current_database()) AS n"
        before = tx.execute(size).fetchone()
    for one in over:
        with store.transaction() as tx:
            partitions.drop(tx, one)
    with store.transaction() as tx:
        after = tx.execute(size).fetchone()
        assert before is not None
        assert after is not None
        assert after["n"] < before["n"]
        left = {name for name in names(tx) if name.endswith(("202103", "202105"))}
        assert left.isdisjoint({*march, *may})
        assert "runs_202105" in left
        assert partitions.expired(tx, NOW, keep) == []
        assert partitions.expired(tx, NOW + timedelta(days=9999), Keep(None, None)) == []
        tx.execute("UPDATE runs SET status = 'FAILED' WHERE id = %(id)s", {"id": least_id(datetime(2021, 4, 30, tzinfo=UTC))})
        for one in partitions.expired(tx, NOW + timedelta(days=999), keep):
            partitions.drop(tx, one)
        assert not {name for name in names(tx) if name[-6:-2] == "2021"}


def test_rows_that_a_run_replays_stay_until_it_has_ended(store: Database) -> None:
    long_ago, later = datetime(2020, 3, 10, tzinfo=UTC), datetime(2020, 6, 10, tzinfo=UTC)
    keep = Keep(timedelta(days=30), timedelta(days=9999))
    with store.transaction() as tx:
        partitions.ensure(tx, long_ago)
        put(tx, long_ago, "SUCCEEDED")
        put(tx, later, "RUNNING")
        tx.execute(
            "INSERT INTO dead_letters (run_id, id, stage, epoch, node, original_record, error_message, replay_run)"
            " VALUES (%(run)s, gen_random_uuid(), 1, 1, 'n', '{}', 'bad', %(by)s)",
            {"run": least_id(long_ago), "by": least_id(later)},
        )
        assert not any("dead_letters_202003" in names for names in partitions.expired(tx, datetime(2020, 6, 15, tzinfo=UTC), keep))
        tx.execute("UPDATE runs SET status = 'FAILED' WHERE id = %(id)s", {"id": least_id(later)})
        over = partitions.expired(tx, datetime(2020, 6, 15, tzinfo=UTC), keep)
        assert any("dead_letters_202003" in names for names in over)
        for one in partitions.expired(tx, datetime(2026, 6, 15, tzinfo=UTC), Keep(timedelta(days=30), timedelta(days=30))):
            if one[0].endswith(("202003", "202004", "202005", "202006")):
                partitions.drop(tx, one)
