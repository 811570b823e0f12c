"""The languages an expression of a node may be in, SQL or SpEL, and how one of either becomes SQL that never raises and its error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError, fields, validate
from sqlglot import exp

from shared.pipelines import spel
from shared.pipelines.model import Node
from shared.pipelines.nodes.fields import Expression
from shared.pipelines.nodes.relations import typed
from shared.pipelines.nodes.types import Input
from shared.sql.errors import SqlProblem
from shared.sql.parse import read_expression
from shared.sql.row_errors import first_of, guard
from shared.sql.typing import annotate, named_type, type_of

SQL, SPEL = "sql", "spel"


class EitherExpression(Expression):
    """An expression in the language that the node's `language` says; the node's schema has it read, by `unreadable`."""

    def _read(self, text: str) -> object:
        return text


@dataclass(frozen=True, slots=True)
class Computed:
    """`tree` never raises; `error` is a text, NULL for a good row, or None: no row can fail. `type`: in our spelling."""

    tree: exp.Expr
    error: exp.Expr | None
    type: str


def language() -> fields.String:
    return fields.String(
        load_default=SQL,
        validate=validate.OneOf((SQL, SPEL)),
        metadata={"title": "Language of the expressions", "description": "sql: as PostgreSQL has it; spel: the Spring Expression Language"},
    )


def read(text: str, spoken: str) -> None:
    """Raises SqlProblem, with the position, for text that is no expression of that language."""
    if spoken == SPEL:
        spel.read(text)
    else:
        read_expression(text)


def unreadable(text: str, spoken: str) -> list[str]:
    """What marshmallow is to say of the text: nothing, or one sentence."""
    try:
        read(text, spoken)
    except SqlProblem as problem:
        return [problem.message]
    return []


def refuse_unreadable(found: Mapping[Any, Any]) -> None:
    """Raises ValidationError with the sentences by field, if there are any."""
    if found:
        raise ValidationError(dict(found))


def computed(node: Node, text: str, source: Input, label: str, wanted: str | None = None) -> Computed:
    """`label` begins what is said of a bad row. `wanted`: a type that the result is cast to. Raises SqlProblem."""
    if node.config["language"] == SPEL:
        made = spel.lower(text, label, source.table, source.columns, node.parameters)
        if wanted is None:
            return Computed(made.tree, made.error, made.type)
        return _cast(made, wanted, label)
    tree = typed(text, (source,))
    if wanted is not None:
        tree = annotate(exp.Cast(this=tree, to=named_type(wanted)), {source.table: source.columns})
    safe, error = guard(tree, label)
    return Computed(safe, error, type_of(tree))


def _cast(made: spel.Lowered, wanted: str, label: str) -> Computed:
    """A cast around what is already safe: guarded as if that were a column, so that nothing in it is guarded again."""
    inner = exp.column("value")
    inner.type = made.tree.type
    cast = exp.Cast(this=inner, to=named_type(wanted))
    cast.type = cast.to
    safe, error = guard(cast, label)
    return Computed(_put(safe, made.tree), first_of([made.error, _put(error, made.tree) if error is not None else None]), type_of(cast))


def _put(around: exp.Expr, value: exp.Expr) -> exp.Expr:
    """`around` with the value in place of its one column."""

    def filled(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Column):
            return node
        inside = exp.Paren(this=value.copy())
        inside.type = value.type
        return inside

    return around.transform(filled)
