"""What is kept of ANOMALY rules from check to check, and had again of the history that a job brings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from shared.rules.anomaly import kept_as, value
from shared.rules.baseline import Past
from shared.rules.types import Measured, Rule


def is_kept(rule: Rule) -> bool:
    return bool(rule["type"] == "ANOMALY")


def metric(rule: Rule, measured: Measured) -> float | None:
    """What this check measured, None where it is no finite number, or none that can be computed with."""
    try:
        return value(rule, measured)
    except (ArithmeticError, ValueError):
        return None


def of_rule(rule: Rule, history: Sequence[Mapping[str, Any]]) -> list[Past]:
    """Its values before, oldest first, of checks that had one and measured the same; none of a rule whose values are not kept."""
    if not is_kept(rule):
        return []
    name = kept_as(rule)
    kept = ((one["at"], one["metrics"].get(name)) for one in history)
    return [Past(datetime.fromisoformat(at), float(found)) for at, found in kept if found is not None]
