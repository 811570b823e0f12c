"""The quality score of one rule set over one dataset (quality.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

WEIGHTS = {"critical": 5, "high": 3, "medium": 1}
CRITICAL_CAP = Decimal("49.9")
TEXT = (
    "100 * sum(weight * share) / sum(weight), rounded to one decimal; share = passing rows / rows checked;"
    " at most 49.9 when a critical rule failed"
)


@dataclass(frozen=True, slots=True)
class Term:
    """One rule's part: `checked` and `failing` rows, None where it has no rows, and whether it passed."""

    rule: str
    severity: str
    passed: bool
    checked: int | None
    failing: int | None

    @property
    def share(self) -> Fraction:
        """Of rows that pass; 0 or 1 for a rule that has no rows."""
        if not self.checked:
            return Fraction(int(self.passed))
        return Fraction(self.checked - (self.failing or 0), self.checked)


def score(terms: Sequence[Term]) -> tuple[float | None, dict[str, Any]]:
    """The score, 0 to 100, None without rules; and the formula with the values that went into it."""
    weight = sum(WEIGHTS[term.severity] for term in terms)
    capped = any(term.severity == "critical" and not term.passed for term in terms)
    formula = {
        "text": TEXT,
        "weights": WEIGHTS,
        "cap": float(CRITICAL_CAP) if capped else None,
        "terms": [
            {
                "rule": t.rule,
                "severity": t.severity,
                "weight": WEIGHTS[t.severity],
                "share": round(float(t.share), 6),
                "checked": t.checked,
                "failing": t.failing,
            }
            for t in terms
        ],
    }
    if not weight:
        return None, {**formula, "reason": "no rules"}
    mean = sum((WEIGHTS[term.severity] * term.share for term in terms), Fraction(0)) / weight * 100
    # Exact until here, then rounded as PostgreSQL rounds: half away from zero.
    rounded = (Decimal(mean.numerator) / Decimal(mean.denominator)).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return float(min(rounded, CRITICAL_CAP) if capped else rounded), formula
