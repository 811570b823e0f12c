"""Documents together: each by its kind, and what they are to one another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from shared.pipelines.kinds import IDLE, KINDS
from shared.pipelines.kinds.envelope import API_VERSIONS, Envelope
from shared.pipelines.language.pointers import below
from shared.pipelines.model import Document, Problem
from shared.pipelines.validation import connectors, order, pipelines, rule_sets, shape, tests
from shared.pipelines.validation.known import Known
from shared.pipelines.validation.report import Owner, Report
from shared.pipelines.validation.words import hint, nearest

_Check = Callable[[Report, Mapping[str, Any], str, Known], None]


def _settings(kind: str, phrase: str) -> _Check:
    """For kinds of which nothing is to be said beside their own settings."""

    def check(report: Report, spec: Mapping[str, Any], path: str, known: Known) -> None:
        shape.check(report, KINDS[kind], spec, path, Owner(f"{phrase} '{report.document.name}'"))

    return check


_CHECKS: dict[str, _Check] = {
    "Pipeline": pipelines.check,
    "Connector": connectors.check,
    "DataQualityRuleSet": rule_sets.check,
    "PipelineDependency": order.check,
    "Calendar": _settings("Calendar", "calendar"),
    "PipelineTest": tests.check,
    "Flow": _settings("Flow", "flow"),
}
assert _CHECKS.keys() == KINDS.keys()


def validate(documents: Sequence[Document], known: Known | None = None) -> list[Problem]:
    """All problems of the documents, errors and warnings, in the order of the text; those found while reading among them.

    What one document defines (a connector, a rule set) the others may name.
    """
    there = _with(known or Known(), documents)
    problems: list[Problem] = []
    first: dict[tuple[str, str, str], int] = {}
    for document in documents:
        report = Report(document, running=there.require_connectors)
        if document.tree:
            _document(report, there)
            _twice(report, first)
        problems += report.problems
    return sorted(problems, key=lambda problem: (problem.line, problem.column))


def _with(known: Known, documents: Sequence[Document]) -> Known:
    """What is known, and what the documents themselves bring."""
    found: dict[str, tuple[str, Any]] = {}
    for document in documents:
        spec = document.tree.get("spec")
        if document.kind == "Connector" and isinstance(spec, dict):
            found[f"{document.namespace}/{document.name}"] = (str(spec.get("type")), spec.get("config", {}))

    def named(kind: str) -> set[str]:
        return {f"{document.namespace}/{document.name}" for document in documents if document.kind == kind}

    return replace(
        known,
        connectors={**known.connectors, **found},
        rule_sets={*known.rule_sets, *named("DataQualityRuleSet")},
        calendars={*known.calendars, *named("Calendar")},
        pipelines={*known.pipelines, *named("Pipeline")},
        recipes={
            **known.recipes,
            **{f"{document.namespace}/{document.name}": document.tree.get("spec") for document in documents if document.kind == "Pipeline"},
        },
        order={**known.order, **{order.key(document): order.pairs(document) for document in documents}},
    )


def _document(report: Report, known: Known) -> None:
    document = report.document
    shape.check(report, Envelope, document.tree, "", Owner("the document"), shape.Rules(templates=None))
    version = document.tree.get("apiVersion")
    if isinstance(version, str) and version not in API_VERSIONS:
        near = nearest(version, API_VERSIONS)
        report.add("unknown_api_version", f"unknown apiVersion '{version}'{hint(near, API_VERSIONS)}", "/apiVersion", suggestion=near)
    kind = document.tree.get("kind")
    if not isinstance(kind, str):
        return
    if kind not in KINDS:
        near = nearest(kind, KINDS)
        report.add("unknown_kind", f"unknown kind '{kind}'{hint(near, KINDS)}", "/kind", suggestion=near)
        return
    if kind in IDLE:
        report.not_available(f"kind {kind}", "/kind", Owner("the document"), told=True)
    if isinstance(document.tree.get("spec"), dict):
        _CHECKS[kind](report, document.tree["spec"], below("", "spec"), known)


def _twice(report: Report, first: dict[tuple[str, str, str], int]) -> None:
    document = report.document
    key = (document.kind, document.namespace, document.name)
    place = report.place("/metadata/name")
    if all(key) and first.setdefault(key, place.line) != place.line:
        message = f"{document.kind} {document.namespace}/{document.name} is there twice, first in line {first[key]}; keep one of them"
        report.add("duplicate_document", message, "/metadata/name")
