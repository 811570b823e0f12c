"""updatedAtColumn: the time of the write, in rows that were written, and the same for all that one attempt wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from shared.connectors.errors import NotFound
from shared.errors import PenstockError
from shared.store.identifiers import new_id
from tests.support import postgresql
from tests.support.databases import Duckdb, Own, Place, Postgres, Sqlite
from tests.support.inprocess import Ran, make_pipeline, run


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with postgresql.server(tmp_path_factory.mktemp("postgresql")) as url:
        yield url


@pytest.fixture(params=["sqlite", "duckdb", "mysql", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    made: dict[str, Callable[[], Own]] = {
        "sqlite": lambda: Sqlite(tmp_path),
        "duckdb": lambda: Duckdb(tmp_path),
        "mysql": lambda: request.getfixturevalue("mariadb").database(),
        "postgres": lambda: Postgres({"url": request.getfixturevalue("server")}),
    }
    place = Place(made[request.param]())
    place.sql("DROP TABLE IF EXISTS t")
    return place


SINK = "    - {id: out, type: connector_sink, config: {connector: db, table: t, updatedAtColumn: changed, %s}}\n"
# Of a file, and of the database itself: what it computes it writes without a row leaving it.
FROM_FILE = "    - {id: s, type: connector_source, config: {connector: files, path: in.csv}}\n"
FROM_TABLE = "    - {id: s, type: connector_source, config: {connector: db, table: s}}\n"


def written(place: Place, folder: Path, rows: dict[int, str], how: str, *, here: bool = False, **more: Any) -> Ran:
    (folder / "in.csv").write_text("id,name\n" + "".join(f"{key},{name}\n" for key, name in rows.items()))
    if here:
        place.sql("DROP TABLE IF EXISTS s")
        place.sql("CREATE TABLE s (id bigint, name varchar(20))")
        place.sql("INSERT INTO s VALUES " + ", ".join(f"({key}, '{name}')" for key, name in rows.items()))
    recipe = make_pipeline((FROM_TABLE if here else FROM_FILE) + SINK % how, "{from: s, to: out}")
    return run(folder, recipe, more={"db": (place.own.type, place.config)}, **more)


def times(place: Place) -> dict[int, Any]:
    return {int(key): changed for key, changed in place.sql("SELECT id, changed FROM t")}


@pytest.mark.parametrize("here", [False, True], ids=["across", "inside"])
def test_rows_that_did_not_change_keep_their_time(place: Place, tmp_path: Path, here: bool) -> None:
    how = "writeMode: UPSERT, upsertKeys: [id], createTable: true"
    written(place, tmp_path, {1: "a", 2: "b"}, how, here=here)
    first = times(place)
    assert len(set(first.values())) == 1 and None not in first.values()
    done = written(place, tmp_path, {1: "a", 2: "B", 3: "c"}, how, here=here).figures["out"]
    assert (done["rowsInserted"], done["rowsUpdated"], done["rowsUnchanged"]) == (1, 1, 1)
    then = times(place)
    assert then[1] == first[1] and then[2] == then[3] > first[2]


@pytest.mark.parametrize("here", [False, True], ids=["across", "inside"])
@pytest.mark.parametrize("mode", ["INSERT", "OVERWRITE"])
def test_an_attempt_that_adopts_another_leaves_the_time_as_it_is(place: Place, tmp_path: Path, mode: str, here: bool) -> None:
    place.sql("CREATE TABLE t (id bigint)")
    place.sql("INSERT INTO t VALUES (9)")
    how, one = f"writeMode: {mode}, schemaEvolution: addColumns", new_id()
    written(place, tmp_path, {1: "a", 2: "b"}, how, here=here, run_id=one)
    first = times(place)
    assert first.get(9) is None and first[1] == first[2] is not None
    written(place, tmp_path, {1: "a", 2: "b"}, how, here=here, run_id=one, epoch=2)
    assert times(place) == first
    assert len(place.sql("SELECT 1 FROM t")) == len(first)


@pytest.mark.parametrize("place", ["sqlite", "postgres"], indirect=True)
def test_rows_that_are_not_taken_are_kept_without_it(place: Place, tmp_path: Path) -> None:
    place.sql("CREATE TABLE t (id bigint PRIMARY KEY, name varchar(20), changed timestamp NULL)")
    place.sql("INSERT INTO t VALUES (2, 'b', NULL)")
    done = written(place, tmp_path, {1: "a", 2: "bad"}, "writeMode: INSERT")
    assert {key: changed is None for key, changed in times(place).items()} == {1: False, 2: True}
    assert [set(record) for record, *_ in done.rejects["out"]] == [{"id", "name"}]


def test_files_have_it_too(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id\n1\n2\n")
    into = (SINK % "writeMode: OVERWRITE").replace("connector: db, table: t", "connector: files, path: o.parquet")
    before = datetime.now(UTC)
    run(tmp_path, make_pipeline(FROM_FILE + into, "{from: s, to: out}"))
    (first, second) = duckdb.sql(f"SELECT epoch(changed) FROM '{tmp_path}/o.parquet'").fetchall()
    assert first == second and before.timestamp() <= first[0] <= datetime.now(UTC).timestamp()


def test_a_column_that_the_rows_have_and_one_that_the_table_lacks_are_refused(place: Place, tmp_path: Path) -> None:
    place.sql("CREATE TABLE t (id bigint, name varchar(20))")
    with pytest.raises((PenstockError, NotFound), match="table t has no column changed"):
        written(place, tmp_path, {1: "a"}, "writeMode: INSERT")
    (tmp_path / "in.csv").write_text("id,Changed\n1,2\n")
    with pytest.raises(PenstockError, match="the rows have a column changed already"):
        run(
            tmp_path,
            make_pipeline(FROM_FILE + SINK % "writeMode: INSERT", "{from: s, to: out}"),
            more={"db": (place.own.type, place.config)},
        )
