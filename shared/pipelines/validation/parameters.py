"""The parameters that a pipeline declares: names that are free, and defaults of their type."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from shared.pipelines.language.pointers import below
from shared.pipelines.language.templates import TemplateProblem, findings, type_of_text
from shared.pipelines.language.templates.functions import ENV, FUNCTIONS
from shared.pipelines.language.templates.names import NAMES
from shared.pipelines.parameters import NO_DEFAULT, Parameter, declared
from shared.pipelines.validation import sql
from shared.pipelines.validation.report import Owner, Report
from shared.pipelines.value_types import DEFAULT_TYPE, NotOfType, Type, read

_TAKEN = {*NAMES, *FUNCTIONS, ENV, "true", "false", "null"}
# A type takes a template of its own type, and of these.
_ALSO = {Type.STRING: tuple(Type), Type.NUMBER: (Type.INTEGER,)}
# Types whose values are written as text, so that a text with templates in it may be one.
_WRITTEN_AS_TEXT = (Type.STRING, Type.DATE, Type.TIMESTAMP)


def named(spec: Mapping[str, Any]) -> dict[str, Type]:
    """Types by name; of one whose type is misspelt, the default type, so that its use is not called a mistake too."""
    entries = spec.get("parameters")
    names = {entry.get("name") for entry in entries if isinstance(entry, Mapping)} if isinstance(entries, list) else set()
    there = {parameter.name: parameter.type for parameter in declared(spec)}
    return {name: there.get(name, DEFAULT_TYPE) for name in names if isinstance(name, str)}


def check(report: Report, spec: Mapping[str, Any], path: str) -> None:
    entries = spec.get("parameters")
    if report.document.filled is not None or not isinstance(entries, list):
        return
    everything, before = named(spec), dict[str, Type]()
    lines: dict[str, int] = {}
    for at, entry in enumerate(entries):
        name = entry.get("name") if isinstance(entry, Mapping) else None
        if not isinstance(name, str) or not name:
            continue
        here = below(path, at)
        if name in lines:
            message = f"parameter '{name}' is there twice, first in line {lines[name]}; give each a name of its own"
            report.add("duplicate_id", message, below(here, "name"))
        elif name in _TAKEN:
            report.add("invalid_setting", f"'{name}' is a word of the templates; give the parameter another name", below(here, "name"))
        lines.setdefault(name, report.place(below(here, "name")).line)
        for parameter in declared({"parameters": [entry]}):
            _default(report, parameter, below(here, "default"), before, everything)
            before[name] = parameter.type


def _default(report: Report, parameter: Parameter, path: str, before: Mapping[str, Type], everything: Mapping[str, Type]) -> None:
    default, kind = parameter.default, parameter.type
    if default is NO_DEFAULT or default is None or report.settled(path):
        return
    owner = Owner(f"parameter '{parameter.name}'")
    if isinstance(default, str) and "{{" in default:
        _template(report, default, kind, path, owner, before, everything)
        return
    try:
        read(kind, default, UTC)
    except NotOfType as error:
        report.add("wrong_type", f"'default' of {owner.phrase} {error}", path)


def _template(
    report: Report, text: str, kind: Type, path: str, owner: Owner, before: Mapping[str, Type], everything: Mapping[str, Type]
) -> None:
    try:
        found = findings(text, everything)
        problems = [one.problem for one in found if one.problem is not None]
        early = [one.problem for one in findings(text, before) if one.problem is not None]
    except TemplateProblem as problem:
        found, problems, early = [], [problem], []
    if early and not problems:
        message = f"'default' of {owner.phrase} names a parameter that is declared after it, or itself; declare that one first"
        report.add("unknown_template_name", message, path, at=sql.position(report.document, path, text, early[0].offset))
        return
    for wrong in problems:
        at = sql.position(report.document, path, text, wrong.offset)
        report.add(wrong.kind, f"'default' of {owner.phrase}: {wrong.message}", path, suggestion=wrong.suggestion, at=at)
    if problems:
        return
    if any(one.reference is not None for one in found):
        message = f"'default' of {owner.phrase} cannot be a secret, since parameters are shown; name the secret where it is used"
        report.add("template_not_allowed", message, path)
        return
    given = type_of_text(text, found)
    only = given is not None and len(found) == 1 and text.strip() == text[found[0].template.start : found[0].template.end]
    fits = given is kind or given in _ALSO.get(kind, ()) if only else kind in _WRITTEN_AS_TEXT
    if not fits:
        message = f"'default' of {owner.phrase} must be {kind.phrase}, and {text[:60]} gives {given.phrase if given else 'text'}"
        report.add("wrong_type", message, path)
