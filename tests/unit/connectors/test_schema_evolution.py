"""Columns that rows have and their table does not: refused, or added with what the recipe says, once whoever comes second."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.connectors import driver
from shared.connectors.errors import Misconfigured, NotFound
from shared.connectors.looking import LookingDriver
from shared.datasets import Column
from shared.store.identifiers import new_id
from tests.support.clickhouse import Server
from tests.support.databases import Place, duck, write_of

ADDING = {"schemaEvolution": "addColumns", "columnDefaults": {"name": "it's none"}}


@pytest.mark.parametrize("mode", ["INSERT", "UPSERT", "OVERWRITE"])
def test_a_column_is_added_and_rows_that_are_there_get_its_default(place: Place, mode: str) -> None:
    place.sql("CREATE TABLE t (id bigint PRIMARY KEY)")
    place.sql("INSERT INTO t VALUES (1)")
    write = write_of(mode, keys=("id",) if mode == "UPSERT" else (), **ADDING)
    place.put(write, "(2, 'b'), (3, NULL)")
    before = [] if mode == "OVERWRITE" else [(1, "it's none")]
    assert place.sql("SELECT id, name FROM t ORDER BY id") == [*before, (2, "b"), (3, None)]
    place.put(write, "(4, 'd')")
    assert ("d",) in place.sql("SELECT name FROM t")


def test_without_a_default_rows_that_are_there_have_nothing_in_it(place: Place) -> None:
    place.sql("CREATE TABLE t (id bigint)")
    place.sql("INSERT INTO t VALUES (1)")
    place.put(write_of("INSERT", schemaEvolution="addColumns"), "(2, 'b')")
    assert place.sql("SELECT id, name FROM t ORDER BY id") == [(1, None), (2, "b")]


def test_an_attempt_that_died_after_adding_leaves_nothing_in_the_way(place: Place) -> None:
    place.sql("CREATE TABLE t (id bigint)")
    write, run = write_of("INSERT", **ADDING), new_id()
    died = place.open(write, run=run)
    died.write(write, duck("(1, 'a')"))
    died.abort()
    place.put(write, "(1, 'a')", run=run, epoch=2)
    assert place.sql("SELECT id, name FROM t") == [(1, "a")]


def test_a_table_that_may_be_made_is_made_with_all_columns(place: Place) -> None:
    place.put(write_of("INSERT", createTable=True, **ADDING), "(1::BIGINT, 'a')")
    assert place.sql("SELECT id, name FROM t") == [(1, "a")]


def test_nothing_is_added_unasked_or_without_a_type(place: Place) -> None:
    place.sql("CREATE TABLE t (id bigint)")
    with pytest.raises(NotFound, match="table t has no column name"):
        place.put(write_of("INSERT"), "(1, 'a')")
    unknown = replace(write_of("INSERT", **ADDING), columns=(Column("id", "BIGINT"), Column("name", "UNKNOWN")))
    with pytest.raises(Misconfigured, match="its type is not known; cast it"):
        place.put(unknown, "(1, 'a')")


@pytest.mark.parametrize("mode", ["INSERT", "UPSERT", "OVERWRITE"])
def test_clickhouse_adds_columns_too(clickhouse: Server, mode: str) -> None:
    place = Place(clickhouse.database())
    engine = "ReplacingMergeTree ORDER BY id" if mode == "UPSERT" else "MergeTree ORDER BY id"
    place.sql(f"CREATE TABLE t (id Int64) ENGINE = {engine} SETTINGS non_replicated_deduplication_window = 100")
    place.sql("INSERT INTO t VALUES (1)")
    place.put(write_of(mode, keys=("id",) if mode == "UPSERT" else (), **ADDING), "(2, 'b'), (3, NULL)")
    before = [] if mode == "OVERWRITE" else [(1, "it's none")]
    assert place.sql("SELECT id, name FROM t ORDER BY id") == [*before, (2, "b"), (3, None)]


def test_check_says_whether_markers_can_be_written(place: Place) -> None:
    looking: LookingDriver = driver(place.own.type, place.config)  # type: ignore[assignment]
    place.sql("CREATE TABLE t (id bigint, name varchar(50))")
    said = {one.what: one for one in looking.check()}
    assert "is made by the first of them" in said["write"].said
    place.put(write_of("INSERT"), "(1, 'a')")
    said = {one.what: one for one in looking.check()}
    assert (said["write"].ok, "is there and takes rows" in said["write"].said) == (True, True)
    assert place.sql("SELECT count(*) FROM penstock_markers") == [(1,)]
