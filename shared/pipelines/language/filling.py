"""A recipe with the values of one run in place of its templates.

What a template becomes depends on what it stands in: SQL text takes literals and quoted identifiers (`shared.sql.holes`), a path to read
takes its signs literally, every other text takes the value's text, and a text that is nothing but one template becomes the value itself.
"""

from __future__ import annotations

import glob
import hashlib
from dataclasses import dataclass, field, replace
from typing import Any

from marshmallow import fields

from shared.pipelines.language.run_values import RunValues
from shared.pipelines.language.spel_holes import filled as spel_filled
from shared.pipelines.language.templates import Template, TemplateProblem, Value, templates, text_of
from shared.pipelines.language.templates.scan import whole
from shared.pipelines.language.texts import ABSENT, Spot, visited
from shared.pipelines.model import Document, Filling, Problem
from shared.pipelines.nodes.fields import CODE, Statement
from shared.pipelines.value_types import plain
from shared.secrets.references import Reference, reference_in
from shared.sql.errors import SqlProblem
from shared.sql.holes import Hole
from shared.sql.holes import filled as sql_filled
from shared.sql.stand_ins import stand_in
from shared.sql.table_names import part

# PostgreSQL's, in bytes.
LONGEST_NAME = 63


def filled(document: Document, values: RunValues) -> Document:
    """A valid Pipeline document, filled; what cannot be filled is among its `problems`, at its place in the recipe."""
    salt = hashlib.sha256(f"{document.text}\0{values.key}".encode()).hexdigest()[:24]
    filling = _Filling(document, values, salt)
    spec = visited(document.tree["spec"], filling.text)
    problems = (*document.problems, *filling.problems)
    made = Filling(values.parameters, filling.secrets)
    return replace(document, tree={**document.tree, "spec": spec}, problems=problems, filled=made)


@dataclass
class _Filling:
    document: Document
    values: RunValues
    salt: str
    secrets: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def text(self, text: str, spot: Spot) -> Any:
        try:
            found = templates(text)
            if isinstance(spot.field, CODE):
                holes = [self._hole(one) for one in found]
                if isinstance(spot.field, Statement):
                    return sql_filled(text, holes, "postgres", LONGEST_NAME)
                return spel_filled(text, holes) if spot.spel else sql_filled(text, holes, "postgres")
            only = whole(text, found)
            if spot.names == "table" and (only is None or self._of(only) is not None):
                return self._table(text, found)
            if only is not None and reference_in(only.body) is None:
                return self._whole(only, spot)
            parts, done = [], 0
            for one in found:
                parts += [text[done : one.start], _written(self._shown(one), spot)]
                done = one.end
            return "".join([*parts, text[done:]])
        except (TemplateProblem, SqlProblem) as problem:
            place = self.document.places.values.get(spot.path)
            at = (place.line, place.column) if place else (1, 1)
            of = f"'{spot.path.rpartition('/config/')[2]}' of node '{spot.node}'" if spot.node else spot.path
            self.problems.append(Problem("invalid_template", f"{of}: {problem.message}", spot.path, *at, node=spot.node))
            return text

    def _table(self, text: str, found: list[Template]) -> str:
        """Dots of the recipe divide schema and table; those of a value are part of the name."""
        # Of each part what the recipe says, with NUL for a template, and what it comes to.
        parts, done = [("", "")], 0
        for at, one in enumerate([*found, None]):
            first, *rest = text[done : one.start if one else len(text)].split(".")
            parts[-1] = (parts[-1][0] + first, parts[-1][1] + first)
            parts += [(name, name) for name in rest]
            if one is not None:
                parts[-1] = (parts[-1][0] + "\0", parts[-1][1] + self._shown(one))
                done = found[at].end
        return ".".join(_part(said, name) if "\0" in said else name for said, name in parts)

    def _whole(self, only: Template, spot: Spot) -> Any:
        value = self._of(only)
        if value is None:
            return ABSENT
        # A table may be called 2026: a setting that is text takes the text of what is none.
        if isinstance(value, str) or (isinstance(spot.field, fields.String) and not isinstance(value, list)):
            return _written(text_of(value), spot)
        return plain(value)

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
        """No value can hold it, since it depends on all of them."""
        token = stand_in(str(reference), self.salt)
        self.secrets[token] = str(reference)
        return token


def _written(text: str, spot: Spot) -> str:
    return glob.escape(text) if spot.names == "files" else text


def _part(said: str, name: str) -> str:
    """Quotes that the recipe puts around a template are those of the name."""
    return part(name[1:-1] if len(said) > 2 and said[0] == said[-1] == '"' else name)
