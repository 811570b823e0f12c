"""A marshmallow schema as JSON Schema (draft 2020-12).

What a schema cannot say (SQL that parses, cron that fires, names that exist) is a `format` or nothing. A value may be a template
wherever validation allows one, but for words out of a list: there forms are better served by the plain `enum`.
`x-notYet` marks what this release cannot honour.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marshmallow import RAISE, Schema, fields, missing, validate

from shared.pipelines.fields import ByType, Choice, Quantity, Word
from shared.pipelines.shapes import Shape, instance
from shared.pipelines.sql_fields import ColumnName, Expression, Query, Statement, Type

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEMPLATE = r"\{\{[\s\S]*?\}\}"


def settings_schema(schema: type[Schema]) -> dict[str, Any]:
    """The settings of a schema as one object."""
    return _object(instance(schema))


def _object(schema: Schema) -> dict[str, Any]:
    known = {made.data_key or name: made for name, made in schema.load_fields.items()}
    found: dict[str, Any] = {"type": "object", "properties": {name: field_schema(made) for name, made in known.items()}}
    required = [name for name, made in known.items() if made.required]
    if required:
        found["required"] = required
    if schema.unknown == RAISE:
        found["additionalProperties"] = False
    if isinstance(schema, Shape) and schema.together:
        found["allOf"] = [rule.json_schema() for rule in schema.together]
    return found


def field_schema(made: fields.Field[Any]) -> dict[str, Any]:
    """One setting: its type and bounds, title, description, default and examples."""
    found = {**_said(made), **_shape(made)}
    for validator in made.validators:
        found |= _bounds(made, validator)
    if _takes_template(made, found):
        found["type"] = [found["type"], "string"]
        found["pattern"] = _TEMPLATE
    if made.allow_none and "type" in found:
        found["type"] = [*(found["type"] if isinstance(found["type"], list) else [found["type"]]), "null"]
    return found


def _said(made: fields.Field[Any]) -> dict[str, Any]:
    said = {key: made.metadata[key] for key in ("title", "description", "examples") if key in made.metadata}
    if "title" in said:
        said.setdefault("description", said["title"])
    default = made.load_default() if callable(made.load_default) else made.load_default
    if default is not missing:
        said["default"] = default
    if "unit" in made.metadata:
        said["x-unit"] = made.metadata["unit"]
    if "later" in made.metadata:
        said["x-notYet"] = True
    later = [word for one in made.validators if isinstance(one, Choice) for word in one.later]
    if later:
        said["x-notYet"] = later
    return said


def _shape(made: fields.Field[Any]) -> dict[str, Any]:
    return next((shape(made) for kind, shape in _SHAPES if isinstance(made, kind)), {})


def _quantity(made: Any) -> dict[str, Any]:
    text = rf"^{made.form.regex.pattern[:-2]}$|{_TEMPLATE}"
    return {"type": ["number", "string"], "minimum": 0, "pattern": text}


# What YAML makes of a word that looks like it.
_SAID: dict[str, Any] = {"true": True, "false": False}


def _stand_for(word: str) -> list[Any]:
    return [int(word)] if word.isdigit() else [_SAID[word]] if word in _SAID else []


def _word(made: Any) -> dict[str, Any]:
    others = {type(said) for one in made.validators for word in one.choices for said in _stand_for(str(word))}
    return {"type": ["string", *(name for name, kind in (("integer", int), ("boolean", bool)) if kind in others)]}


def _mapping(made: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "object"}
    if made.value_field is not None:
        found["additionalProperties"] = field_schema(made.value_field)
    if made.key_field is not None and made.key_field.validators:
        found["propertyNames"] = field_schema(made.key_field)
    return found


def _by_type(made: Any) -> dict[str, Any]:
    described = {"enum": list(made.schemas), "title": "Type"}
    return {
        "type": "object",
        "properties": {"type": described},
        "required": ["type"],
        "allOf": [by_type("type", name, _object(instance(schema))) for name, schema in made.schemas.items()],
    }


def by_type(key: str, value: str, schema: dict[str, Any]) -> dict[str, Any]:
    """`schema` where the setting `key` has this value."""
    return {"if": {"properties": {key: {"const": value}}, "required": [key]}, "then": schema}


def _raw(made: Any) -> dict[str, Any]:
    return {"type": made.metadata["types"]} if "types" in made.metadata else {}


# The first class that fits counts.
_SHAPES: tuple[tuple[type[fields.Field[Any]], Callable[[Any], dict[str, Any]]], ...] = (
    (Quantity, _quantity),
    (Word, _word),
    (Expression, lambda _: {"type": "string", "format": "sql-expression"}),
    (Query, lambda _: {"type": "string", "format": "sql-query"}),
    (Statement, lambda _: {"type": "string", "format": "sql-statement"}),
    (Type, lambda _: {"type": "string", "format": "sql-type"}),
    (ColumnName, lambda _: {"type": "string", "format": "column-name"}),
    (fields.String, lambda made: {"type": "string"} | {key: made.metadata[key] for key in ("format",) if key in made.metadata}),
    (fields.Boolean, lambda _: {"type": "boolean"}),
    (fields.Integer, lambda _: {"type": "integer"}),
    (fields.Number, lambda _: {"type": "number"}),
    (fields.List, lambda made: {"type": "array", "items": field_schema(made.inner)}),
    (fields.Nested, lambda made: _object(made.schema)),
    (ByType, _by_type),
    (fields.Mapping, _mapping),
    (fields.Raw, _raw),
)


def _bounds(made: fields.Field[Any], validator: Any) -> dict[str, Any]:
    if isinstance(validator, validate.Length):
        kind = "Items" if isinstance(made, fields.List) else "Properties" if isinstance(made, fields.Mapping) else "Length"
        return {f"{side}{kind}": bound for side, bound in (("min", validator.min), ("max", validator.max)) if bound is not None}
    if isinstance(validator, validate.Range):
        return {side: bound for side, bound in (("minimum", validator.min), ("maximum", validator.max)) if bound is not None}
    if isinstance(validator, validate.Regexp):
        return {"pattern": rf"^{str(validator.regex.pattern).removesuffix(chr(92) + 'Z')}$"}
    if isinstance(validator, validate.OneOf):
        words = [str(one) for one in validator.choices]
        return {"enum": [*words, *(said for word in words for said in _stand_for(word))] if isinstance(made, Word) else words}
    if isinstance(validator, validate.NoneOf):
        return {"not": {"enum": list(validator.iterable)}}
    if isinstance(validator, validate.Equal):
        return {"const": validator.comparable}
    return {}


def _takes_template(made: fields.Field[Any], found: dict[str, Any]) -> bool:
    return found.get("type") in ("integer", "number", "boolean", "array") and made.metadata.get("templates") != "never"
