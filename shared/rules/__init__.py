"""What good data means: what to measure, and a pure verdict on it; one file per rule type.

A rule is a mapping as in the recipe, already validated (quality.md). `RULES` says which types there are.
"""

from shared.rules import not_null, unique, value_range
from shared.rules.types import Measured, RuleType, Scan, Verdict

RULES: dict[str, RuleType] = {
    "NOT_NULL": not_null.NOT_NULL,
    "UNIQUE": unique.UNIQUE,
    "RANGE": value_range.RANGE,
}

__all__ = ["RULES", "Measured", "RuleType", "Scan", "Verdict"]
