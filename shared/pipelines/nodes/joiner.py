"""joiner: two inputs side by side, by keys or by a condition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from marshmallow import fields, validate
from sqlglot import exp

from shared.datasets import Column
from shared.pipelines.fields import parts, prose, shown, text
from shared.pipelines.model import Node
from shared.pipelines.nodes.fields import Expression
from shared.pipelines.nodes.fields import column as column_name
from shared.pipelines.nodes.relations import column, find, named, select, table, typed
from shared.pipelines.nodes.types import Compiled, Input, Names, NodeType, Relation
from shared.pipelines.shapes import ExactlyOne, Shape
from shared.sql.errors import SqlProblem
from shared.sql.row_errors import guard


class Key(Shape):
    left = column_name("Left column", of="left", required=True, example="customer_id")
    right = column_name("Right column", of="right", required=True, example="id")


class JoinerConfig(Shape):
    joinType = fields.String(
        required=True,
        validate=validate.OneOf(("INNER", "LEFT", "RIGHT", "FULL")),
        metadata=shown("Join type", "Which rows go on that have no partner", "LEFT"),
    )
    left = text("Left input", "The id of an upstream node, or id.port", required=True, templates="never", example="read-sales")
    right = text("Right input", "The id of an upstream node, or id.port", required=True, templates="never", example="read-customers")
    keys = parts(Key, "Keys", "Columns that must be equal", least=1)
    condition = Expression(metadata=shown("Condition", "Instead of keys", "sales.day BETWEEN prices.valid_from AND prices.valid_to"))
    prefix = prose("Prefix", "Of clashing columns of the right input; its node's id and _ where left out", example="customer_")

    together = (ExactlyOne(("keys", "condition")),)


def reads(config: Mapping[str, Any]) -> Iterator[tuple[str, str, int | None]]:
    for side in ("left", "right"):
        if isinstance(config.get(side), str):
            yield side, config[side], None


def outgoing(config: Mapping[str, Any], inputs: Sequence[Names]) -> tuple[str, ...] | None:
    found = [next((one for one in inputs if config[side] in {one.node, one.table}), None) for side in ("left", "right")]
    left, right = found
    if left is None or right is None or left.names is None or right.names is None:
        return None
    keys = {key["left"] for key in config.get("keys", ()) if key["left"] == key["right"]}
    prefix = config.get("prefix") or f"{right.node}_"
    return (*left.names, *(f"{prefix}{name}" if name in left.names else name for name in right.names if name not in keys))


def compile_joiner(node: Node, inputs: tuple[Input, ...]) -> Compiled:
    config = node.config
    left, right = (_input(inputs, config[side], side) for side in ("left", "right"))
    how = config["joinType"]
    keys = [(find(left.columns, k["left"], left.node), find(right.columns, k["right"], right.node)) for k in config.get("keys", ())]
    shared_names = {a.name for a, b in keys if a.name == b.name}
    taken = {c.name for c in left.columns}
    prefix = config.get("prefix") or f"{right.node}_"
    rows: list[exp.Expr] = []
    columns: list[Column] = []
    for c in left.columns:
        mine: exp.Expr = column(c.name, left.table)
        if c.name in shared_names and how in {"RIGHT", "FULL"}:
            # The key of a row that the left side does not have comes from the right.
            mine = exp.Coalesce(this=mine, expressions=[column(c.name, right.table)])
        rows.append(named(mine, c.name))
        columns.append(Column(c.name, c.type, c.nullable or how in {"RIGHT", "FULL"}))
    for c in right.columns:
        if c.name in shared_names:
            continue
        new = f"{prefix}{c.name}" if c.name in taken else c.name
        rows.append(named(column(c.name, right.table), new))
        columns.append(Column(new, c.type, c.nullable or how in {"LEFT", "FULL"}))
    on: exp.Expr | None = (
        exp.and_(*(exp.EQ(this=column(a.name, left.table), expression=column(b.name, right.table)) for a, b in keys)) if keys else None
    )
    if on is None:
        on, error = guard(typed(config["condition"], (left, right)), "condition")
        if error is not None:
            raise SqlProblem(
                "a join's condition cannot hold a cast or a division that may fail; compute it in an expression before", node=node.id
            )
    query = select(rows, left.table).join(table(right.table), on=on, join_type=how, copy=False)
    return Compiled({"out": Relation(query, tuple(columns), "own", rest="fanOut")})


def _input(inputs: tuple[Input, ...], wanted: str, side: str) -> Input:
    for one in inputs:
        if wanted in {one.node, one.table}:
            return one
    raise SqlProblem(f"{side} is {wanted}, which no edge brings here; there is {', '.join(i.node for i in inputs)}")


JOINER = NodeType(
    "joiner",
    "transform",
    "Joiner",
    JoinerConfig,
    (2, 2),
    lambda _: ("out", "error"),
    compile_joiner,
    description="Puts two inputs side by side, by keys or by a condition",
    outgoing=outgoing,
    reads=reads,
)
