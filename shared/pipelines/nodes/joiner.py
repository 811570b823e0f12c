"""joiner: two inputs side by side, by keys or by a condition."""

from __future__ import annotations

from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from sqlglot import exp

from shared.datasets import Column
from shared.pipelines.model import Node
from shared.pipelines.nodes.fields import Expression, text
from shared.pipelines.nodes.relations import column, find, named, select, table, typed
from shared.pipelines.nodes.types import Compiled, Input, NodeType, Relation
from shared.sql.errors import SqlProblem
from shared.sql.row_errors import guard


class Key(Schema):
    left = text("Left column", required=True)
    right = text("Right column", required=True)


class JoinerConfig(Schema):
    joinType = fields.String(required=True, validate=validate.OneOf(("INNER", "LEFT", "RIGHT", "FULL")), metadata={"title": "Join type"})
    left = text("Left input", required=True)
    right = text("Right input", required=True)
    keys = fields.List(fields.Nested(Key), metadata={"title": "Keys"})
    condition = Expression(metadata={"title": "Condition, instead of keys"})
    prefix = fields.String(
        metadata={"title": "Prefix of clashing columns of the right input", "description": "Default: its node's id and _"}
    )

    @validates_schema
    def _one_of(self, data: dict[str, object], **_: object) -> None:
        if bool(data.get("keys")) == ("condition" in data):
            raise ValidationError("give either keys or condition", "keys")


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
    return Compiled({"out": Relation(query, tuple(columns), "own")})


def _input(inputs: tuple[Input, ...], wanted: str, side: str) -> Input:
    for one in inputs:
        if wanted in {one.node, one.table}:
            return one
    raise SqlProblem(f"{side} is {wanted}, which no edge brings here; there is {', '.join(i.node for i in inputs)}")


JOINER = NodeType("joiner", "transform", "Joiner", JoinerConfig, (2, 2), lambda _: ("out", "error"), compile_joiner)
