"""Building blocks of relations: quoted columns and tables, typed expressions, guarded selects. Used by the node types only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

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
    return typed_tree(expression(text, aggregates=aggregates), inputs)


def typed_tree(tree: exp.Expr, inputs: Sequence[Input]) -> exp.Expr:
    """The same of an expression that was read already, or made; changes and returns it."""
    return written_out(resolve(tree, {i.table: i.columns for i in inputs}))


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
    """The error port: the rows as they came in, and what was wrong with them; what an earlier node said of them gives way to it."""
    kept = tuple(c for c in source.columns if c.name != ERROR_COLUMN.name)
    rows = [*(column(c.name, source.table) for c in kept), named(error.copy(), ERROR_COLUMN.name)]
    return Relation(select(rows, source.table, not_null(error)), (*kept, ERROR_COLUMN), "fewer")


def ordered(key: Mapping[str, Any], source: Input) -> exp.Ordered:
    """A key of an order ({column, direction, nulls}), with NULLs where PostgreSQL has them unless said. Raises SqlProblem."""
    of = find(source.columns, key["column"], source.node)
    descending = key.get("direction") == "desc"
    first = key.get("nulls", "first" if descending else "last") == "first"
    return exp.Ordered(this=column(of.name, source.table), desc=descending, nulls_first=first)


def numbered(source: Input, number: exp.Expr, name: str, where: exp.Expr) -> exp.Select:
    """The rows of a source for which `where` is true, which may look at `number`, a window over them, as the column `name`."""
    inner = select([*pass_on(source), named(number, name)], source.table)
    outer = exp.Subquery(this=inner, alias=exp.TableAlias(this=exp.to_identifier(source.table, quoted=True)))
    return exp.Select(expressions=pass_on(source)).from_(outer, copy=False).where(where, copy=False)


def find(columns: Columns, name: str, owner: str) -> Column:
    """A column by its exact name, else by its name without regard to case. Raises SqlProblem that lists what there is."""
    for same in (name.__eq__, lambda other: other.lower() == name.lower()):
        hits = [candidate for candidate in columns if same(candidate.name)]
        if len(hits) == 1:
            return hits[0]
        if hits:
            raise SqlProblem(f"{owner} has {' and '.join(c.name for c in hits)}, and {name} could be either; write it as it is there")
    raise SqlProblem(f"{owner} has no column {name}; it has {', '.join(c.name for c in columns)}", missing=(name, (owner,)))
