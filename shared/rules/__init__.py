"""What good data means: what to measure, and a pure verdict on it; one file per rule type.

A rule is a mapping as in the recipe, already validated (quality.md). `RULES` says which types there are.
"""

from shared.rules import (
    anomaly,
    completeness,
    consistency,
    custom_sql,
    freshness,
    not_null,
    referential,
    regex,
    row_count,
    unique,
    value_range,
)
from shared.rules.types import Measured, RuleType, Scan, Verdict

RULES: dict[str, RuleType] = {
    "NOT_NULL": not_null.NOT_NULL,
    "UNIQUE": unique.UNIQUE,
    "RANGE": value_range.RANGE,
    "REGEX": regex.REGEX,
    "REFERENTIAL": referential.REFERENTIAL,
    "CUSTOM_SQL": custom_sql.CUSTOM_SQL,
    "COMPLETENESS": completeness.COMPLETENESS,
    "CONSISTENCY": consistency.CONSISTENCY,
    "FRESHNESS": freshness.FRESHNESS,
    "ROW_COUNT": row_count.ROW_COUNT,
    "ANOMALY": anomaly.ANOMALY,
}

__all__ = ["RULES", "Measured", "RuleType", "Scan", "Verdict"]
