"""A lowered expression: its SQL, which never raises, and beside it what was wrong with the row where Spring would have raised.

`error` is a text that is NULL for a good row. Rows with an error go to the error port, so the SQL of the value may be anything for them,
as long as it can be computed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from shared.datasets import Column
from shared.pipelines.spel.errors import SpelError, did_you_mean, nearest
from shared.pipelines.spel.tree import Call, Node, Property
from shared.pipelines.spel.types import Kind, Type
from shared.sql.row_errors import first_of
from shared.sql.typing import named_type


@dataclass(frozen=True, slots=True)
class Value:
    """`nullable`: whether it can be NULL in a row without error. `constant`: the value itself where the text says it (None: it does not).

    `items`: of a list written out.
    """

    tree: exp.Expr
    type: Type
    nullable: bool = False
    error: exp.Expr | None = None
    constant: Any = None
    items: tuple[Value, ...] | None = None

    @property
    def kind(self) -> Kind:
        return self.type.kind

    @property
    def sql(self) -> exp.Expr:
        """A copy that can stand as an operand of anything."""
        return operand(self.tree)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an expression stands. `label` begins what is said of a bad row; `parameters` are values by name, of Python's types."""

    text: str
    label: str
    table: str
    columns: Mapping[str, Column]
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def source(self, node: Node) -> str:
        """The text of a node, short enough to stand in a sentence."""
        text = self.text[node.start : node.end]
        return text if len(text) <= 60 else f"{text[:57]}..."

    def saying(self, sentence: str) -> exp.Expr:
        return exp.Literal.string(f"{self.label}: {sentence}")

    def wrong(self, condition: exp.Expr, sentence: str) -> exp.Expr:
        """An error of the rows for which the condition is true."""
        return exp.Case(ifs=[exp.If(this=condition, true=self.saying(sentence))])

    def when_null(self, value: Value, node: Node, user: str) -> exp.Expr | None:
        """The error of rows in which `value` is NULL where `user` needs something."""
        if value.kind is Kind.NULL:
            return self.saying(f"{self.source(node)} is null, and {user} needs a value")
        return self.wrong(is_null(value.tree), f"{self.source(node)} is null, and {user} needs a value") if value.nullable else None


_ATOMS = (exp.Column, exp.Literal, exp.Func, exp.Paren, exp.Null, exp.Boolean, exp.Case)


def operand(tree: exp.Expr) -> exp.Expr:
    """A copy, in parentheses where what stands around it could bind tighter."""
    # `and` and `or` are functions to sqlglot.
    bare = isinstance(tree, _ATOMS) and not isinstance(tree, exp.Connector)
    return tree.copy() if bare else exp.Paren(this=tree.copy())


def is_null(tree: exp.Expr) -> exp.Expr:
    return exp.Is(this=operand(tree), expression=exp.null())


def not_null(tree: exp.Expr) -> exp.Expr:
    return exp.Not(this=is_null(tree))


def number(value: int) -> exp.Expr:
    literal = exp.Literal.number(abs(value))
    return literal if value >= 0 else exp.Neg(this=literal)


def text(value: str) -> exp.Expr:
    return exp.Literal.string(value)


def cast(tree: exp.Expr, sql_type: str) -> exp.Expr:
    """`tree` is taken over, not copied."""
    made = exp.Cast(this=tree, to=named_type(sql_type))
    made.type = made.to
    return made


def choose(*branches: tuple[exp.Expr, exp.Expr], default: exp.Expr | None = None) -> exp.Expr:
    return exp.Case(ifs=[exp.If(this=condition, true=value) for condition, value in branches], default=default)


def all_of(conditions: Iterable[exp.Expr]) -> exp.Expr:
    return _connected(exp.And, [_bound(condition) for condition in conditions])


def any_of(conditions: Iterable[exp.Expr]) -> exp.Expr:
    return _connected(exp.Or, [_bound(condition) for condition in conditions])


def _bound(condition: exp.Expr) -> exp.Expr:
    return exp.Paren(this=condition) if isinstance(condition, exp.Connector) else condition


def _connected(connector: type[exp.Connector], conditions: list[exp.Expr]) -> exp.Expr:
    """In halves: a long row of them would nest as deep as it is long."""
    if len(conditions) == 1:
        return conditions[0]
    middle = len(conditions) // 2
    return connector(this=_connected(connector, conditions[:middle]), expression=_connected(connector, conditions[middle:]))


def call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.func(name, *arguments, dialect="postgres", copy=False)


def errors(*found: exp.Expr | None) -> exp.Expr | None:
    """The first that a row has."""
    present: list[exp.Expr | None] = []
    for error in found:
        # One within another would nest as deep as the expression is long.
        present += [error.this, *error.expressions] if isinstance(error, exp.Coalesce) else [error]
    return first_of(present)


def only_when(condition: exp.Expr, error: exp.Expr | None) -> exp.Expr | None:
    return None if error is None else choose((condition, error.copy()))


def refuse(node: Node, message: str) -> SpelError:
    """At the name of what is called, else where the node begins."""
    return SpelError(message, _place(node))


def refuse_word(node: Node, message: str, word: str, known: Iterable[str]) -> SpelError:
    """For a word that is none of `known`: the sentence goes on with the nearest of them."""
    there = tuple(known)
    return SpelError(f"{message}{did_you_mean(word, there)}", _place(node), suggestion=nearest(word, there))


def _place(node: Node) -> int:
    return node.at if isinstance(node, Call | Property) else node.start
