"""The values of one run: its parameters, and of each template in its recipe the value, computed once, when the run is made.

They are kept with the run, so that whoever plans it later, or again, gives the same answer, whatever clock and environment say then.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from shared.errors import ConfigurationError
from shared.pipelines import parameters as declaring
from shared.pipelines.language.templates import Moment, TemplateProblem, Value, evaluated, templates, text_of
from shared.pipelines.language.templates.scan import whole
from shared.pipelines.language.texts import Spot, visited
from shared.pipelines.model import Document, Problem
from shared.pipelines.value_types import from_json, plain, to_json
from shared.secrets.references import reference_in

DEFAULT_ZONE = "Europe/Warsaw"


class Unsettled(ConfigurationError):
    """The run cannot be made with what it was given; `problems` say why, each at /parameters/{name} or at its place in the recipe."""

    code = "invalid_parameters"

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems[0].message)
        self.problems = problems


@dataclass(frozen=True, slots=True)
class RunValues:
    """`templates`: by what stands between the braces, without the blanks around it. `zone`: IANA name of the pipeline's."""

    zone: str = DEFAULT_ZONE
    parameters: Mapping[str, Value] = field(default_factory=dict)
    templates: Mapping[str, Value] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """With types, so that `from_json` gives the same values; keys sorted, so that equal values are equal text."""
        return {
            "zone": self.zone,
            "parameters": {name: to_json(value) for name, value in sorted(self.parameters.items())},
            "templates": {body: to_json(value) for body, value in sorted(self.templates.items())},
        }

    @staticmethod
    def from_json(stored: Mapping[str, Any]) -> RunValues:
        zone = ZoneInfo(stored["zone"])
        parts = ({key: from_json(value, zone) for key, value in stored[part].items()} for part in ("parameters", "templates"))
        return RunValues(stored["zone"], *parts)

    @property
    def key(self) -> str:
        """Equal for equal values."""
        return json.dumps(self.to_json(), sort_keys=True)

    def plain_parameters(self) -> dict[str, Any]:
        """As a reply shows them."""
        return {name: plain(value) for name, value in self.parameters.items()}


def needs_values(document: Document) -> bool:
    """Whether its runs have values at all: it declares parameters, or holds a template."""
    spec = document.tree.get("spec")
    return document.kind == "Pipeline" and isinstance(spec, Mapping) and bool(spec.get("parameters") or _texts(spec))


def zone_of(document: Document) -> ZoneInfo:
    """Of a valid Pipeline document."""
    return ZoneInfo(document.tree["spec"].get("timezone", DEFAULT_ZONE))


def settle(
    document: Document,
    given: Mapping[str, Any],
    moment: Moment,
    environment: Mapping[str, str],
    texts: Sequence[tuple[str, str]] | None = None,
) -> RunValues:
    """The values of a run of a valid Pipeline document. `environment`: what env() may read. Raises Unsettled with all that is wrong.

    `texts`: `templated` of the document, from who has it at hand.
    """
    spec = document.tree["spec"]
    own = moment.values()

    def default(text: str, before: Mapping[str, Value]) -> Any:
        found = templates(text)
        values = [evaluated(one.body, {**own, **before}, environment) for one in found]
        if whole(text, found):
            return values[0]
        parts, done = [], 0
        for one, value in zip(found, values, strict=True):
            parts += [text[done : one.start], text_of(value)]
            done = one.end
        return "".join([*parts, text[done:]])

    parameters, problems = declaring.settled(declaring.declared(spec), given, moment.zone, default)
    if problems:
        raise Unsettled(problems)
    names = {**own, **parameters}
    values: dict[str, Value] = {}
    for path, text in templated(document) if texts is None else texts:
        for template in templates(text):
            if template.body in values or reference_in(template.body) is not None:
                continue
            try:
                values[template.body] = evaluated(template.body, names, environment)
            except TemplateProblem as problem:
                place = document.places.values.get(path)
                at = (place.line, place.column) if place else (1, 1)
                problems.append(Problem(problem.kind, problem.message, path, *at))
    if problems:
        raise Unsettled(problems)
    return RunValues(str(moment.zone), parameters, values)


def templated(document: Document) -> list[tuple[str, str]]:
    """Path and text of each value of a Pipeline document that holds templates and is filled."""
    return _texts(document.tree["spec"])


def _texts(spec: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Path and text of each value of a spec that holds templates and is filled."""
    found: list[tuple[str, str]] = []

    def collect(text: str, spot: Spot) -> str:
        found.append((spot.path, text))
        return text

    visited(spec, collect)
    return found
