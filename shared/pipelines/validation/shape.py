"""Any value against any marshmallow schema, with sentences and places.

The walk over the schema finds what marshmallow can only say in general terms: misspelt settings, missing ones, wrong types and choices.
What is misspelt is then taken as what was meant, so that one slip of the pen is one problem. Loading with the schema itself finds the rest:
ranges, and rules across settings. Types are those of JSON, without marshmallow's leniency: "3" is no number, 1 is not true.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from shared.pipelines.fields import ByType, CheckedByType, Choice, Quantity, Word, not_available, spelt
from shared.pipelines.language.pointers import below
from shared.pipelines.nodes.languages import SPEL, SQL
from shared.pipelines.shapes import Shape, instance
from shared.pipelines.sql_fields import Expression, Query
from shared.pipelines.validation import sql, templates
from shared.pipelines.validation.report import Owner, Report
from shared.pipelines.validation.words import described, hint, nearest

# What a field takes, in words, and whether a value is that. The first class that fits counts.
_TYPES: tuple[tuple[type[fields.Field[Any]], str, Callable[[Any], bool]], ...] = (
    (Word, "a word", lambda value: isinstance(value, str | int)),
    (fields.String, "text", lambda value: isinstance(value, str)),
    (fields.Boolean, "true or false", lambda value: isinstance(value, bool)),
    (fields.Integer, "a whole number", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    (fields.Number, "a number", lambda value: isinstance(value, int | float) and not isinstance(value, bool)),
    (fields.List, "a list", lambda value: isinstance(value, list)),
    (fields.Nested, "a mapping", lambda value: isinstance(value, Mapping)),
    (fields.Mapping, "a mapping", lambda value: isinstance(value, Mapping)),
)

# Marshmallow's words that need others to be a sentence.
_SAID = {"Shorter than minimum length 1": "must not be empty", "Field may not be null": "must not be empty"}


@dataclass(frozen=True, slots=True)
class Rules:
    """`owners` names entries that are more than a part of their owner (a pipeline's nodes): schema class -> owner of one such value.

    `templates`: which may stand in a value; None: what looks like one is text.
    """

    owners: Mapping[type[Schema], Callable[[Mapping[str, Any], int], Owner]] = field(default_factory=dict)
    templates: templates.Scope | None = templates.NO_TEMPLATES


def check(report: Report, schema: type[Schema], value: Any, path: str, owner: Owner, rules: Rules | None = None) -> dict[str, Any] | None:
    """Reports all that is wrong with `value`. Returns what the schema loads from it, defaults in place; None when anything is wrong."""
    before = report.errors
    walk = _Walk(report, rules or Rules())
    if not isinstance(value, Mapping):
        report.add("wrong_type", f"{owner.phrase} must be a mapping of settings, not {described(value)}", path, node=owner.node)
        return None
    meant = walk.mapping(instance(schema), value, path, "", owner)
    try:
        loaded: dict[str, Any] = instance(schema).load(meant)
    except ValidationError as error:
        walk.expressions()
        walk.rest(error.messages_dict, meant, path, "", owner)
        return None
    return loaded if report.errors == before else None


def names(schema: type[Schema]) -> dict[str, fields.Field[Any]]:
    """A schema's settings as they are written, with their fields."""
    return {made.data_key or name: made for name, made in instance(schema).load_fields.items()}


# Stands for a value that is not handed on to the schema: unknown, not available, or of the wrong type.
_LEFT_OUT = object()


class _Walk:
    def __init__(self, report: Report, rules: Rules) -> None:
        self._report = report
        self._rules = rules
        # Of a document that is filled, what looks like a template came with a value.
        self._scope = rules.templates if report.document.filled is None else None
        self._owners: dict[str, Owner] = {}
        self._sql: list[tuple[Expression | Query, str, str, str, str, Owner, str]] = []
        # Of the expressions of the node that is being looked at.
        self._language = SQL

    def mapping(self, schema: Schema, value: Mapping[str, Any], path: str, label: str, owner: Owner) -> dict[str, Any]:
        """What was meant by `value`: misspelt settings under their right names, what cannot be used left out."""
        known = {made.data_key or name: made for name, made in schema.load_fields.items()}
        meant: dict[str, Any] = {}
        around = self._language
        self._language = SPEL if "language" in known and value.get("language") == SPEL else around
        for key, entry in value.items():
            if key not in known and schema.unknown != RAISE:
                continue
            right = key if key in known else self._unknown(key, known, value, path, label, owner)
            if right is None or right in meant:
                continue
            used = self._entry(known[right], entry, below(path, key), f"{label}.{right}" if label else right, owner)
            if used is not _LEFT_OUT:
                meant[right] = used
        self._language = around
        for name, made in known.items():
            if made.required and name not in value and not self._report.settled(below(path, name)):
                where = f" in '{label}'" if label else ""
                self._add(
                    "missing_setting", f"{owner.phrase} needs the setting '{name}'{_told(name, made)}{where}", below(path, name), owner
                )
        if isinstance(schema, Shape):
            self._together(schema, value, meant, known, path, label, owner)
        return meant

    def _together(
        self,
        schema: Shape,
        value: Mapping[str, Any],
        meant: Mapping[str, Any],
        known: Mapping[str, fields.Field[Any]],
        path: str,
        label: str,
        owner: Owner,
    ) -> None:
        """Rules across settings, which the schema itself looks at only once nothing else is wrong with them."""
        given = {name: meant.get(name, value.get(name)) for name in known if name in meant or name in value}
        for rule in schema.together:
            found = rule.broken(given)
            if found is not None:
                message, at = found
                self.rest({at: [message]}, {}, path, label, owner)
                self._report.settle(path if at == "_schema" else below(path, at))

    def expressions(self) -> None:
        """Reports the SQL that does not parse, at its character. Only once loading has failed: it parses too, and that is what costs."""
        for made, text, written, path, label, owner, language in self._sql:
            sql.check(self._report, text, path, label, owner, made, written=written, language=language)

    def rest(self, messages: Any, meant: Any, path: str, label: str, owner: Owner) -> None:
        """Reports what the schema itself found: a whole thought ("give either table or path") or the end of a sentence ("must be ...")."""
        if path in self._owners:
            owner, label = self._owners[path], ""
        if isinstance(messages, Mapping):
            for key, below_it in messages.items():
                if key == "_schema" or (key in ("key", "value") and not _has(meant, key)):
                    self.rest(below_it, meant, path, label, owner)
                    continue
                name = f"{label}[{key}]" if isinstance(key, int) else f"{label}.{key}" if label else str(key)
                self.rest(below_it, meant[key] if _has(meant, key) else None, below(path, key), name, owner)
            return
        if self._report.settled(path):
            return
        for message in messages if isinstance(messages, list) else [messages]:
            said = str(message).rstrip(".")
            said = _SAID.get(said, said)
            if said.casefold().startswith(("must ", "length must ")) and label:
                said = f"'{label}' of {owner.phrase} {said[0].lower()}{said[1:]}"
            else:
                said = f"{owner.phrase}: {said}"
            missing = path not in self._report.document.places.values
            code = "not_available_yet" if "available yet" in said else "missing_setting" if missing else "invalid_setting"
            self._add(code, said, path, owner)

    def _unknown(
        self, key: str, known: Mapping[str, fields.Field[Any]], value: Mapping[str, Any], path: str, label: str, owner: Owner
    ) -> str | None:
        """Reports a setting that is not known; the one that was meant, if it is not there too."""
        near = nearest(key, known)
        where = f" in '{label}'" if label else ""
        message = f"{owner.phrase} has no setting '{key}'{where}{hint(near, known)}"
        self._report.add("unknown_setting", message, below(path, key), node=owner.node, suggestion=near, key=True)
        if near is None or near in value:
            return None
        # What would be said about the right name is a consequence of this.
        self._report.settle(below(path, near))
        return near

    def _entry(self, made: fields.Field[Any], value: Any, path: str, label: str, owner: Owner) -> Any:
        """What was meant by one value, once all that is wrong with it is reported."""
        if path in self._report.unread or (value is None and made.allow_none):
            return value
        if isinstance(value, str) and "{{" in value and self._scope is not None and made.metadata.get("templates") != "own":
            return self._template(self._scope, made, value, path, label, owner)
        for kind, words, fits in _TYPES:
            if isinstance(made, kind):
                if not fits(value):
                    message = f"'{label}' of {owner.phrase} must be {words}, not {described(value)}"
                    self._add("wrong_type", message, path, owner)
                    return value if made.required else _LEFT_OUT
                break
        if isinstance(made, Quantity) and (isinstance(value, bool) or not isinstance(value, int | float | str)):
            self._add("wrong_type", f"'{label}' of {owner.phrase} must be {made.told}, not {described(value)}", path, owner)
            return value if made.required else _LEFT_OUT
        if verdict := not_available(made, value):
            if "later" in made.metadata:
                self._report.not_available(f"'{label}' of {owner.phrase}", path, owner, told=verdict == "told")
            else:
                there = [word for one in made.validators if isinstance(one, Choice) for word in one.available]
                self._report.not_available(f"'{label}: {value}' of {owner.phrase}", path, owner, remedy=f"use {' or '.join(there)}")
        if isinstance(made, fields.List):
            return [self._item(made.inner, item, below(path, at), f"{label}[{at}]", at, owner) for at, item in enumerate(value)]
        if isinstance(made, fields.Nested):
            return self.mapping(made.schema, value, path, label, owner)
        if isinstance(made, CheckedByType):
            return value
        if isinstance(made, ByType):
            return self._by_type(made, value, path, owner)
        if isinstance(made, fields.Mapping) and made.value_field is not None:
            return {key: self._kept(made.value_field, entry, below(path, key), f"{label}.{key}", owner) for key, entry in value.items()}
        if isinstance(made, fields.Mapping | fields.Raw):
            self._templates_in(value, path, label, owner)
            return value
        self._words(made, value, path, label, owner)
        return value

    def _item(self, made: fields.Field[Any], value: Any, path: str, label: str, at: int, owner: Owner) -> Any:
        """As `_entry`; an item keeps its number even where it cannot be used, since the schema speaks of numbers."""
        named = self._rules.owners.get(type(made.schema)) if isinstance(made, fields.Nested) and isinstance(value, Mapping) else None
        if named is not None:
            owner, label = self._owners.setdefault(path, named(value, at)), ""
        return self._kept(made, value, path, label, owner)

    def _kept(self, made: fields.Field[Any], value: Any, path: str, label: str, owner: Owner) -> Any:
        used = self._entry(made, value, path, label, owner)
        return value if used is _LEFT_OUT else used

    def _by_type(self, made: ByType, value: Mapping[str, Any], path: str, owner: Owner) -> Any:
        """An entry that has a type of its own; it is spoken of by its name or its number."""
        name, kind = value.get("name"), value.get("type")
        phrase = f"{made.what} '{name}'" if isinstance(name, str) and name else f"{made.what} number {int(path.rpartition('/')[2]) + 1}"
        phrase += f" ({kind})" if isinstance(kind, str) and kind in made.schemas else ""
        phrase += f" of {owner.phrase}" if owner.node is not None else ""
        named = self._owners[path] = Owner(phrase, owner.node)
        at = below(path, "type")
        if isinstance(kind, str) and kind in made.schemas:
            if kind in made.later:
                self._report.not_available(f"the type {kind} of {made.what} '{name}'", at, named)
            return self.mapping(instance(made.schemas[kind]), value, path, "", named)
        if isinstance(kind, str) and kind in made.elsewhere:
            self._add("invalid_choice", f"{phrase} cannot be of the type {kind}: {made.elsewhere[kind]}", at, named)
        elif isinstance(kind, str) and kind and not self._report.settled(at):
            near = nearest(kind, made.schemas)
            message = f"{phrase} has the unknown type '{kind}'{hint(near, made.schemas)}"
            self._report.add(f"unknown_{made.what}_type", message, at, node=owner.node, suggestion=near)
        # Nobody knows what else it may say; what all types have is looked at.
        common = names(made.common)
        self.mapping(instance(made.common), {key: entry for key, entry in value.items() if key in common}, path, "", named)
        return value

    def _words(self, made: fields.Field[Any], value: Any, path: str, label: str, owner: Owner) -> None:
        """Words out of a list, and SQL."""
        if isinstance(made, Expression | Query):
            self._sql.append((made, value, value, path, label, owner, self._language))
        for validator in made.validators:
            if not isinstance(validator, validate.OneOf) or value in validator.choices or spelt(value) in validator.choices:
                continue
            choices = [str(one) for one in validator.choices]
            near = nearest(spelt(value), choices)
            message = f"'{label}' of {owner.phrase} cannot be '{spelt(value)}'{hint(near, choices)}"
            self._report.add("invalid_choice", message, path, node=owner.node, suggestion=near)

    def _template(self, scope: templates.Scope, made: fields.Field[Any], value: str, path: str, label: str, owner: Owner) -> Any:
        """A value that templates give: what it will be is not known here, but of what kind."""
        found = templates.check(self._report, scope, made, value, path, label, owner)
        if found is None:
            # Something that suits, so that nothing is said of it as if it were not there.
            return "TRUE" if isinstance(made, Expression) else value if isinstance(made, fields.String) else _LEFT_OUT
        used = templates.sample(self._report, scope, made, found, value, path, label, owner, self._language)
        if isinstance(made, Expression | Query):
            self._sql.append((made, used, value, path, label, owner, self._language))
        return used

    def _templates_in(self, value: Any, path: str, label: str, owner: Owner) -> None:
        """Templates inside values without a shape of their own."""
        if self._scope is None:
            return
        if isinstance(value, str) and "{{" in value:
            templates.check(self._report, self._scope, None, value, path, label, owner)
        elif isinstance(value, Mapping):
            for key, entry in value.items():
                if "{{" in key and not self._report.settled(path):
                    message = f"'{label}' of {owner.phrase} has a template in a key, and only values are filled; write the key out"
                    self._report.add("template_not_allowed", message, below(path, key), node=owner.node, key=True)
                self._templates_in(entry, below(path, key), f"{label}.{key}", owner)
        elif isinstance(value, list):
            for at, entry in enumerate(value):
                self._templates_in(entry, below(path, at), f"{label}[{at}]", owner)

    def _add(self, code: str, message: str, path: str, owner: Owner) -> None:
        self._report.add(code, message, path, node=owner.node)


def _told(name: str, made: fields.Field[Any]) -> str:
    title = made.metadata.get("title")
    return f" ({title})" if title and str(title).replace(" ", "").casefold() != name.casefold() else ""


def _has(value: Any, key: Any) -> bool:
    if isinstance(value, Mapping):
        return key in value
    return isinstance(value, list) and isinstance(key, int) and key < len(value)
