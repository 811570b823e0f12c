"""kind: DataQualityRuleSet. Its dataset, and each rule by the schema of its type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.pipelines.kinds.quality import LATER, RULES, RuleOfNoType, RuleSetSpec
from shared.pipelines.language.pointers import below
from shared.pipelines.validation import references, shape
from shared.pipelines.validation.known import Known
from shared.pipelines.validation.report import Owner, Report
from shared.pipelines.validation.words import hint, nearest


def check(report: Report, spec: Mapping[str, Any], path: str, known: Known) -> None:
    owner = Owner(f"rule set '{report.document.name}'")
    shape.check(report, RuleSetSpec, spec, path, owner)
    dataset, rules = spec.get("dataset"), spec.get("rules")
    if isinstance(dataset, Mapping):
        references.connector(report, dataset.get("connector"), below(below(path, "dataset"), "connector"), owner, known)
    names: dict[str, int] = {}
    for at, rule in enumerate(rules if isinstance(rules, list) else ()):
        if isinstance(rule, Mapping):
            _rule(report, rule, below(below(path, "rules"), at), at, names)


def _rule(report: Report, rule: Mapping[str, Any], path: str, at: int, names: dict[str, int]) -> None:
    name, kind = rule.get("name"), rule.get("type")
    phrase = f"rule '{name}'" if isinstance(name, str) and name else f"rule number {at + 1}"
    if isinstance(name, str):
        if name in names:
            message = f"{phrase} is there twice, first in line {names[name]}; give each rule a name of its own"
            report.add("duplicate_id", message, below(path, "name"))
        names.setdefault(name, report.place(below(path, "name")).line)
    if isinstance(kind, str) and kind in LATER:
        message = f"{phrase} is of type {kind}, which is not available yet in this release; there is {', '.join(RULES)}"
        report.add("not_available_yet", message, below(path, "type"))
    elif isinstance(kind, str) and kind not in RULES:
        near = nearest(kind, (*RULES, *LATER))
        report.add("unknown_rule_type", f"{phrase} has the unknown type '{kind}'{hint(near, RULES)}", below(path, "type"), suggestion=near)
    else:
        schema = RULES[kind] if isinstance(kind, str) else RuleOfNoType
        shape.check(report, schema, rule, path, Owner(f"{phrase} ({kind})" if isinstance(kind, str) else phrase))
