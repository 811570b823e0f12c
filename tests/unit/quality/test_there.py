"""Datasets in databases: what is asked there, what is measured here, and that both say the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import duckdb
import pytest

from services.quality.asking import Question, question
from services.quality.relations import Relations
from services.quality.there import there
from shared.connectors import driver as connector_driver
from shared.engines.control import Control
from shared.engines.program import THIS, Read
from shared.engines.work import Job, Limits, ResolvedConnector
from tests.support import postgresql
from tests.support.checked import MEMORY, outcome, over_staged, over_table, staged
from tests.support.databases import Duckdb, Own, Postgres, Sqlite

VALUES = "(1, 'AA', 10, 1), (2, 'BB', 20, 2), (3, NULL, 30, 9), (4, 'ąę ', NULL, 1), (4, 'aa', -5, NULL), (6, 'AA', 70, 2)"
RULES: list[dict[str, Any]] = [
    {"name": "there", "type": "NOT_NULL", "column": "name"},
    {"name": "unique", "type": "UNIQUE", "column": "id"},
    {"name": "range", "type": "RANGE", "column": "amount", "min": 0, "max": 50},
    {"name": "some", "type": "RANGE", "column": "amount", "min": 0, "where": "name = 'aa'"},
    {"name": "parents", "type": "REFERENTIAL", "column": "shop", "references": {"connector": "c", "table": "shops", "column": "number"}},
    {"name": "count", "type": "ROW_COUNT", "min": 6, "max": 6},
    {"name": "pattern", "type": "REGEX", "column": "name", "pattern": "[A-Z]+"},
    {"name": "query", "type": "CUSTOM_SQL", "query": "SELECT id FROM this WHERE amount < 0"},
    {"name": "gone", "type": "NOT_NULL", "column": "nmae"},
    {"name": "writes", "type": "CUSTOM_SQL", "query": "DELETE FROM this"},
]
# What is not trusted there is measured here: patterns, but in PostgreSQL and DuckDB.
THERE = {"there", "unique", "range", "some", "count", "query"}


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with postgresql.server(tmp_path_factory.mktemp("postgresql")) as url:
        yield Postgres({"url": url})


@pytest.fixture(params=["sqlite", "duckdb", "postgres", "mysql", "clickhouse"])
def connector(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ResolvedConnector]:
    makers: dict[str, Callable[[], Own]] = {
        "sqlite": lambda: Sqlite(tmp_path),
        "duckdb": lambda: Duckdb(tmp_path),
        "postgres": lambda: request.getfixturevalue("postgres"),
        "mysql": lambda: request.getfixturevalue("mariadb").database(),
        "clickhouse": lambda: request.getfixturevalue("clickhouse").database(),
    }
    own = makers[request.param]()
    for table in ("sales", "shops"):
        own.sql(f"DROP TABLE IF EXISTS {table}")
    if request.param == "clickhouse":
        own.sql(
            "CREATE TABLE sales (id Int32, name Nullable(String), amount Nullable(Int32), shop Nullable(Int32))"
            " ENGINE = MergeTree ORDER BY id"
        )
        own.sql("CREATE TABLE shops (number Int32) ENGINE = MergeTree ORDER BY number")
    else:
        own.sql("CREATE TABLE sales (id INTEGER, name VARCHAR(20), amount INTEGER, shop INTEGER)")
        own.sql("CREATE TABLE shops (number INTEGER)")
    own.sql(f"INSERT INTO sales VALUES {VALUES}")
    own.sql("INSERT INTO shops VALUES (1), (2)")
    yield ResolvedConnector("default/db", own.type, own.config)


def compared(connector: ResolvedConnector) -> dict[str, tuple[ResolvedConnector, str]]:
    return {"parents.references": (connector, "shops")}


def test_a_database_says_what_staged_rows_say(connector: ResolvedConnector, tmp_path: Path) -> None:
    dataset = staged(tmp_path, f"SELECT * FROM (VALUES {VALUES}) AS t (id, name, amount, shop)")
    shops = staged(tmp_path, "SELECT * FROM (VALUES (1), (2)) AS t (number)", "shops")
    here = over_staged(tmp_path, dataset, *RULES, compared={"parents.references": shops})
    away = over_table(tmp_path, connector, "sales", *RULES, compared=compared(connector), scope="dataset")
    said = ("rule", "status", "checked", "failing", "error")
    for one, other in zip(here["results"], away["results"], strict=True):
        assert {key: other[key] for key in said} == {key: one[key] for key in said}, one["rule"]
        assert len(other["offenders"]) == len(one["offenders"])
    assert {key: away[key] for key in ("score", "rows", "passed", "failed", "errors", "partial")} == {
        "score": here["score"], "rows": 6, "passed": 1, "failed": 7, "errors": 2, "partial": True,
    }  # fmt: skip


def test_what_a_database_is_trusted_with_is_asked_there(connector: ResolvedConnector, tmp_path: Path) -> None:
    program = {"reads": [{"connector": "default/db"}]}
    reads = (Read(THIS, "t", (), "default/db", {"table": "sales"}), Read("parents.references", "p", (), "default/db", {"table": "shops"}))
    job = Job("d", "r", 1, 1, "check", program, {"default/db": connector}, {}, str(tmp_path), Limits(MEMORY, 1, str(tmp_path)))
    with duckdb.connect() as connection, ExitStack() as open_:
        relations = Relations(connection, job, reads, Control(), open_)
        database = there(connection, job, relations, Control())
        assert database is not None
        asked = [question(number, rule, relations.columns(THIS), relations) for number, rule in enumerate(RULES)]
        found = {str(one.rule["name"]) for one in asked if isinstance(one, Question) and database.refuses(one) is None}
    assert found >= THERE
    assert ("pattern" in found) == (connector.type in ("postgres", "duckdb"))


@pytest.mark.parametrize("metric", [{"metric": "sum", "column": "n"}, {"metric": "sum(n)"}])
def test_a_sum_that_is_too_large_for_sqlite_is_measured_here(tmp_path: Path, metric: dict[str, str]) -> None:
    own = Sqlite(tmp_path)
    own.sql("CREATE TABLE large (n BIGINT)")
    own.sql(f"INSERT INTO large VALUES ({9 * 10**18}), ({9 * 10**18})")
    rule = {"name": "total", "type": "ANOMALY", **metric}
    found = over_table(tmp_path, ResolvedConnector("default/db", own.type, own.config), "large", rule, scope="dataset")
    assert (found["errors"], list(found["metrics"].values())) == (0, [18e18])


def test_a_database_profiles_what_it_can(connector: ResolvedConnector, tmp_path: Path) -> None:
    profile = over_table(tmp_path, connector, "sales", profile={}, scope="dataset")["profile"]
    columns = {column["name"]: column for column in profile["columns"]}
    assert (profile["rows"], columns["amount"]["nulls"], columns["amount"]["distinct"]) == (6, 1, 5)
    assert (columns["amount"]["min"], columns["amount"]["max"], columns["amount"]["mean"]) == (-5, 70, 25.0)
    assert columns["name"]["topValues"][0] == {"value": "AA", "rows": 2}
    assert columns["name"]["lengths"] == {"min": 2, "max": 3, "mean": 2.2}
    assert columns["amount"]["quantiles"]["p50"] == 20


def test_a_table_of_more_rows_than_are_to_be_profiled_is_left_alone(connector: ResolvedConnector, tmp_path: Path) -> None:
    estimate = connector_driver(connector.type, connector.config).survey("source", {"table": "sales"}).rows
    left = over_table(tmp_path, connector, "sales", profile={"sampleAbove": 5}, scope="dataset")
    # What says nothing of its size is read.
    assert (left["profile"], left["rows"]) == (None, None) if estimate is not None and estimate > 5 else left["rows"] == 6
    ruled = over_table(tmp_path, connector, "sales", {"name": "few", "type": "ROW_COUNT", "max": 6}, profile={"sampleAbove": 5})
    assert (ruled["rows"], ruled["passed"]) == (6, 1)


def test_a_reference_that_is_elsewhere_is_brought_here(connector: ResolvedConnector, tmp_path: Path) -> None:
    other = Sqlite(tmp_path / "other")
    other.folder.mkdir()
    other.sql("CREATE TABLE shops (number INTEGER, more TEXT)")
    other.sql("INSERT INTO shops VALUES (1, ''), (2, '')")
    elsewhere = ResolvedConnector("default/other", "sqlite", other.config)
    rules = [rule for rule in RULES if rule["name"] == "parents"]
    (result,) = over_table(tmp_path, connector, "sales", *rules, compared={"parents.references": (elsewhere, "shops")})["results"]
    assert (result["status"], result["checked"], result["failing"]) == ("FAILED", 5, 1)
    assert result["offenders"][0]["shop"] == 9


def test_a_reference_that_is_down_is_the_trouble_of_its_rule(connector: ResolvedConnector, tmp_path: Path) -> None:
    down = ResolvedConnector("default/down", "postgres", {"host": "127.0.0.1", "port": 1, "database": "d", "user": "u", "password": "p"})
    rules = [rule for rule in RULES if rule["name"] in ("parents", "count")]
    results = over_table(tmp_path, connector, "sales", *rules, compared={"parents.references": (down, "shops")})["results"]
    assert [one["status"] for one in results] == ["ERROR", "PASSED"]
    assert results[0]["error"]
    gone = over_table(tmp_path, connector, "sales", *rules, compared={"parents.references": (connector, "shopz")})["results"]
    assert "shops" in gone[0]["error"]


def test_a_destination_that_is_not_there_yet_has_no_keys(connector: ResolvedConnector, tmp_path: Path) -> None:
    new = staged(tmp_path, "SELECT * FROM (VALUES (1), (9)) AS t (number)")
    once = {"name": "once", "type": "UNIQUE", "column": "number", "destination": True, "blockPipeline": True}

    def failing(table: str) -> tuple[str, int]:
        reads = (
            Read(THIS, "load", new.columns, datasets=((3, "load"),)),
            Read("once.destination", "load", (), connector.reference, {"table": table}),
        )
        (result,) = outcome(tmp_path, reads, (once,), {connector.reference: connector}, {"3:load": new}, MEMORY)["results"]
        return result["status"], result["failing"]

    assert failing("shops") == ("FAILED", 1)
    assert failing("shopz") == ("PASSED", 0)
