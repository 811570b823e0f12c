"""Columns that rows have and their table does not: what `schemaEvolution: addColumns` adds, each in a statement of its own.

A column is added with the default that the recipe names for it (`columnDefaults`), which the rows that are there get too, else with NULL.
It is added before the rows are on their way, and stays should they not arrive: an attempt that comes after it finds it there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from sqlglot import exp

from shared.connectors.errors import Misconfigured
from shared.connectors.protocols import SinkWrite
from shared.datasets import Column
from shared.sql.literals import literal
from shared.sql.reads import named


def added(write: SinkWrite, there: Collection[str], *, same_case: bool = True) -> Iterator[Column]:
    """`there`: the table's columns. `same_case`: to the database a name in other letters is another column.

    Raises Misconfigured for a column whose type nobody knows.
    """
    if write.options.get("schemaEvolution") != "addColumns":
        return
    known = set(there) if same_case else {name.lower() for name in there}
    for column in write.columns:
        if (column.name if same_case else column.name.lower()) in known:
            continue
        if column.type == "UNKNOWN":
            raise Misconfigured(
                f"column {column.name} is to be added to table {write.target}, and its type is not known; cast it before the sink"
            )
        yield column


def default_of(write: SinkWrite, column: str) -> Any:
    """The recipe's value, None where it names none."""
    return (write.options.get("columnDefaults") or {}).get(column)


def add_column(target: str, column: str, declared: exp.DataType, default: Any) -> exp.Alter:
    """ALTER TABLE … ADD COLUMN …"""
    constraints = [exp.ColumnConstraint(kind=exp.DefaultColumnConstraint(this=literal(default)))] if default is not None else []
    made = exp.ColumnDef(this=exp.to_identifier(column, quoted=True), kind=declared, constraints=constraints)
    return exp.Alter(this=named(target), kind="TABLE", actions=[made])
