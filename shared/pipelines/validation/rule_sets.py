"""kind: DataQualityRuleSet. Its settings and rules, and what they refer to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.pipelines.kinds.quality import RuleSetSpec
from shared.pipelines.language.pointers import below
from shared.pipelines.validation import references, shape
from shared.pipelines.validation.known import Known
from shared.pipelines.validation.report import Owner, Report


def check(report: Report, spec: Mapping[str, Any], path: str, known: Known) -> None:
    owner = Owner(f"rule set '{report.document.name}'")
    shape.check(report, RuleSetSpec, spec, path, owner)
    dataset, rules = spec.get("dataset"), spec.get("rules")
    if isinstance(dataset, Mapping):
        references.connector(report, dataset.get("connector"), below(below(path, "dataset"), "connector"), owner, known)
    names: dict[str, int] = {}
    for at, rule in enumerate(rules if isinstance(rules, list) else ()):
        if not isinstance(rule, Mapping):
            continue
        here = below(below(path, "rules"), at)
        _name(report, rule.get("name"), below(here, "name"), names)
        for key in ("references", "equals"):
            other = rule.get(key)
            if isinstance(other, Mapping):
                references.connector(report, other.get("connector"), below(below(here, key), "connector"), owner, known)


def _name(report: Report, name: Any, path: str, names: dict[str, int]) -> None:
    if not isinstance(name, str) or not name:
        return
    if name in names:
        message = f"rule '{name}' is there twice, first in line {names[name]}; give each rule a name of its own"
        report.add("duplicate_id", message, path)
    names.setdefault(name, report.place(path).line)
