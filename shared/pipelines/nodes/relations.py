"""Building blocks of relations: quoted columns and tables, typed expressions, guarded selects. Used by the node types only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlglot import exp

from shared.datasets import Column, Columns
from shared.pipelines.nodes.types import Input, Relation
from shared.sql.division import written_out
from shared.sql.errors import SqlProblem
from shared.sql.parse import expression
from shared.sql.typing import resolve

ERROR_COLUMN = Column("error_message", "TEXT", False)


def table(name: str) -> exp.Table:
    return exp.Table(this=exp.to_identifier(name, quoted=True))


def column(name: str, table_name: str) -> exp.Column:
    return exp.column(name, table=table_name, quoted=True)


def named(tree: exp.Expr, name: str) -> exp.Expr:
    return exp.alias_(tree, name, quoted=True, copy=False)


def typed(text: str, inputs: Sequence[Input], *, aggregates: bool = False) -> exp.Expr:
    """A user's expression, resolved against the inputs, typed, with PostgreSQL's division. Raises SqlProblem."""
    return written_out(resolve(expression(text, aggregates=aggregates), {i.table: i.columns for i in inputs}))


def select(columns: Iterable[exp.Expr], source: str, where: exp.Expr | None = None) -> exp.Select:
    """SELECT columns FROM source WHERE where; the parts are taken over, not copied."""
    query = exp.Select(expressions=list(columns)).from_(table(source), copy=False)
    return query.where(where, copy=False) if where is not None else query


def pass_on(source: Input) -> list[exp.Expr]:
    """Every column of an input as it is."""
    return [column(c.name, source.table) for c in source.columns]


def is_null(tree: exp.Expr) -> exp.Expr:
    return exp.Is(this=exp.paren(tree.copy(), copy=False), expression=exp.null())


def not_null(tree: exp.Expr) -> exp.Expr:
    return exp.Not(this=is_null(tree))


def errors_of(source: Input, error: exp.Expr) -> Relation:
    """The error port: the rows as they came in, and what was wrong with them."""
    rows = [*pass_on(source), named(error.copy(), ERROR_COLUMN.name)]
    return Relation(select(rows, source.table, not_null(error)), (*source.columns, ERROR_COLUMN), "fewer")


def find(columns: Columns, name: str, owner: str) -> Column:
    """A column by its exact name, else by its name without regard to case. Raises SqlProblem that lists what there is."""
    for same in (name.__eq__, lambda other: other.lower() == name.lower()):
        hits = [candidate for candidate in columns if same(candidate.name)]
        if len(hits) == 1:
            return hits[0]
        if hits:
            raise SqlProblem(f"{owner} has {' and '.join(c.name for c in hits)}, and {name} could be either; write it as it is there")
    raise SqlProblem(f"{owner} has no column {name}; it has {', '.join(c.name for c in columns)}", missing=(name, (owner,)))
