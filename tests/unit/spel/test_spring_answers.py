"""Every expression of tests/golden/spel over every row of it, on each engine, against what Spring's own library answered.

`make golden-spel` asks Spring again, and writes anew what is refused and where we differ; what changes is to be read like code.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import psycopg
import pytest
import yaml
from sqlglot import exp

from shared.pipelines.spel import SpelError, lower
from shared.sql.render import sql
from tests.support.stack import Stack
from tests.unit.spel.spel_rows import (
    ANSWERS,
    COLUMNS,
    EXPRESSIONS,
    GOLDEN,
    PARAMETERS,
    Query,
    differing,
    evaluate,
    table_as_sql,
    told,
)

REFUSED: dict[str, list[Any]] = json.loads((GOLDEN / "refused.json").read_text())
DIFFERENCES: dict[str, dict[str, str | None]] = json.loads((GOLDEN / "differences.json").read_text())
EXPLAINED = {one for group in yaml.safe_load((GOLDEN / "differences.yaml").read_text()) for one in group["expressions"]}
COMPUTED = [one for one in EXPRESSIONS if one not in REFUSED]
# What an engine cannot run, and its own word for that: such an expression stays where it can be run.
NOT_THERE: dict[str, dict[str, str]] = {
    "postgres": {"x % 2": "UndefinedFunction", "5.5 % 2": "UndefinedFunction", "x % 0.3 > 5 ? 1 : 0": "UndefinedFunction"},
    "duckdb": {},
}
# A sum beyond 64 bits fails the node on every engine, as all arithmetic does.
OVERFLOWS = {"n + m + m"}

Engine = tuple[str, Query, Callable[[exp.Expr], str]]


@pytest.fixture(scope="module")
def duck() -> Iterator[Engine]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(table_as_sql("duckdb"))
        yield "duckdb", lambda query: connection.execute(query).fetchall(), lambda tree: sql(tree, "duckdb")


@pytest.fixture(scope="module")
def postgres(stack: Stack) -> Iterator[Engine]:
    with psycopg.connect(stack.demo_url, autocommit=True) as connection:
        connection.execute(table_as_sql("postgres").encode())
        yield "postgres", lambda query: connection.execute(query.encode()).fetchall(), lambda tree: tree.sql("postgres")


def test_the_table_is_large_and_answered_whole() -> None:
    assert len(EXPRESSIONS) > 700
    assert len(EXPRESSIONS) == len(set(EXPRESSIONS))
    assert list(ANSWERS) == EXPRESSIONS
    assert set(DIFFERENCES) == EXPLAINED


def test_every_difference_that_the_guide_tells_of_is_shown_by_an_expression_of_the_table() -> None:
    guide = (GOLDEN.parents[2] / "docs" / "semantics" / "spel.md").read_text()
    rows = guide.partition("## Where it differs")[2].partition("\n\n| here")[2].partition("\n\n")[0].splitlines()[2:]
    shown = [one.replace("\\n", "\n") for row in rows for one in re.findall(r"`([^`]+)`", row.rpartition(" | ")[2])]
    assert len(rows) > 15
    assert [one for one in shown if one not in {*DIFFERENCES, *REFUSED, *OVERFLOWS}] == []
    assert [row for row in rows if "`" not in row.rpartition(" | ")[2]] == []


@pytest.mark.parametrize("expression", COMPUTED)
def test_duckdb_gives_springs_answers(duck: Engine, expression: str) -> None:
    _hold(duck, expression)


@pytest.mark.stack
@pytest.mark.parametrize("expression", COMPUTED)
def test_postgresql_gives_springs_answers(postgres: Engine, expression: str) -> None:
    _hold(postgres, expression)


@pytest.mark.parametrize("expression", REFUSED)
def test_what_has_no_form_is_refused_with_a_sentence_at_its_place(expression: str) -> None:
    with pytest.raises(SpelError) as refused:
        lower(expression, "column", "the_rows", COLUMNS, PARAMETERS)
    assert [refused.value.position, refused.value.message] == REFUSED[expression]


def _hold(engine: Engine, expression: str) -> None:
    name, query, render = engine
    if expression in OVERFLOWS:
        with pytest.raises((duckdb.OutOfRangeException, psycopg.errors.NumericValueOutOfRange)):
            evaluate(query, render, expression)
        return
    if expression in NOT_THERE[name]:
        with pytest.raises(psycopg.Error) as missing:
            evaluate(query, render, expression)
        assert type(missing.value).__name__ == NOT_THERE[name][expression]
        return
    found = evaluate(query, render, expression)
    here = {row: told(ours) for row, (ours, _) in differing(found, ANSWERS[expression]).items()}
    assert here == DIFFERENCES.get(expression, {})
