"""Rows out of databases: every type both ways, surveys, queries, and what is told when something is not there or not as it was."""

from __future__ import annotations

import duckdb
import pytest

from shared.connectors.errors import BadQuery, NotFound
from tests.support.databases import Place, write_of

# Our type, values as DuckDB writes them, and how it spells what came back.
TYPES: dict[str, list[str]] = {
    "BOOLEAN": ["true", "false"],
    "SMALLINT": ["-32768", "32767"],
    "INTEGER": ["-2147483648", "2147483647"],
    "BIGINT": ["-9223372036854775808", "9223372036854775807", "9007199254740993"],
    "REAL": ["0.1", "3.4e38"],
    "DOUBLE PRECISION": ["0.1", "1.7976931348623157e308", "-2.2250738585072014e-308", "0.30000000000000004"],
    "NUMERIC(12, 2)": ["0.10", "1234567890.12", "-0.01"],
    "NUMERIC(30, 10)": ["0.0000000001", "12345.6789012345", "123456789012345678"],
    "TEXT": ["''", "'a' || chr(0) || 'b'", "'é€😀'", "' padded '", "'NULL'", "'\\N'", "repeat('x', 100000)", "'line\r\nline\t\"quoted\"'"],
    "DATE": ["'0001-01-01'", "'2024-02-29'", "'9999-12-31'"],
    "TIME": ["'00:00:00'", "'23:59:59.999999'"],
    "TIMESTAMP": ["'2024-02-29 03:04:05.123456'", "'1969-12-31 23:59:59'"],
    "TIMESTAMPTZ": ["'2024-02-29 03:04:05.123456+00'", "'2024-07-01 12:00:00+02'"],
    "BYTEA": ["'\\x00\\xFF\\x27'::BLOB", "''::BLOB"],
    "UUID": ["'00000000-0000-7000-8000-00000000000a'"],
    "JSON": ['\'{"a": [1, 2.50, "é"]}\'', "'1.50'"],
}
IN_DUCKDB = {"BYTEA": "BLOB", "DOUBLE PRECISION": "DOUBLE"}


@pytest.mark.parametrize("type_", TYPES)
def test_values_come_back_as_they_were_written(place: Place, type_: str) -> None:
    kind = IN_DUCKDB.get(type_, type_)
    values = [*TYPES[type_], "NULL"]
    rows = " UNION ALL ".join(f"SELECT {at}::INTEGER AS n, CAST({value} AS {kind}) AS v" for at, value in enumerate(values))
    place.put(write_of("INSERT", createTable=True), f"SELECT * FROM ({rows})")
    found = {column.name: column.type for column in place.survey(table="t").columns}
    assert _family(found["v"]) == _family(type_)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        wanted = connection.execute(f"SELECT n, CAST(v AS VARCHAR) FROM ({rows}) ORDER BY n").fetchall()
    assert place.read(select=f"n, CAST(CAST(v AS {kind}) AS VARCHAR) FROM it ORDER BY n --", table="t") == wanted


def _family(type_: str) -> str:
    """MySQL and SQLite keep some types as wider ones, and say so."""
    same = {"SMALLINT": "BIGINT", "INTEGER": "BIGINT", "REAL": "DOUBLE PRECISION", "UUID": "TEXT", "JSON": "TEXT"}
    return same.get(type_, type_)


def test_a_survey_tells_columns_keys_and_what_may_be_null(place: Place) -> None:
    place.sql("CREATE TABLE t (b bigint NOT NULL, a varchar(10) NOT NULL, c int UNIQUE, PRIMARY KEY (b, a))")
    survey = place.survey(table="t")
    assert [(c.name, c.nullable) for c in survey.columns] == [("b", False), ("a", False), ("c", True)]
    assert survey.keys == (("b", "a"), ("c",))
    assert survey.version
    assert not place.survey("sink", table="other").exists


def test_a_table_that_is_not_there_is_told_with_the_nearest(place: Place) -> None:
    place.sql("CREATE TABLE orders (id bigint)")
    with pytest.raises(NotFound, match=r"table ordrs is not in .*; did you mean orders\?"):
        place.survey(table="ordrs")


def test_a_query_is_read_as_it_was_written(place: Place) -> None:
    place.sql("CREATE TABLE t (id bigint, name varchar(10), amount decimal(10, 2))")
    place.sql("INSERT INTO t VALUES (1, 'a%', 1.10), (2, 'b', NULL)")
    query = "SELECT name, amount, id FROM t WHERE name LIKE 'a%%' ;"
    assert [(c.name, c.type) for c in place.survey(query=query).columns] == [
        ("name", "TEXT"),
        ("amount", "NUMERIC(10, 2)"),
        ("id", "BIGINT"),
    ]
    assert [tuple(map(str, row)) for row in place.read("name", "amount", query=query)] == [("a%", "1.10")]
    for wrong in ("SELEC 1", "DELETE FROM t"):
        with pytest.raises(BadQuery):
            place.survey(query=wrong)
    with pytest.raises((BadQuery, NotFound), match="nme"):
        place.survey(query="SELECT nme FROM t")
    assert len(place.sql("SELECT * FROM t")) == 2


def test_an_empty_table_has_columns_and_no_rows(place: Place) -> None:
    place.sql("CREATE TABLE t (id bigint, name varchar(10))")
    assert place.read(table="t") == []


def test_many_rows_are_read_in_batches_and_none_is_lost(place: Place) -> None:
    place.put(write_of("INSERT", createTable=True), "SELECT range::BIGINT AS id, 'n' || range AS name FROM range(45000)")
    assert place.read(select="count(*), sum(id), count(DISTINCT name)", table="t") == [(45000, 45000 * 44999 // 2, 45000)]
