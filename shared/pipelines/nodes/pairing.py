"""Several inputs of a node that has no rule of its own for them: stacked where their columns are the same, else side by side.

Side by side: rows paired by position, in the order of the edges, the shorter input padded with NULL, each column prefixed by the id of
the node it comes from. A position is settled by the input's own order, else by all its columns, so that two runs pair alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlglot import exp

from shared.datasets import Column
from shared.pipelines.nodes.relations import column, named, select
from shared.pipelines.nodes.types import Input, Names, Relation
from shared.pipelines.nodes.union import stacked
from shared.sql.errors import SqlProblem

_PLACE = "__place"


@dataclass(frozen=True, slots=True)
class Order:
    """How an input's rows are ordered. `given`: as they arrive, which is an order (a file's); `keys`: by a sorter; `none`: not at all."""

    how: Literal["given", "keys", "none"]
    keys: tuple[exp.Ordered, ...] = ()


def together(inputs: Sequence[Names]) -> Names:
    """Column names of several inputs as one, while a recipe is checked."""
    first = inputs[0]
    if any(one.names is None for one in inputs):
        return Names(first.node, first.table, None)
    if len({frozenset(one.names or ()) for one in inputs}) == 1:
        return first
    return Names(first.node, first.table, tuple(_prefixed(one, name) for one in inputs for name in one.names or ()))


def merged(inputs: tuple[Input, ...], orders: Sequence[Order], name: str, node: str) -> Relation:
    """The rows of all inputs as one relation. `orders`: one for each. Raises SqlProblem where columns would be there twice."""
    if are_alike(inputs):
        return stacked(inputs, name, node)
    parts = [_numbered(one, order, f"{name} {number}") for number, (one, order) in enumerate(zip(inputs, orders, strict=True))]
    rows: list[exp.Expr] = []
    columns: list[Column] = []
    for one, part in zip(inputs, parts, strict=True):
        for c in one.columns:
            made = _prefixed(one, c.name)
            if made in {other.name for other in columns}:
                raise SqlProblem(
                    f"column {made} would be there twice when the rows of the inputs are paired; choose edge columns", node=node
                )
            rows.append(named(column(c.name, part.alias), made))
            columns.append(Column(made, c.type))
    query = exp.Select(expressions=rows).from_(parts[0], copy=False)
    for number, part in enumerate(parts[1:], start=1):
        before = [column(_PLACE, earlier.alias) for earlier in parts[:number]]
        place = before[0] if len(before) == 1 else exp.Coalesce(this=before[0], expressions=before[1:])
        query.join(part, on=exp.EQ(this=place, expression=column(_PLACE, part.alias)), join_type="full", copy=False)
    return Relation(query, tuple(columns), "own", rest="paired")


def are_alike(inputs: Sequence[Input]) -> bool:
    return len({frozenset(c.name for c in one.columns) for one in inputs}) == 1


def _prefixed(one: Input | Names, name: str) -> str:
    return f"{one.table.replace('.', '_')}_{name}"


def _numbered(one: Input, order: Order, alias: str) -> exp.Subquery:
    keys = [exp.Ordered(this=column(k.this.name, one.table), desc=k.args["desc"], nulls_first=k.args["nulls_first"]) for k in order.keys]
    if order.how != "given":
        settled = {key.this.name for key in keys}
        keys += [exp.Ordered(this=column(c.name, one.table), desc=False, nulls_first=False) for c in one.columns if c.name not in settled]
    place = exp.Window(this=exp.RowNumber(), order=exp.Order(expressions=keys) if keys else None)
    inner = select([*(column(c.name, one.table) for c in one.columns), named(place, _PLACE)], one.table)
    return exp.Subquery(this=inner, alias=exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))
