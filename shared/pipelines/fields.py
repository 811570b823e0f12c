"""Settings of documents and nodes, as marshmallow fields: each says what it is called, what it means, and shows an example.

The fields are the only definition of a setting: validation, the values that are loaded, and the JSON Schema all come from them
(`shared.pipelines.json_schema`). What metadata may hold: title, description, examples, unit; `later` (see `later`); `templates`:
"never" where a value must be known before any run, "own" where `{{…}}` means something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from marshmallow import Schema, ValidationError, fields, validate

from shared.pipelines.shapes import instance

F = TypeVar("F", bound=fields.Field[Any])

# A name of a resource or a namespace: a DNS-1123 label.
NAME = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"


class Choice(validate.OneOf):
    """One of some words; `later` are those of them that this release cannot honour yet."""

    def __init__(self, choices: Iterable[str], later: Iterable[str] = ()) -> None:
        self.later = tuple(later)
        super().__init__((*choices, *self.later))

    @property
    def available(self) -> tuple[str, ...]:
        return tuple(str(one) for one in self.choices if one not in self.later)


class CheckedByType(fields.Dict):
    """A mapping whose shape depends on a type that stands beside it; whoever knows the type checks it."""


class ByType(fields.Dict):
    """A mapping whose shape depends on its own `type`: `schemas` by type, `what` the word for one ("rule").

    `later`: types that this release cannot honour. `common`: what all types have. `elsewhere`: types that cannot stand here, with why.
    """

    def __init__(
        self,
        what: str,
        schemas: Mapping[str, type[Schema]],
        common: type[Schema],
        *,
        later: Iterable[str] = (),
        elsewhere: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.what = what
        self.schemas = schemas
        self.common = common
        self.later = frozenset(later)
        self.elsewhere = elsewhere or {}

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> dict[str, Any]:
        mapping: dict[str, Any] = super()._deserialize(value, attr, data, **options)  # type: ignore[no-untyped-call]
        kind = mapping.get("type")
        if not isinstance(kind, str) or kind not in self.schemas:
            raise ValidationError({"type": [f"must be one of {', '.join(self.schemas)}"]})
        loaded: dict[str, Any] = instance(self.schemas[kind]).load(mapping)
        return loaded


class Word(fields.String):
    """Text, or what YAML makes of it: `retryOn: [429]` means "429", `nullIs: false` "false"."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> str:
        if not isinstance(value, str | int):
            raise ValidationError("must be a word")
        return spelt(value)


def spelt(value: Any) -> str:
    """A value as the word that YAML has read it from."""
    return str(value).lower() if isinstance(value, bool) else str(value)


class Quantity(fields.Field[Any]):
    """A number, or text of a certain form that stands for one: `90` or "90m", `1000` or "5%"."""

    def __init__(self, form: str, told: str, **options: Any) -> None:
        super().__init__(**options)
        self.form = validate.Regexp(rf"{form}\Z", error=f"must be {told}")
        self.told = told

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> Any:
        if isinstance(value, str):
            return self.form(value)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
            raise ValidationError(f"must be {self.told}")
        return value


def later(field: F, *, quietly: bool = False) -> F:
    """Marks a setting that this release cannot honour: a run is refused while it has another value than its default.

    `quietly`: a run by hand is the same without it, so it is only told.
    """
    field.metadata = {**field.metadata, "later": "told" if quietly else "refused"}
    return field


def not_available(field: fields.Field[Any], value: Any) -> str | None:
    """ "refused" or "told" for a value that this release cannot honour; None for all others."""
    default = field.load_default() if callable(field.load_default) else field.load_default
    if "later" in field.metadata and value is not None and value != default:
        return str(field.metadata["later"])
    if any(isinstance(one, Choice) and value in one.later for one in field.validators):
        return "refused"
    return None


def shown(title: str, description: str | None = None, example: Any = None, **more: Any) -> dict[str, Any]:
    """The metadata of a field."""
    said: dict[str, Any] = {"title": title}
    if description:
        said["description"] = description
    if example is not None:
        said["examples"] = [example]
    return said | more


def _metadata(title: str, description: str | None, options: dict[str, Any]) -> dict[str, Any]:
    more = {key: options.pop(key) for key in ("example", "templates", "unit") if key in options}
    return shown(title, description, **more)


def text(title: str, description: str | None = None, **options: Any) -> fields.String:
    """Text that is not empty."""
    metadata = _metadata(title, description, options)
    return fields.String(validate=validate.Length(min=1), metadata=metadata, **options)


def words(title: str, description: str | None = None, *, least: int = 0, **options: Any) -> fields.List[str]:
    """A list of texts, none of them empty; `least` so many of them."""
    metadata = _metadata(title, description, options)
    items: fields.List[str] = fields.List(
        fields.String(validate=validate.Length(min=1)), validate=validate.Length(min=least) if least else None, metadata=metadata, **options
    )
    return items


def prose(title: str, description: str | None = None, **options: Any) -> fields.String:
    """Text for people, which may be empty."""
    metadata = _metadata(title, description, options)
    return fields.String(metadata=metadata, **options)


def choice(
    title: str, choices: Iterable[str], description: str | None = None, *, later: Iterable[str] = (), **options: Any
) -> fields.String:
    metadata = _metadata(title, description, options)
    return fields.String(validate=Choice(choices, later), metadata=metadata, **options)


def choices(title: str, choices: Iterable[str], description: str | None = None, **options: Any) -> fields.List[str]:
    """A list of words out of a few, not empty."""
    metadata = _metadata(title, description, options)
    items: fields.List[str] = fields.List(
        fields.String(validate=Choice(choices)), validate=validate.Length(min=1), metadata=metadata, **options
    )
    return items


def count(title: str, description: str | None = None, *, least: int = 0, most: int | None = None, **options: Any) -> fields.Integer:
    metadata = _metadata(title, description, options)
    return fields.Integer(strict=True, validate=validate.Range(min=least, max=most), metadata=metadata, **options)


def whole(title: str, description: str | None = None, **options: Any) -> fields.Integer:
    """A whole number of either sign."""
    metadata = _metadata(title, description, options)
    return fields.Integer(strict=True, metadata=metadata, **options)


def number(
    title: str, description: str | None = None, *, least: float | None = 0, most: float | None = None, **options: Any
) -> fields.Float:
    metadata = _metadata(title, description, options)
    return fields.Float(validate=validate.Range(min=least, max=most), metadata=metadata, **options)


def seconds(title: str, description: str | None = None, *, least: float = 0, **options: Any) -> fields.Float:
    return number(title, description, least=least, unit="seconds", **options)


def flag(title: str, description: str | None = None, **options: Any) -> fields.Boolean:
    metadata = _metadata(title, description, options)
    return fields.Boolean(truthy={True}, falsy={False}, metadata=metadata, **options)


def mapping(title: str, description: str | None = None, **options: Any) -> fields.Dict:
    metadata = _metadata(title, description, options)
    return fields.Dict(keys=fields.String(), metadata=metadata, **{"load_default": dict, **options})


def anything(title: str, description: str | None = None, **options: Any) -> fields.Raw:
    metadata = _metadata(title, description, options)
    return fields.Raw(metadata=metadata, **options)


def part(schema: type[Schema], title: str, description: str | None = None, **options: Any) -> fields.Nested:
    metadata = _metadata(title, description, options)
    return fields.Nested(schema, metadata=metadata, **options)


def parts(schema: type[Schema], title: str, description: str | None = None, *, least: int = 0, **options: Any) -> fields.List[Any]:
    metadata = _metadata(title, description, options)
    items: fields.List[Any] = fields.List(
        fields.Nested(schema), validate=validate.Length(min=least) if least else None, metadata=metadata, **options
    )
    return items


def name(title: str, description: str | None = None, *, example: str | None = None, **options: Any) -> fields.String:
    """The name of a resource of the same namespace, or `namespace/name`."""
    form = validate.Regexp(
        rf"({NAME}/)?{NAME}\Z", error="must be the name of a resource, or namespace/name: lower-case letters, digits and '-'"
    )
    return fields.String(validate=form, metadata=shown(title, description, example), **options)


_DURATION = r"([0-9]+(\.[0-9]+)?(ms|s|m|h|d)|P(?=[0-9T])([0-9]+D)?(T([0-9]+H)?([0-9]+M)?([0-9]+(\.[0-9]+)?S)?)?)"


def duration(title: str, description: str | None = None, **options: Any) -> Quantity:
    """Seconds, or text such as "90m", "24h" or ISO 8601's "PT2H"."""
    metadata = _metadata(title, description, {"unit": "seconds", "example": "24h", **options})
    for key in ("unit", "example", "templates"):
        options.pop(key, None)
    return Quantity(_DURATION, 'a number of seconds, or text such as "90m", "24h" or "PT2H"', metadata=metadata, **options)


def size(title: str, description: str | None = None, **options: Any) -> Quantity:
    """Bytes, or text such as "2GB" or "512MiB"."""
    metadata = _metadata(title, description, {"unit": "bytes", "example": "2GB", **options})
    for key in ("unit", "example", "templates"):
        options.pop(key, None)
    return Quantity(
        r"[0-9]+(\.[0-9]+)? ?([kMGT]i?)?B", 'a number of bytes, or text such as "2GB" or "512MiB"', metadata=metadata, **options
    )
