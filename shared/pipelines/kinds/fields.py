"""Settings that several kinds have, as marshmallow fields.

Choices that come later are named, so that they are refused by name and never ignored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate

from shared.pipelines.nodes.fields import NotYet as NotYet

NAME = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
RETRY_ON = ("timeout", "connection", "429", "503", "deadlock", "serialization")


class Choice(validate.OneOf):
    """One of some words; `later` are words of the language that this release cannot honour yet."""

    def __init__(self, choices: Iterable[str], later: Iterable[str] = ()) -> None:
        super().__init__(tuple(choices))
        self.later = tuple(later)


class CheckedByType(fields.Dict):
    """A mapping whose shape depends on a type that stands beside it; whoever knows the type checks it."""


class Word(fields.String):
    """Text, or a whole number that stands for it: `retryOn: [429]` means "429"."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise ValidationError("must be a word")
        return str(value)


def choice(title: str, choices: Iterable[str], *, later: Iterable[str] = (), **options: Any) -> fields.String:
    return fields.String(validate=Choice(choices, later), metadata={"title": title}, **options)


def seconds(title: str, *, least: float = 0, **options: Any) -> fields.Float:
    return fields.Float(validate=validate.Range(min=least), metadata={"title": title, "unit": "seconds"}, **options)


def count(title: str, *, least: int = 0, **options: Any) -> fields.Integer:
    return fields.Integer(strict=True, validate=validate.Range(min=least), metadata={"title": title}, **options)


def flag(title: str, **options: Any) -> fields.Boolean:
    return fields.Boolean(truthy={True}, falsy={False}, metadata={"title": title}, **options)


def text(title: str, **options: Any) -> fields.String:
    return fields.String(metadata={"title": title}, **options)


def word(title: str, **options: Any) -> fields.String:
    """Text that is not empty."""
    return fields.String(validate=validate.Length(min=1), metadata={"title": title}, **options)


def words(title: str, **options: Any) -> fields.List[str]:
    return fields.List(fields.String(validate=validate.Length(min=1)), metadata={"title": title}, **options)


def mapping(title: str) -> fields.Dict:
    return fields.Dict(keys=fields.String(), load_default=dict, metadata={"title": title})


def retry_on(**options: Any) -> fields.List[str]:
    return fields.List(Word(validate=Choice(RETRY_ON)), metadata={"title": "What counts as transient"}, **options)
