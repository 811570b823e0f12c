"""What the connectors say to publish rows, word by word, in tests/golden/connectors; and that a fault in what says it is seen there.

Every public function of a module of statements is said with the sample of each of its parameters (`SAMPLES`), so that a new one is held as
well. PENSTOCK_GOLDEN=write writes the texts anew; read what changed like code.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from psycopg import sql
from sqlglot import exp

from shared import connectors
from shared.connectors import CONNECTORS
from shared.connectors.dbapi import shown
from shared.connectors.dbapi import statements as portable
from shared.connectors.postgres import computed, statements
from shared.connectors.protocols import Query, SinkWrite
from shared.datasets import Column
from tests.support.mutants import unseen

GOLDEN = Path(__file__).parents[2] / "golden" / "connectors"
NAMES, KEYS = ["id", "from", "n", "at"], ["id", "from"]
# They fill a column with the time of the write.
STAMPED = {"postgres", "duckdb", "sqlite", "mysql"}
ORDER = (("n", "asc"), ("at", "desc"))
RELATIONS = (("1 sales", 'SELECT * FROM "sales"'), ("2 big", 'SELECT * FROM "1 sales"'))
TALLIES = (("2 big", None), ("2 big", "penstock_out"))


def write(mode: str, names: Sequence[str] = NAMES, order: Sequence[tuple[str, str]] = ORDER, stamp: str | None = None) -> SinkWrite:
    options = {"updatedAtColumn": stamp} if stamp else {}
    return SinkWrite("out", "sales.The Orders", tuple(Column(name, "BIGINT") for name in names), mode, tuple(KEYS), tuple(order), options)


def query(*, bare: bool, unique: bool = False, picks: bool = False) -> Query:
    return Query('SELECT * FROM "2 big"', () if bare else RELATIONS, () if bare else TALLIES, unique, picks)


# (parameter, or parameter and its type) -> what is put there: all there may be, and as little as there may be.
SAMPLES: Mapping[str, tuple[Any, Any]] = {
    "target": ("sales.The Orders", "t"),
    "names": (NAMES, KEYS),
    "keys": (KEYS, KEYS[:1]),
    "order": (ORDER, ()),
    "by_text": (("n",), ()),
    "stamp: str | None": (None, None),
    "name": ("one", "two"),
    "alias": ("a", None),
    "key": ("id", "from"),
    "dialect": ("mysql", "sqlite"),
    "select": (exp.select("1"), exp.select("2")),
    "of: exp.Table": (exp.to_table("t"), exp.to_table("u")),
    "into": (exp.to_table("t"), exp.to_table("u")),
    "declared": ([(name, exp.DataType.build("BIGINT")) for name in NAMES], [("id", exp.DataType.build("TEXT"))]),
    "properties": ({"ENGINE": "InnoDB"}, None),
    "table: sql.Composable": (sql.Identifier("sales", "The Orders"), sql.Identifier("t")),
    "table: str | None": ("t", None),
    "target: sql.Composable": (sql.Identifier("sales", "The Orders"), sql.Identifier("t")),
    "rows: exp.Query": (exp.select("id").from_("t"), exp.select("1")),
    "ordinals": (sql.SQL("SELECT 1"), sql.SQL("SELECT 2")),
    "low": (1, 5),
    "high": (9, 5),
    "staged": ("penstock_staged", "penstock_rows"),
    "select: str": ("SELECT 1", "SELECT 2"),
    "new": (sql.Identifier("fresh"), sql.Identifier("t2")),
    "columns": (NAMES, KEYS),
    "rows": (sql.SQL('SELECT * FROM "2 big"'), sql.SQL("SELECT 1")),
    "of: str": ("penstock_rows", "penstock_staged"),
    "of: str | None": ("t", None),
    "write": (write("UPSERT"), write("UPSERT", KEYS, ())),
    "query": (query(bare=False), query(bare=True, unique=True, picks=True)),
    "query: str": ("SELECT 1", "SELECT 2"),
    "relations": (RELATIONS, ()),
    "tallies": (TALLIES, TALLIES[:1]),
    "text": ("SELECT 1", "SELECT 2"),
    "column": ("n", "at"),
    "kind": ("numeric(12, 2)", None),
    "kind: Any": ("NUMERIC(12, 2)", "TEXT"),
    "default": ("it's", None),
    "values": ([sql.Identifier(name) for name in NAMES], [sql.Identifier("id")]),
    "keys: Sequence[Sequence[str]]": ([KEYS], []),
}
# What takes one of these is asked once more, with the time of the write.
TIMED = {"stamp": "at", "write": write("UPSERT", stamp="at")}
MODULES: Mapping[str, tuple[ModuleType, Callable[[Any], Any]]] = {
    "portable": (portable, lambda made: {dialect: made.sql(dialect) for dialect in ("duckdb", "mysql")}),
    "postgres": (statements, lambda made: made.as_string(None)),
}


def each_statement(name: str) -> dict[str, Any]:
    """By function, with all there may be and with little."""
    module, render = MODULES[name]

    def text(made: Any) -> Any:
        if made is None or isinstance(made, str):
            return made
        return [text(one) for one in made] if isinstance(made, list | tuple) else render(made)

    public = inspect.getmembers(module, inspect.isfunction)
    own = {called: function for called, function in public if function.__module__ == module.__name__ and not called.startswith("_")}
    return {called: [text(function(**samples)) for samples in _sampled(function)] for called, function in own.items()}


def _sampled(function: Callable[..., Any]) -> Iterator[dict[str, Any]]:
    yield from (_samples(function, which) for which in (0, 1))
    if timed := {name: value for name, value in TIMED.items() if name in inspect.signature(function).parameters}:
        yield _samples(function, 0) | timed


def _samples(function: Callable[..., Any], which: int) -> dict[str, Any]:
    found = {}
    for parameter in inspect.signature(function).parameters.values():
        said = f"{parameter.name}: {parameter.annotation}"
        sample = (True, False) if parameter.annotation == "bool" else SAMPLES.get(said) or SAMPLES[parameter.name]
        found[parameter.name] = sample[which].copy() if isinstance(sample[which], exp.Expr) else sample[which]
    return found


def each_write(type_: str) -> dict[str, list[str]]:
    """By mode and what is known of the target: rows that come, and rows that the database computes itself."""
    found = {}
    for mode in CONNECTORS[type_].write_modes:
        for title, index in (("", []), (" on a unique index", [KEYS])):
            asked = {mode: write(mode)}
            if mode == "UPSERT":
                asked[f"{mode} of keys only"] = write(mode, KEYS, ())
            if mode == "UPSERT" and type_ in STAMPED:
                asked[f"{mode} with the time of the write"] = write(mode, stamp="at")
            for way, said in asked.items():
                found[way + title] = connectors.statements(type_, said, index)
                found[f"{way}{title}, computed"] = connectors.computed(type_, said, query(bare=False), index)
    return {way: said for way, said in found.items() if said}


def held(name: str, made: Any) -> Any:
    path = GOLDEN / f"{name}.yaml"
    if os.environ.get("PENSTOCK_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(made, sort_keys=False, allow_unicode=True, width=150))
    return yaml.safe_load(path.read_text())


@pytest.mark.parametrize("name", sorted(MODULES))
def test_each_statement_is_said_as_the_golden_text_has_it(name: str) -> None:
    made = each_statement(name)
    assert made == held(f"statements/{name}", made)


DATABASES = sorted(name for name, spec in CONNECTORS.items() if spec.dialect is not None and spec.write_modes)


@pytest.mark.parametrize("type_", DATABASES)
def test_each_write_of_a_connector_is_shown_as_the_golden_text_has_it(type_: str) -> None:
    made = each_write(type_)
    assert made == held(type_, made)


# Who says something, and how it is asked.
SAID: Mapping[ModuleType, Mapping[str, Callable[[], Any]]] = {
    portable: {"statements": lambda: each_statement("portable")},
    statements: {"statements": lambda: each_statement("postgres"), "writes": lambda: each_write("postgres")},
    computed: {"writes": lambda: each_write("postgres")},
    shown: {type_: partial(each_write, type_) for type_ in DATABASES},
}


@pytest.mark.parametrize("module", SAID, ids=lambda module: module.__name__)
def test_a_fault_in_what_is_said_changes_the_golden_text(module: ModuleType) -> None:
    assert unseen(module, SAID[module]) == []
