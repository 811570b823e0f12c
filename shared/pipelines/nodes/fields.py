"""Settings that several node types have, as marshmallow fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from marshmallow import ValidationError, fields, validate

from shared.sql.errors import SqlProblem
from shared.sql.parse import expression
from shared.sql.typing import named_type


class NotYet(fields.Raw):
    """A setting of the language that this release cannot honour: refused with a sentence, never ignored."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> NoReturn:
        raise ValidationError(f"{attr} is not available yet in this release; leave it out")


class Expression(fields.String):
    """SQL text that parses as one expression. `aggregates`: SUM(x) and the like may stand in it."""

    def __init__(self, *, aggregates: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.aggregates = aggregates

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> str:
        value_text = str(super()._deserialize(value, attr, data, **options))
        try:
            expression(value_text, aggregates=self.aggregates)
        except SqlProblem as problem:
            raise ValidationError(problem.message) from problem
        return value_text


class Statement(fields.String):
    """SQL text in the dialect of the connector it is sent to; templates in it become literals, as in an expression."""


# Fields whose templates become literals and quoted names, not text.
CODE = (Expression, Statement)


class Type(fields.String):
    """A column type in PostgreSQL's spelling."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> str:
        value_text = str(super()._deserialize(value, attr, data, **options))
        try:
            named_type(value_text)
        except SqlProblem as problem:
            raise ValidationError(problem.message) from problem
        return value_text


def text(title: str, description: str | None = None, **options: Any) -> fields.String:
    return fields.String(validate=validate.Length(min=1), metadata=_shown(title, description), **options)


def statement(title: str, **options: Any) -> Statement:
    return Statement(validate=validate.Length(min=1), metadata={"title": title}, **options)


def texts(title: str, description: str | None = None, **options: Any) -> fields.List[str]:
    return fields.List(fields.String(validate=validate.Length(min=1)), metadata=_shown(title, description), **options)


def sql_only() -> fields.String:
    return fields.String(
        load_default="sql",
        validate=validate.Equal("sql", error="only sql is available yet; write the expression in SQL"),
        metadata={"title": "Language of the expressions"},
    )


def _shown(title: str, description: str | None) -> dict[str, str]:
    return {"title": title} | ({"description": description} if description else {})
