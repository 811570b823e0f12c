"""What several bodies have."""

from __future__ import annotations

from datetime import MAXYEAR, MINYEAR, UTC, datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

MAX_PAGE = 500
MOST_WORDS = 10_000
# PostgreSQL's integer and bigint.
MAX_INTEGER, MAX_BIGINT = 2**31 - 1, 2**63 - 1


def time(**options: Any) -> fields.String:
    return fields.String(metadata={"format": "date-time", "description": "RFC 3339, UTC"}, **options)


def maybe_time() -> fields.String:
    return time(allow_none=True)


def words(**options: Any) -> fields.String:
    """What somebody says for the record."""
    return fields.String(validate=validate.Length(max=MOST_WORDS, error="it must have at most {max} characters"), **options)


def pipeline_filter() -> fields.String:
    return fields.String(metadata={"description": "Its name, or namespace/name"})


class Flag(fields.Boolean):
    """true or false of a body: nothing that looks like it, such as 0, "no" or "1"."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError(f"it must be true or false, not {str(value)[:100]!r}")
        return value


class Whole(fields.Integer):
    """A whole number of a body, as JSON may write it: 2 and 2.0, and neither "2" nor 2.5, which would be cut off."""

    default_error_messages = {"invalid": "it must be a whole number"}  # noqa: RUF012 (as marshmallow has it)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | float) or (isinstance(value, float) and not value.is_integer()):
            raise self.make_error("invalid", input=value)
        return int(value)


def said(value: Any) -> str:
    """What is written as a text and means more: of a body it may be nothing else. Raises ValidationError."""
    if not isinstance(value, str):
        raise ValidationError(f"it must be a text, not {str(value)[:100]!r}")
    return value


class Instant(fields.Field[datetime]):
    """A time of RFC 3339 that is sent; UTC where it names no zone.

    The first and the last year of the calendar are left out: what is counted from a time, in any zone, must be a time too.
    """

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> datetime:
        try:
            said = datetime.fromisoformat(value)
        except (TypeError, ValueError) as error:
            raise ValidationError(f"{str(value)[:100]!r} must be a day or time of RFC 3339, 2026-03-29 or 2026-03-29T02:00:00Z") from error
        try:
            at = (said if said.tzinfo else said.replace(tzinfo=UTC)).astimezone(UTC)
        except OverflowError:
            at = datetime.max.replace(tzinfo=UTC)
        if not MINYEAR < at.year < MAXYEAR:
            raise ValidationError(f"{value!r} must lie in the years {MINYEAR + 1} to {MAXYEAR - 1} (UTC)")
        return at


def known(of: type[fields.Field[Any]] = fields.Integer, about: str = "null where it is not known") -> fields.Field[Any]:
    return of(allow_none=True, metadata={"description": about})


class Problem(Schema):
    """RFC 9457."""

    type = fields.String(metadata={"example": "urn:penstock:problem:not-found"})
    title = fields.String(metadata={"example": "Not Found"})
    status = fields.Integer(metadata={"example": 404})
    detail = fields.String(
        metadata={
            "description": "One sentence: what is wrong, and what to do",
            "example": "there is no pipeline default/orders; apply it first",
        }
    )
    requestId = fields.String(metadata={"description": "The call's X-Request-ID, under which it is found in logs"})
    errors = fields.List(fields.Raw(), metadata={"description": "What is wrong with a text, each at its place"})


class Told(Schema):
    """Something wrong with a text; line and column count from 1."""

    code = fields.String()
    message = fields.String()
    path = fields.String(metadata={"description": "A JSON pointer"})
    line = fields.Integer()
    column = fields.Integer()
    node = fields.String(allow_none=True)
    severity = fields.String(validate=validate.OneOf(("error", "warning")))
    suggestion = fields.String(allow_none=True)


class Paged(Schema):
    """`limit` and `cursor` of a list."""

    limit = fields.Integer(
        load_default=100,
        validate=validate.Range(1, MAX_PAGE, error="limit is {input}; it must be a whole number from 1 to {max}"),
        error_messages={"invalid": "limit is {input!r}; it must be a whole number"},
        metadata={"description": "How many at most"},
    )
    cursor = fields.String(metadata={"description": "nextCursor of the page before"})


def page_of(item: type[Schema], name: str) -> type[Schema]:
    return Schema.from_dict(
        {
            "items": fields.List(fields.Nested(item)),
            "nextCursor": fields.String(allow_none=True, metadata={"description": "null on the last page"}),
        },
        name=name,
    )
