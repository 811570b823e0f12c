"""The truth table of rules: each case of rules.yaml has its verdict on DuckDB, PostgreSQL, MariaDB, SQLite and ClickHouse.

A database is asked what it is trusted with, through its connector, as the quality service asks it; the rest is measured in DuckDB over the
rows that the connector reads. Cases of one type are one statement. A case leaves a database out only where that cannot keep its values.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from sqlglot import exp

from shared.connectors import driver
from shared.datasets import Columns
from shared.engines.control import Control
from shared.engines.duckdb.scans import scan
from shared.engines.program import Read
from shared.engines.work import Job, Limits, ResolvedConnector
from shared.rules import RULES
from shared.rules.baseline import Past
from shared.rules.trees import table
from shared.rules.types import THIS, count
from shared.sql.render import sql
from shared.sql.trust import trust
from tests.support import clickhouse as clickhouse_server
from tests.support import mariadb as mariadb_server
from tests.support import postgresql
from tests.support.databases import Duckdb, Own, Postgres, Sqlite

CASES: dict[str, list[dict[str, Any]]] = yaml.safe_load((Path(__file__).parent / "rules.yaml").read_text())
ENGINES = ("duckdb", "postgres", "mariadb", "sqlite", "clickhouse")
NOW = "2024-03-01T12:00:00+00:00"
AT = datetime.fromisoformat(NOW)

TYPES = {
    "i": "INTEGER", "j": "INTEGER", "b": "BIGINT", "x": "DOUBLE PRECISION", "p": "NUMERIC(12, 2)", "s": "TEXT", "u": "TEXT",
    "d": "DATE", "t": "TIMESTAMP", "z": "TIMESTAMPTZ", "f": "BOOLEAN",
}  # fmt: skip
_ON_MARIADB = {"DOUBLE PRECISION": "DOUBLE", "TIMESTAMP": "DATETIME(6)", "TIMESTAMPTZ": "TIMESTAMP(6) NULL"}
_ON_CLICKHOUSE = {
    "INTEGER": "Int32", "BIGINT": "Int64", "DOUBLE PRECISION": "Float64", "NUMERIC(12, 2)": "Decimal(12, 2)", "TEXT": "String",
    "DATE": "Date32", "TIMESTAMP": "DateTime64(6)", "TIMESTAMPTZ": "DateTime64(6, 'UTC')", "BOOLEAN": "Bool",
}  # fmt: skip
# What verdicts look at; the rest of what is measured is only shown.
_SHOWN_ONLY = {"least", "greatest", "newest"}
_WIDEST = 4


@dataclass(frozen=True)
class Case:
    type: str
    number: int
    told: Mapping[str, Any]

    @property
    def name(self) -> str:
        return f"{self.type}: {self.told['it']}"

    @property
    def rule(self) -> dict[str, Any]:
        return {"name": "r", "type": self.type, "now": NOW, **self.told["rule"]}

    def rows(self, of: Mapping[str, Any]) -> list[dict[str, Any]]:
        columns = {name: values for name, values in of.items() if name in TYPES}
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    @property
    def measured(self) -> dict[str, Any]:
        """What a rule is given beside its aggregates: one value for each day before."""
        past = self.told.get("history", [])
        return {
            "history": [Past(AT.replace(month=1, day=1 + day), float(value)) for day, value in enumerate(past)],
            "at": AT,
            "newest": None,
            "least": None,
            "greatest": None,
        }


def cases(type_: str) -> list[Case]:
    start = 1000 * (1 + list(CASES).index(type_))
    return [Case(type_, start + number, told) for number, told in enumerate(CASES[type_])]


@dataclass
class Engine:
    """A database with the rows of all cases. `columns`: as its connector tells them; `here`: a DuckDB with the rows it reads."""

    name: str
    version: str
    own: Own
    here: duckdb.DuckDBPyConnection
    columns: Columns = field(init=False)

    def __post_init__(self) -> None:
        for name in ("cases", "others"):
            self.columns, _ = self._read(table=name, then=f"CREATE TABLE {name} AS ")

    def trusts(self, trees: Sequence[exp.Expr]) -> bool:
        return all(trust(tree, self.name, self.version).at_least("documented") for tree in trees)

    def there(self, query: exp.Query) -> list[tuple[Any, ...]]:
        return self._read(query=sql(query, self.name, self.version))[1]

    def _read(self, *, then: str = "", **options: Any) -> tuple[Columns, list[tuple[Any, ...]]]:
        """The columns of a table or a query, and its rows as DuckDB has them."""
        own = ResolvedConnector("default/own", self.own.type, self.own.config)
        columns = driver(own.type, own.config).survey("source", options).columns
        read = Read("r", "", columns, "own", {**options, "surveyed": [column.to_json() for column in columns]})
        limits = Limits(2**30, 1, "/tmp")
        job = Job("default", "r", 1, 1, "check", {}, {"own": own}, {}, "/tmp", limits)
        with scan(self.here, job, read, Control()) as found:
            rows = self.here.execute(f"{then}SELECT * FROM {found.sql} AS r").fetchall()
        return columns, rows

    def answers(self, query: exp.Query) -> list[tuple[Any, ...]]:
        return self.here.execute(sql(query, "duckdb")).fetchall()


@dataclass(frozen=True)
class Asked:
    case: Case
    names: tuple[str, ...]
    select: exp.Select
    trees: tuple[exp.Expr, ...]


def asked(case: Case, columns: Columns) -> Asked:
    rule, type_ = case.rule, RULES[case.type]
    there = tuple(column for column in columns if column.name in case.told)
    scan = type_.scan(rule, there, "grouped")
    offending = type_.offending(rule, there)
    counted = exp.Select(expressions=[count()]).from_(
        exp.Subquery(this=_without_order(offending), alias=exp.TableAlias(this=exp.to_identifier("o"))), copy=False
    )
    wanted = {name: tree for name, tree in scan.aggregates.items() if name not in _SHOWN_ONLY} | {"offending": counted.subquery()}
    value = wanted.pop("value", None)
    whole = [exp.cast(tree.copy(), "BIGINT") for tree in wanted.values()]
    whole += [exp.cast(exp.null(), "BIGINT")] * (_WIDEST - len(whole))
    number = exp.cast(value.copy() if value is not None else exp.null(), "DOUBLE PRECISION", dialect="postgres")
    picked = [exp.Literal.number(case.number), *whole, number]
    select = exp.Select(expressions=[exp.alias_(tree, f"m{at}", quoted=True) for at, tree in enumerate(picked)]).from_(table(THIS))
    relations = {THIS: _rows("cases", case.number, there)}
    for kind in ("references", "equals", "destination"):
        other = tuple(column for column in columns if column.name in case.told.get("others", {}))
        if other:
            relations[f"r.{kind}"] = _rows("others", case.number, other)
    for name, relation in (relations | dict(scan.grouped)).items():
        select = select.with_(exp.to_identifier(name, quoted=True), as_=relation, copy=False)
    names = (*wanted, *[""] * (_WIDEST - len(wanted)), "value")
    return Asked(case, names, select, (*scan.aggregates.values(), *scan.grouped.values(), offending))


def _without_order(select: exp.Select) -> exp.Select:
    select = select.copy()
    select.set("order", None)
    return select


def _rows(of: str, number: int, columns: Columns) -> exp.Select:
    picked = [exp.column(column.name, table=of, quoted=True) for column in columns]
    mine = exp.EQ(this=exp.column("n", table=of, quoted=True), expression=exp.Literal.number(number))
    return exp.Select(expressions=picked).from_(table(of), copy=False).where(mine, copy=False)


def together(questions: Sequence[Asked]) -> exp.Query:
    parts: list[exp.Query] = [
        exp.Select(expressions=[exp.Star()]).from_(one.select.subquery(f"q{one.case.number}"), copy=False) for one in questions
    ]
    return exp.union(*parts, distinct=False) if len(parts) > 1 else parts[0]


def judged(questions: Sequence[Asked], answer: Callable[[exp.Query], list[tuple[Any, ...]]]) -> dict[str, list[Any]]:
    """By case: [passed, checked, failing, learning, how many rows offend]."""
    if not questions:
        return {}
    by_number = {int(row[0]): row[1:] for row in answer(together(questions))}
    found = {}
    for one in questions:
        measured = dict(zip(one.names, by_number[one.case.number], strict=True))
        verdict = RULES[one.case.type].verdict(one.case.rule, measured | one.case.measured)
        found[one.case.name] = [verdict.passed, verdict.checked, verdict.failing, verdict.learning, int(measured["offending"])]
    return found


@pytest.mark.parametrize("type_", CASES)
def test_a_rule_has_one_verdict_on_every_database(engine: Engine, type_: str) -> None:
    mine = [case for case in cases(type_) if engine.name not in case.told.get("not", {})]
    questions = [asked(case, engine.columns) for case in mine]
    there = [one for one in questions if engine.trusts(one.trees)]
    found = judged(there, engine.there) | judged([one for one in questions if one not in there], engine.answers)
    wanted = {case.name: _wanted(case) for case in mine}
    wrong = {name: f"{found[name]} instead of {wanted[name]}" for name in wanted if found[name] != wanted[name]}
    assert wrong == {}


def _wanted(case: Case) -> list[Any]:
    passed, checked, failing = case.told["gives"]
    offending = case.told.get("offending", failing) if RULES[case.type].of_rows else 0
    return [passed, checked, failing, case.told.get("learning", False), offending]


@pytest.mark.parametrize("type_", RULES)
def test_each_type_has_twenty_cases_of_either_verdict(type_: str) -> None:
    assert len(CASES[type_]) >= 20
    assert {case["gives"][0] for case in CASES[type_]} == {True, False}
    assert len({case["it"] for case in CASES[type_]}) == len(CASES[type_])


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp(request.param)
    with _STARTED[request.param](folder) as (own, version), duckdb.connect() as here:
        here.execute("SET TimeZone = 'UTC'")
        _fill(request.param, own)
        yield Engine(request.param, version, own, here)


@contextmanager
def _duckdb(folder: Path) -> Iterator[tuple[Own, str]]:
    yield Duckdb(folder), duckdb.__version__


@contextmanager
def _postgres(folder: Path) -> Iterator[tuple[Own, str]]:
    with postgresql.server(folder) as url:
        own = Postgres({"url": url})
        yield own, str(own.sql("SHOW server_version")[0][0])


@contextmanager
def _mariadb(folder: Path) -> Iterator[tuple[Own, str]]:
    with mariadb_server.running() as server:
        own = server.database()
        yield own, str(own.sql("SELECT version()")[0][0])


@contextmanager
def _sqlite(folder: Path) -> Iterator[tuple[Own, str]]:
    yield Sqlite(folder), sqlite3.sqlite_version


@contextmanager
def _clickhouse(folder: Path) -> Iterator[tuple[Own, str]]:
    with clickhouse_server.running() as server:
        own = server.database()
        yield own, str(own.sql("SELECT version()")[0][0])


_STARTED = {"duckdb": _duckdb, "postgres": _postgres, "mariadb": _mariadb, "sqlite": _sqlite, "clickhouse": _clickhouse}


def _fill(engine: str, own: Own) -> None:
    quote = "`" if engine == "mariadb" else '"'
    for name in ("cases", "others"):
        declared = ", ".join(f"{quote}{column}{quote} {_type(engine, type_)}" for column, type_ in TYPES.items())
        number = "Int32" if engine == "clickhouse" else "INTEGER"
        options = " ENGINE = MergeTree ORDER BY n" if engine == "clickhouse" else ""
        own.sql(f"CREATE TABLE {name} (n {number}, {declared}){options}")
        rows = []
        for case in (case for type_ in CASES for case in cases(type_) if engine not in case.told.get("not", {})):
            for row in case.rows(case.told if name == "cases" else case.told.get("others", {})):
                rows.append(f"({case.number}, {', '.join(_literal(engine, TYPES[c], row.get(c)) for c in TYPES)})")
        own.sql(f"INSERT INTO {name} VALUES {', '.join(rows)}")


def _type(engine: str, type_: str) -> str:
    if engine == "clickhouse":
        return f"Nullable({_ON_CLICKHOUSE[type_]})"
    return _ON_MARIADB.get(type_, type_) if engine == "mariadb" else type_


def _literal(engine: str, type_: str, value: Any) -> str:
    """A value of a case as the database's own literal."""
    if value is None:
        return "NULL"
    if type_ == "BOOLEAN":
        return str(int(value)) if engine == "sqlite" else str(bool(value)).upper()
    if type_ == "DOUBLE PRECISION":
        return _double(engine, float(value))
    if type_ in ("INTEGER", "BIGINT", "NUMERIC(12, 2)"):
        return str(Decimal(str(value)))
    return _quoted(engine, _text(type_, value))


def _double(engine: str, value: float) -> str:
    plain = repr(value)
    if plain.lstrip("-") in ("nan", "inf"):
        name = plain.replace("inf", "Infinity").replace("nan", "NaN")
        return {"sqlite": plain.replace("inf", "9e999"), "clickhouse": plain}.get(engine, f"CAST('{name}' AS DOUBLE PRECISION)")
    return f"CAST({plain} AS DOUBLE PRECISION)" if engine in ("duckdb", "postgres") else plain


def _text(type_: str, value: Any) -> str:
    if type_ == "DATE":
        return (value if isinstance(value, date) else date.fromisoformat(value)).isoformat()
    if type_ == "TIMESTAMP":
        return datetime.fromisoformat(str(value)).isoformat(sep=" ")
    if type_ == "TIMESTAMPTZ":
        return datetime.fromisoformat(str(value)).astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")
    return str(value)


def _quoted(engine: str, text: str) -> str:
    if engine in ("clickhouse", "mariadb"):
        text = text.replace("\\", "\\\\")
    return "'" + text.replace("'", "''") + "'"
