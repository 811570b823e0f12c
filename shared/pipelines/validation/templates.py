"""Templates in a document that is checked: do they name what there is, may they stand there, and is what they give of use there?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from marshmallow import fields, validate

from shared.pipelines.fields import Quantity
from shared.pipelines.language.fixed import OWN_TEMPLATES, is_fixed
from shared.pipelines.language.spel_holes import filled as spel_filled
from shared.pipelines.language.templates import Finding, TemplateProblem, findings, type_of_text
from shared.pipelines.nodes.fields import CODE, Expression
from shared.pipelines.validation import sql
from shared.pipelines.validation.report import Owner, Report
from shared.pipelines.value_types import Type
from shared.sql.errors import SqlProblem
from shared.sql.holes import Hole, covered
from shared.sql.holes import check as check_holes

# Of which types a template may be that is all of a field's value, and a value with which the rest of the field's rules can be looked at.
_FITS: tuple[tuple[type[fields.Field[Any]], tuple[Type, ...], str, Any], ...] = (
    (fields.Boolean, (Type.BOOLEAN,), "true or false", True),
    (fields.Integer, (Type.INTEGER,), "a whole number", 1),
    (fields.Number, (Type.INTEGER, Type.NUMBER), "a number", 1),
    (Quantity, (Type.INTEGER, Type.NUMBER, Type.STRING), "a number or text", 1),
    (fields.List, (Type.LIST,), "a list", ["x"]),
    (fields.Nested, (), "a mapping", {}),
    (fields.Mapping, (), "a mapping", {}),
    (fields.String, tuple(kind for kind in Type if kind is not Type.LIST), "text", "x"),
)
_SAMPLES: dict[Type | None, Any] = {
    Type.STRING: "x",
    Type.INTEGER: 1,
    Type.NUMBER: 1.5,
    Type.BOOLEAN: True,
    Type.DATE: date(2000, 1, 1),
    Type.TIMESTAMP: datetime(2000, 1, 1, tzinfo=UTC),
    Type.LIST: ["x"],
    None: "x",
}
_HOLDS_SECRETS = re.compile(r"/spec/nodes/\d+/config/(?!(?:path|table|connector)\Z)")
_WHERE_SECRETS = (
    "a secret can stand in a connector's config and in a node's queries, conditions and options; names and paths are shown and kept"
)
# What is computed from these lands in rows, which are staged and shown.
_COMPUTED = ("columns", "aggregations")


@dataclass(frozen=True, slots=True)
class Scope:
    """What templates may stand in a document: `parameters` beside the language's own names (None: no expressions at all), `references` to
    secrets. `remedy` ends the sentence that refuses one.
    """

    parameters: Mapping[str, Type] | None = field(default_factory=dict)
    references: bool = False
    remedy: str = "write the value out"


NO_TEMPLATES = Scope(None)
ONLY_SECRETS = Scope(
    None, True, "of these only {{credential:name#field}}, {{vault:path#key}}, {{keystore:name#field}} and {{ssm:/path#name}} can stand here"
)


def check(
    report: Report, scope: Scope, made: fields.Field[Any] | None, text: str, path: str, label: str, owner: Owner
) -> list[Finding] | None:
    """Reports what is wrong with the templates of a text; None where anything is, or where they are of another kind.

    The path is settled but for that last case.
    """
    said = made.metadata.get("templates") if made is not None else None
    if OWN_TEMPLATES.match(path) or said == "own":
        return None
    phrase = f"'{label}' of {owner.phrase}" if label else owner.phrase
    before = report.errors
    if said == "never" or (scope.parameters is not None and is_fixed(path)):
        message = f"{phrase} is decided when the pipeline is saved, and cannot hold a template; write the value out"
        report.add("template_not_allowed", message, path, node=owner.node)
        return None
    found: list[Finding] = []
    try:
        found = findings(text, scope.parameters or {})
    except TemplateProblem as problem:
        _tell(report, problem, phrase, text, path, owner)
    for one in found:
        shown = f"{{{{{one.template.body}}}}}"
        if (one.reference is None and scope.parameters is None) or (one.reference is not None and not _may_hold(scope, path)):
            remedy = scope.remedy if one.reference is None else _WHERE_SECRETS
            report.add("template_not_allowed", f"{phrase} cannot hold the template {shown}; {remedy}", path, node=owner.node)
        elif one.problem is not None:
            _tell(report, one.problem, phrase, text, path, owner)
    report.settle(path)
    return found if report.errors == before else None


def _may_hold(scope: Scope, path: str) -> bool:
    return scope.references or (scope.parameters is not None and _HOLDS_SECRETS.match(path) is not None)


def _tell(report: Report, problem: TemplateProblem, phrase: str, text: str, path: str, owner: Owner) -> None:
    at = sql.position(report.document, path, text, problem.offset)
    message = f"{phrase}: {problem.message}"
    report.add(problem.kind, message, path, node=owner.node, suggestion=problem.suggestion, at=at)


def sample(
    report: Report,
    scope: Scope,
    made: fields.Field[Any],
    found: list[Finding],
    text: str,
    path: str,
    label: str,
    owner: Owner,
    language: str,
) -> Any:
    """A value of the kind that the text will be once it is filled, for the schema to look at. Reports where that is of no use there."""
    if isinstance(made, CODE):
        _in_code(report, made, found, text, path, label, owner, language)
        return covered(text, [(one.template.start, one.template.end) for one in found])
    kind = type_of_text(text, found)
    for of, fits, words, value in _FITS:
        if isinstance(made, of):
            # A connector's secret may be any setting of one value; of a node only a text, since it becomes one before the worker knows it.
            secret = kind is None and (of is fields.String or scope.references)
            if kind not in fits and not secret:
                given = kind.phrase if kind else "a secret"
                message = f"'{label}' of {owner.phrase} must be {words}, and {text[:60]} gives {given}"
                report.add("wrong_type", message, path, node=owner.node)
            for validator in made.validators:
                if isinstance(validator, validate.OneOf) and validator.choices:
                    return next(iter(validator.choices))
            return text if of is fields.String else value
    return text


def _in_code(
    report: Report, made: fields.Field[Any], found: list[Finding], text: str, path: str, label: str, owner: Owner, language: str
) -> None:
    """Whether every template stands where a literal, a text or a name is."""
    values = [_SAMPLES[one.type] for one in found]
    holes = [
        Hole(one.template.start, one.template.end, value, "x", secret=one.reference is not None)
        for one, value in zip(found, values, strict=True)
    ]
    try:
        if language == "spel" and isinstance(made, Expression):
            spel_filled(text, holes)
        else:
            check_holes(text, holes, "postgres")
    except SqlProblem as problem:
        at = sql.position(report.document, path, text, problem.position or 0)
        report.add("invalid_template", f"'{label}' of {owner.phrase}: {problem.message}", path, node=owner.node, at=at)
    bare = len(found) == 1 and text.strip().strip("'").strip() == text[found[0].template.start : found[0].template.end]
    if bare and found[0].reference is not None and label.partition("[")[0] in _COMPUTED:
        message = f"'{label}' of {owner.phrase} would put a secret into rows, which are staged and shown; use it in a condition or a query"
        report.add("secret_in_rows", message, path, node=owner.node)
