"""expression: computes columns row by row, and drops or renames others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import fields, validate, validates_schema
from sqlglot import exp

from shared.datasets import Column
from shared.pipelines.fields import parts, shown, text
from shared.pipelines.model import Node
from shared.pipelines.nodes.fields import Type
from shared.pipelines.nodes.fields import columns as column_names
from shared.pipelines.nodes.languages import EitherExpression, computed, language, refuse_unreadable, unreadable
from shared.pipelines.nodes.relations import column, errors_of, find, is_null, named, select
from shared.pipelines.nodes.types import Compiled, Input, Names, NodeType, Relation
from shared.pipelines.shapes import Shape
from shared.sql.errors import SqlProblem
from shared.sql.row_errors import first_of


class ComputedColumn(Shape):
    name = text("Column", "That is made; one of that name is replaced", required=True, example="net")
    expression = EitherExpression(required=True, metadata=shown("Expression", "Over the columns that come in", "amount - tax"))
    type = Type(metadata=shown("Type", "Casts the result", "NUMERIC(12, 2)"))


class ExpressionConfig(Shape):
    columns = parts(ComputedColumn, "Computed columns", required=True)
    language = language()
    keep = fields.String(
        load_default="all",
        validate=validate.OneOf(("all", "listed")),
        metadata=shown("Columns that go on", "All that come in and the computed ones, or only those"),
    )
    drop = column_names("Columns to drop", load_default=list, example=["internal_note"])
    rename = fields.Dict(
        keys=fields.String(), values=fields.String(), load_default=dict, metadata=shown("New names, by old name", example={"amt": "amount"})
    )

    @validates_schema
    def _readable(self, data: dict[str, Any], **_: Any) -> None:
        found = {at: unreadable(column["expression"], data["language"]) for at, column in enumerate(data["columns"])}
        if wrong := {at: {"expression": said} for at, said in found.items() if said}:
            refuse_unreadable({"columns": wrong})


def outgoing(config: Mapping[str, Any], inputs: Sequence[Names]) -> tuple[str, ...] | None:
    listed = tuple(wanted["name"] for wanted in config["columns"])
    if config["keep"] == "listed":
        return listed
    if not inputs or inputs[0].names is None:
        return None
    kept = [config["rename"].get(old, old) for old in inputs[0].names if old not in config["drop"]]
    return tuple(dict.fromkeys((*kept, *listed)))


def compile_expression(node: Node, inputs: tuple[Input, ...]) -> Compiled:
    (source,) = inputs
    config = node.config
    for dropped in (*config["drop"], *config["rename"]):
        find(source.columns, dropped, source.node)
    made: dict[str, tuple[exp.Expr, Column]] = {}
    errors: list[exp.Expr | None] = []
    for wanted in config["columns"]:
        value = computed(node, wanted["expression"], source, wanted["name"], wanted.get("type"))
        made[wanted["name"]] = (value.tree, Column(wanted["name"], value.type))
        errors.append(value.error)
    kept = source.columns if config["keep"] == "all" else ()
    rows: list[exp.Expr] = []
    columns: list[Column] = []
    for old in kept:
        new = config["rename"].get(old.name, old.name)
        # A computed column takes the place of the one whose name it has.
        if old.name in config["drop"] or new in made:
            continue
        rows.append(named(column(old.name, source.table), new) if new != old.name else column(old.name, source.table))
        columns.append(Column(new, old.type, old.nullable))
    for name, (safe, made_column) in made.items():
        rows.append(named(safe, name))
        columns.append(made_column)
    twice = {c.name for c in columns if [other.name for other in columns].count(c.name) > 1}
    if twice:
        raise SqlProblem(f"column {sorted(twice)[0]} would be there twice; rename or drop one", node=node.id)
    error = first_of(errors)
    out = Relation(select(rows, source.table, is_null(error) if error is not None else None), tuple(columns), "same")
    return Compiled({"out": out} if error is None else {"out": out, "error": errors_of(source, error)})


EXPRESSION = NodeType(
    "expression",
    "transform",
    "Expression",
    ExpressionConfig,
    (1, 1),
    lambda _: ("out", "error"),
    compile_expression,
    description="Computes columns row by row, drops and renames others",
    outgoing=outgoing,
)
