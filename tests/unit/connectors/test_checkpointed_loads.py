"""Long loads in batches: what a dead attempt has brought is gone on with, and all of it is seen at once."""

from __future__ import annotations

import pytest

from shared.connectors.errors import Unavailable
from shared.connectors.protocols import AttemptKey, Checkpoint, CheckpointedSession, SinkWrite
from shared.connectors.retention import outdated
from shared.store.identifiers import new_id
from tests.support.databases import Place, duck, write_of


def begun(place: Place, write: SinkWrite, run: str, epoch: int = 1, source: str = "staged/1") -> tuple[CheckpointedSession, Checkpoint]:
    session: CheckpointedSession = place.open(write, run=run, epoch=epoch)  # type: ignore[assignment]
    assert session.checkpoints and session.adopted is None
    return session, session.resume(write, source)


@pytest.mark.parametrize("mode", ["INSERT", "UPSERT", "OVERWRITE"])
def test_an_attempt_goes_on_after_the_last_batch_of_a_dead_one(place: Place, mode: str) -> None:
    place.sql("CREATE TABLE t (id bigint PRIMARY KEY, name varchar(50))")
    place.sql("INSERT INTO t VALUES (9, 'old')")
    write, run = write_of(mode, keys=("id",) if mode == "UPSERT" else ()), new_id()
    first, start = begun(place, write, run)
    assert start == Checkpoint()
    assert first.put_batch(write, duck("(1, 'a'), (2, 'b')")).processed_count == 2
    first.put_batch(write, duck("(3, NULL)"))
    first.abort()
    # Nobody sees any of it before it is all there.
    assert place.sql("SELECT * FROM t") == [(9, "old")]
    second, last = begun(place, write, run, epoch=2)
    assert (last.batch_id, last.processed_count, last.timestamp > "2026") == (2, 3, True)
    second.put_batch(write, duck("(4, 'd')"))
    done = second.publish_batches(write)
    assert (done.rows if mode != "UPSERT" else done.figures["rowsInserted"]) == 4
    assert second.commit({"epoch": 2}) == {"epoch": 2}
    there = [(1, "a"), (2, "b"), (3, None), (4, "d")]
    assert place.sql("SELECT * FROM t ORDER BY id") == (there if mode == "OVERWRITE" else [*there, (9, "old")])
    assert place.open(write, run=run, epoch=3).adopted == {"epoch": 2}
    assert place.sql("SELECT batch FROM penstock_markers") == [(0,)]
    assert place.survey("sink", table=key_of(run)).exists is False


def key_of(run: str) -> str:
    return AttemptKey("default", run, 3, 1, 0, ("out",)).load_table


def test_batches_of_another_dataset_are_begun_anew(place: Place) -> None:
    place.sql("CREATE TABLE t (id bigint, name varchar(50))")
    write, run = write_of("INSERT"), new_id()
    first, _ = begun(place, write, run)
    first.put_batch(write, duck("(1, 'a')"))
    first.abort()
    second, start = begun(place, write, run, epoch=2, source="staged/2")
    assert start == Checkpoint()
    second.put_batch(write, duck("(2, 'b')"))
    second.publish_batches(write)
    second.commit({})
    assert place.sql("SELECT * FROM t") == [(2, "b")]


def test_a_batch_of_a_zombie_is_not_there_twice(place: Place) -> None:
    place.sql("CREATE TABLE t (id bigint, name varchar(50))")
    if place.own.type == "duckdb":
        pytest.skip("not here: one process has the file, and one session at a time")
    write, run = write_of("INSERT"), new_id()
    zombie, _ = begun(place, write, run)
    zombie.put_batch(write, duck("(1, 'a')"))
    second, last = begun(place, write, run, epoch=2)
    assert last.batch_id == 1
    second.put_batch(write, duck("(2, 'b')"))
    with pytest.raises(Unavailable):
        zombie.put_batch(write, duck("(2, 'b')"))
    zombie.abort()
    second.publish_batches(write)
    second.commit({})
    assert place.sql("SELECT * FROM t ORDER BY id") == [(1, "a"), (2, "b")]


def test_a_load_that_nobody_goes_on_with_is_swept_with_its_table(place: Place) -> None:
    place.sql("CREATE TABLE t (id bigint, name varchar(50))")
    left = new_id()
    session, _ = begun(place, write_of("INSERT"), left)
    session.put_batch(write_of("INSERT"), duck("(1, 'a')"))
    session.abort()
    assert place.survey("sink", table=key_of(left)).exists
    at = "`at`" if place.own.type == "mysql" else '"at"'
    place.sql(f"UPDATE penstock_markers SET {at} = '2020-01-01T00:00:00+00:00'")
    for _ in range(1000):
        run = new_id()
        if outdated(AttemptKey("default", run, 3, 1, 0, ("out",))) is not None:
            place.put(write_of("INSERT"), "(2, 'b')", run=run)
            break
    assert place.survey("sink", table=key_of(left)).exists is False
    assert place.sql("SELECT count(*) FROM penstock_markers") == [(1,)]


def test_batches_that_a_table_refuses_are_dropped_and_the_load_is_one(place: Place) -> None:
    place.sql("CREATE TABLE t (id bigint PRIMARY KEY, name varchar(50) NOT NULL)")
    write, run = write_of("INSERT", setAside=True), new_id()
    session, _ = begun(place, write, run)
    if not session.sets_aside(write):  # type: ignore[attr-defined]
        pytest.skip("not here: rows are not set aside in this database")
    session.put_batch(write, duck("(1, 'a'), (2, 'b')"))
    session.drop_batches()
    session.write(write, duck("(1, 'a'), (2, 'b'), (3, 'c')"))
    session.commit({})
    assert place.sql("SELECT id FROM t ORDER BY id") == [(1,), (2,), (3,)]
    assert place.sql("SELECT batch FROM penstock_markers") == [(0,)]
    assert place.survey("sink", table=key_of(run)).exists is False
