"""Settings that nodes and rules have: SQL, types, and names of columns, as marshmallow fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate

from shared.pipelines.fields import shown
from shared.pipelines.shapes import Shape
from shared.sql.errors import SqlProblem
from shared.sql.parse import read_expression
from shared.sql.query import read_query
from shared.sql.typing import named_type


class _Read(fields.String):
    """Text that `_read` can read; what it says of a text that it cannot is what is told."""

    def _read(self, text: str) -> object:
        """Raises SqlProblem."""
        raise NotImplementedError

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> str:
        text = str(super()._deserialize(value, attr, data, **options))
        try:
            self._read(text)
        except SqlProblem as problem:
            raise ValidationError(problem.message) from problem
        return text


class Expression(_Read):
    """SQL text that parses as one expression. `aggregates`: SUM(x) and the like may stand in it."""

    def __init__(self, *, aggregates: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.aggregates = aggregates

    def _read(self, text: str) -> object:
        return read_expression(text, aggregates=self.aggregates)


class Query(_Read):
    """SQL text that parses as one query, which reads and does nothing else."""

    def _read(self, text: str) -> object:
        return read_query(text)


class Statement(fields.String):
    """SQL text in the dialect of the connector it is sent to, which is not looked into here."""


# Fields that hold code: what a template gives stands in them as a literal or a quoted name, never as text.
CODE = (Expression, Query, Statement)


class Type(_Read):
    """A column type in PostgreSQL's spelling."""

    def _read(self, text: str) -> object:
        return named_type(text)


class ColumnName(fields.String):
    """The exact name of a column that comes in. `of`: the setting that names the one input it must be in; any input where left out."""

    def __init__(self, *, of: str | None = None, **options: Any) -> None:
        super().__init__(validate=validate.Length(min=1), **options)
        self.of = of


def column(title: str, description: str | None = None, *, of: str | None = None, example: str | None = None, **options: Any) -> ColumnName:
    return ColumnName(of=of, metadata=shown(title, description, example), **options)


def columns(
    title: str, description: str | None = None, *, least: int = 0, example: list[str] | None = None, **options: Any
) -> fields.List[str]:
    length = validate.Length(min=least) if least else None
    return fields.List(ColumnName(), validate=length, metadata=shown(title, description, example), **options)


def statement(title: str, description: str | None = None, *, example: str | None = None, **options: Any) -> Statement:
    return Statement(validate=validate.Length(min=1), metadata=shown(title, description, example), **options)


class SortKey(Shape):
    column = column("Column", required=True, example="sold_at")
    direction = fields.String(
        load_default="asc", validate=validate.OneOf(("asc", "desc")), metadata=shown("Direction", "Smallest or greatest first")
    )
    nulls = fields.String(
        validate=validate.OneOf(("first", "last")), metadata=shown("Where NULLs go", "As in PostgreSQL unless said: last ascending")
    )


def sort_keys(title: str, description: str | None = None, *, least: int = 0, **options: Any) -> fields.List[Any]:
    length = validate.Length(min=least) if least else None
    metadata = shown(title, description, [{"column": "sold_at", "direction": "desc"}])
    return fields.List(fields.Nested(SortKey), validate=length, metadata=metadata, **options)


def sql_only() -> fields.String:
    return fields.String(
        load_default="sql",
        validate=validate.Equal("sql", error="only sql is available yet; write the expression in SQL"),
        metadata=shown("Language of the expressions", "PostgreSQL's expressions"),
    )
