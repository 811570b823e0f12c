"""The rows of tests/golden/spel/rows.yaml in an engine, and what an expression gives for each of them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from sqlglot import exp

from shared.datasets import Column, Columns
from shared.pipelines.spel import lower

GOLDEN = Path(__file__).parents[2] / "golden" / "spel"
TABLE = yaml.safe_load((GOLDEN / "rows.yaml").read_text())
ROWS = tuple(TABLE["rows"])
COLUMNS: Columns = tuple(Column(name, kind) for name, kind in TABLE["columns"].items())
EXPRESSIONS = [each for group in yaml.safe_load((GOLDEN / "expressions.yaml").read_text()).values() for each in group]
ANSWERS: dict[str, list[Any]] = json.loads((GOLDEN / "answers.json").read_text())
READ_PARAMETER: dict[str, Callable[[Any], Any]] = {
    "integer": int,
    "number": float,
    "string": str,
    "boolean": lambda value: value == "true",
    "date": date.fromisoformat,
    # As a run has them: with a time zone.
    "timestamp": lambda value: datetime.fromisoformat(value).replace(tzinfo=UTC),
    "list": list,
}
PARAMETERS = {name: READ_PARAMETER[said["type"]](said["value"]) for name, said in TABLE["parameters"].items()}

Query = Callable[[str], list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Raised:
    """The row goes to the error port, with this sentence."""

    said: str


def rows_as_sql(dialect: str) -> str:
    """SELECT of the rows, in order of their position, with the column types of the table."""
    rows = []
    for number, name in enumerate(ROWS):
        values = [_literal(TABLE["rows"][name].get(column.name), column.type, dialect) for column in COLUMNS]
        rows.append(f"SELECT {number} AS position, {', '.join(values)}")
    return " UNION ALL ".join(rows)


def _literal(value: Any, kind: str, dialect: str) -> str:
    name = exp.DataType.build(kind, dialect="postgres").sql(dialect)
    if isinstance(value, list):
        items = ", ".join(exp.Literal.string(item).sql(dialect) for item in value)
        written = f"CAST({'ARRAY' if dialect == 'postgres' else ''}[{items}] AS {name})"
    else:
        written = f"CAST({'NULL' if value is None else exp.Literal.string(value).sql(dialect)} AS {name})"
    return written


def table_as_sql(dialect: str) -> str:
    names = ", ".join(exp.to_identifier(column.name, quoted=True).sql(dialect) for column in COLUMNS)
    return f"CREATE TEMPORARY TABLE the_rows AS SELECT * FROM ({rows_as_sql(dialect)}) AS r (position, {names})"


def evaluate(query: Query, render: Callable[[exp.Expr], str], expression: str) -> list[Any]:
    """For each row the value, or Raised."""
    made = lower(expression, "column", "the_rows", COLUMNS, PARAMETERS)
    error = render(made.error) if made.error is not None else "NULL"
    found = query(f"SELECT {render(made.tree)}, {error} FROM the_rows ORDER BY position")
    return [Raised(said) if said is not None else value for value, said in found]


def told(ours: Any) -> str | None:
    """As differences.yaml writes it."""
    return f"error: {ours.said}" if isinstance(ours, Raised) else None if ours is None else str(ours)


def same(ours: Any, spring: Any) -> bool:
    """Whether a row's value is what Spring answered."""
    if isinstance(spring, dict):
        return isinstance(ours, Raised)
    if spring is None or ours is None or isinstance(ours, Raised):
        return ours is spring
    kind, text = spring
    if kind in ("Double", "Float"):
        wanted = float(text)
        # The last digit of logarithms and the like is each library's own.
        close = math.isclose(ours, wanted, rel_tol=1e-14 if kind == "Double" else 1e-6)
        return isinstance(ours, float) and (close or (math.isnan(ours) and math.isnan(wanted)))
    if kind in ("Integer", "Long"):
        # A column has one type: beside a NUMERIC or a Double, a whole number is one too.
        return isinstance(ours, int | float | Decimal) and not isinstance(ours, bool) and ours == int(text)
    if kind == "BigDecimal":
        return isinstance(ours, Decimal) and ours == Decimal(text)
    if kind == "List":
        return isinstance(ours, list) and f"[{', '.join(ours)}]" == text
    readers: dict[str, Callable[[str], Any]] = {
        "String": str,
        "Boolean": lambda word: word == "true",
        "LocalDate": date.fromisoformat,
        "LocalDateTime": datetime.fromisoformat,
        "Instant": datetime.fromisoformat,
        "UUID": UUID,
    }
    wanted_value = readers[kind](text)
    return type(ours) is type(wanted_value) and bool(ours == wanted_value)


def differing(ours: Sequence[Any], spring: Sequence[Any]) -> dict[str, tuple[Any, Any]]:
    return {row: (a, b) for row, a, b in zip(ROWS, ours, spring, strict=True) if not same(a, b)}
