"""Settings that depend on one another: each rule is a value that both checks a mapping and describes itself as JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Any, ClassVar, Protocol

from marshmallow import Schema, ValidationError, validates_schema


@cache
def instance(schema: type[Schema]) -> Schema:
    """A schema, made once: making one copies all its fields, which is too slow to do for each node. Threads may share it for loading."""
    return schema()


class Rule(Protocol):
    def broken(self, data: Mapping[str, Any]) -> tuple[str, str] | None:
        """What is wrong, as a sentence, and the setting at which it is shown; None where all is well."""
        ...

    def json_schema(self) -> dict[str, Any]: ...


class Shape(Schema):
    """A schema with rules across its settings, all by the names they have in a document."""

    together: ClassVar[tuple[Rule, ...]] = ()

    @validates_schema
    def _together(self, data: dict[str, Any], **_: Any) -> None:
        names = {attribute: made.data_key or attribute for attribute, made in self.load_fields.items()}
        given = {names.get(key, key): value for key, value in data.items()}
        for rule in self.together:
            if found := rule.broken(given):
                raise ValidationError(*found)


@dataclass(frozen=True, slots=True)
class ExactlyOne:
    """One of the settings and no second one. `or_none`: none is right too."""

    names: tuple[str, ...]
    or_none: bool = False

    def broken(self, data: Mapping[str, Any]) -> tuple[str, str] | None:
        given = [name for name in self.names if name in data]
        if len(given) == 1 or (self.or_none and not given):
            return None
        wanted = f"either {' or '.join(self.names)}" if len(self.names) == 2 else f"exactly one of {', '.join(self.names)}"
        if not given:
            return f"give {wanted}", self.names[0]
        return f"give {wanted}, not {' and '.join(given)}", given[-1]

    def json_schema(self) -> dict[str, Any]:
        if self.or_none:
            return {"not": {"anyOf": [{"required": list(pair)} for pair in combinations(self.names, 2)]}}
        return {"oneOf": [{"required": [name]} for name in self.names]}


@dataclass(frozen=True, slots=True)
class AtLeastOne:
    names: tuple[str, ...]

    def broken(self, data: Mapping[str, Any]) -> tuple[str, str] | None:
        return None if any(name in data for name in self.names) else (f"give {' or '.join(self.names)}, or both", self.names[0])

    def json_schema(self) -> dict[str, Any]:
        return {"anyOf": [{"required": [name]} for name in self.names]}


@dataclass(frozen=True, slots=True)
class Needs:
    """Where `name` is one of `values` (any value, with none given), `needed` must be there and not be an empty list."""

    name: str
    values: tuple[Any, ...]
    needed: str
    why: str

    def broken(self, data: Mapping[str, Any]) -> tuple[str, str] | None:
        applies = self.name in data and (not self.values or data[self.name] in self.values)
        return (self.why, self.needed) if applies and data.get(self.needed) in (None, [], ()) else None

    def json_schema(self) -> dict[str, Any]:
        case: dict[str, Any] = {"required": [self.name]}
        if self.values:
            case["properties"] = {self.name: {"enum": list(self.values)}}
        return {"if": case, "then": {"required": [self.needed], "properties": {self.needed: {"not": {"enum": [None, []]}}}}}


@dataclass(frozen=True, slots=True)
class OneIsFilled:
    """One of the lists must hold something; `why` is told at the first of them."""

    names: tuple[str, ...]
    why: str

    def broken(self, data: Mapping[str, Any]) -> tuple[str, str] | None:
        return None if any(data.get(name) for name in self.names) else (self.why, self.names[0])

    def json_schema(self) -> dict[str, Any]:
        return {"anyOf": [{"required": [name], "properties": {name: {"minItems": 1}}} for name in self.names]}


@dataclass(frozen=True, slots=True)
class OneOfSets:
    """The settings that are given, of those named in any set, must be exactly those of one set; `optional` ones may come with any."""

    sets: tuple[tuple[str, ...], ...]
    optional: tuple[str, ...] = ()

    def broken(self, data: Mapping[str, Any]) -> tuple[str, str] | None:
        named = {name for one in self.sets for name in one}
        given = {name for name in data if name in named}
        if any(given == set(one) for one in self.sets):
            return None
        told = [f"{{{', '.join(one)}}}" for one in self.sets]
        return f"give {', '.join(told[:-1])} or {told[-1]}", "_schema"

    def json_schema(self) -> dict[str, Any]:
        named = sorted({name for one in self.sets for name in one})
        alternatives = []
        for one in self.sets:
            others = [{"required": [name]} for name in named if name not in one]
            alternatives.append({"required": list(one), **({"not": {"anyOf": others}} if others else {})})
        return {"oneOf": alternatives}
