"""A recipe with the values of one run in place of its templates. Only values of YAML are filled, never keys.

What a template becomes depends on what it stands in: SQL text takes literals and quoted identifiers (`shared.sql.holes`), a path to read
takes its signs literally, every other text takes the value's text, and a text that is nothing but one template becomes the value itself.
"""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from marshmallow import Schema, fields

from shared.pipelines.language.fixed import FIXED_SETTINGS
from shared.pipelines.language.pointers import below
from shared.pipelines.language.run_values import RunValues
from shared.pipelines.language.spel_holes import filled as spel_filled
from shared.pipelines.language.templates import Template, TemplateProblem, Value, templates, text_of
from shared.pipelines.language.templates.scan import whole
from shared.pipelines.model import Document, Filling, Problem
from shared.pipelines.nodes import NODE_TYPES
from shared.pipelines.nodes.fields import Expression, Statement
from shared.pipelines.value_types import plain
from shared.secrets.references import Reference, reference_in
from shared.sql.errors import SqlProblem
from shared.sql.holes import Hole
from shared.sql.holes import filled as sql_filled

# Stands for a setting that is not given, since its template has no value.
_ABSENT = object()
Field = fields.Field[Any] | None


def filled(document: Document, values: RunValues) -> Document:
    """A valid Pipeline document, filled; what cannot be filled is among its `problems`, at its place in the recipe."""
    salt = hashlib.sha256(f"{document.text}\0{values.key}".encode()).hexdigest()[:24]
    filling = _Filling(document, values, salt)
    spec = {
        key: value if key in FIXED_SETTINGS else filling.nodes(value) if key == "nodes" else filling.plain(value, below("/spec", key))
        for key, value in document.tree["spec"].items()
    }
    spec = {key: value for key, value in spec.items() if value is not _ABSENT}
    made = Filling(values.parameters, filling.secrets)
    problems = (*document.problems, *filling.problems)
    return replace(document, tree={**document.tree, "spec": spec}, problems=problems, filled=made)


@cache
def _fields(schema: type[Schema]) -> dict[str, fields.Field[Any]]:
    # Making a schema copies all its fields.
    return {made.data_key or name: made for name, made in schema().load_fields.items()}


@dataclass
class _Filling:
    document: Document
    values: RunValues
    salt: str
    secrets: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    _node: str | None = None

    def nodes(self, nodes: Any) -> Any:
        return [self._one(node, below("/spec/nodes", at)) for at, node in enumerate(nodes)] if isinstance(nodes, list) else nodes

    def _one(self, node: Any, path: str) -> Any:
        if not isinstance(node, Mapping):
            return node
        self._node = str(node.get("id"))
        kind = NODE_TYPES.get(str(node.get("type")))
        made: dict[str, Any] = {}
        for key, value in node.items():
            here = below(path, key)
            if key == "config" and isinstance(value, Mapping) and kind is not None:
                made[key] = self._config(value, _fields(kind.config_schema), here, kind.role == "source")
            else:
                made[key] = value if key in ("id", "type") else self.plain(value, here)
        self._node = None
        return {key: value for key, value in made.items() if value is not _ABSENT}

    def _config(self, config: Mapping[str, Any], known: Mapping[str, fields.Field[Any]], path: str, reads: bool) -> dict[str, Any]:
        spel = config.get("language") == "spel"
        made = {}
        for key, value in config.items():
            as_glob = reads and key == "path"
            made[key] = self._value(value, known.get(key), below(path, key), spel, glob.escape if as_glob else str)
        return {key: value for key, value in made.items() if value is not _ABSENT}

    def plain(self, value: Any, path: str) -> Any:
        return self._value(value, None, path, False, str)

    def _value(self, value: Any, of: Field, path: str, spel: bool, write: Callable[[str], str]) -> Any:
        if isinstance(value, str):
            return self._text(value, of, path, spel, write) if "{{" in value else value
        if isinstance(value, list):
            inner = of.inner if isinstance(of, fields.List) else None
            items = [self._value(item, inner, below(path, at), spel, write) for at, item in enumerate(value)]
            return [item for item in items if item is not _ABSENT]
        if isinstance(value, Mapping):
            known = _fields(type(of.schema)) if isinstance(of, fields.Nested) else {}
            entry_of = of.value_field if isinstance(of, fields.Dict) else None
            made = {key: self._value(entry, known.get(key, entry_of), below(path, key), spel, write) for key, entry in value.items()}
            return {key: entry for key, entry in made.items() if entry is not _ABSENT}
        return value

    def _text(self, text: str, of: Field, path: str, spel: bool, write: Callable[[str], str]) -> Any:
        try:
            found = templates(text)
            if isinstance(of, Expression | Statement):
                holes = [self._hole(one) for one in found]
                return spel_filled(text, holes) if spel and isinstance(of, Expression) else sql_filled(text, holes, "postgres")
            only = whole(text, found)
            if only is not None and reference_in(only.body) is None:
                return self._whole(only, of, write)
            parts, done = [], 0
            for one in found:
                parts += [text[done : one.start], write(self._shown(one))]
                done = one.end
            return "".join([*parts, text[done:]])
        except (TemplateProblem, SqlProblem) as problem:
            place = self.document.places.values.get(path)
            at = (place.line, place.column) if place else (1, 1)
            message = f"{path.rpartition('/config/')[2] or path}: {problem.message}"
            self.problems.append(Problem("invalid_template", message, path, *at, node=self._node))
            return text

    def _whole(self, only: Template, of: Field, write: Callable[[str], str]) -> Any:
        value = self._of(only)
        if value is None:
            return _ABSENT
        if isinstance(value, list) and not isinstance(of, fields.String):
            return plain(value)
        # A table may be called 2026: a setting that is text takes the text of what is none.
        return write(text_of(value)) if isinstance(value, str) or isinstance(of, fields.String) else plain(value)

    def _of(self, template: Template) -> Value:
        if template.body not in self.values.templates:
            raise TemplateProblem(f"this run has no value for {{{{{template.body}}}}}; ask for a new run")
        return self.values.templates[template.body]

    def _shown(self, template: Template) -> str:
        reference = reference_in(template.body)
        if reference is not None:
            return self._token(reference)
        try:
            return text_of(self._of(template))
        except TemplateProblem as problem:
            raise TemplateProblem(f"{{{{{template.body}}}}} {problem.message}; give the parameter one, or a default") from problem

    def _hole(self, template: Template) -> Hole:
        reference = reference_in(template.body)
        if reference is not None:
            token = self._token(reference)
            return Hole(template.start, template.end, token, token, secret=True)
        value = self._of(template)
        return Hole(template.start, template.end, value, "" if value is None else text_of(value))

    def _token(self, reference: Reference) -> str:
        token = f"{{{{{reference} {self.salt}}}}}"
        self.secrets[token] = str(reference)
        return token
