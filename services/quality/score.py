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
PARTIAL = "; {left_out} of {rules} rules could not be measured and are not in it"


@dataclass(frozen=True, slots=True)
class Term:
    """One rule's part: `checked` and `failing` rows, None where it has no rows, and whether it passed.

    `error`: it could not be measured, and so is no part of the score. One that is still learning has passed.
    """

    rule: str
    severity: str
    passed: bool
    checked: int | None
    failing: int | None
    error: bool = False

    @property
    def share(self) -> Fraction:
        """Of rows that pass; 0 or 1 for a rule that has no rows."""
        if not self.checked:
            return Fraction(int(self.passed))
        return Fraction(self.checked - (self.failing or 0), self.checked)


def score(terms: Sequence[Term]) -> tuple[float | None, dict[str, Any]]:
    """The score, 0 to 100, and the formula with the values that went into it; None without a rule that was measured.

    The formula: {text, weights, cap, partial, leftOut: [rule], terms: [{rule, severity, weight, share, checked, failing}]}, and `reason`
    where there is no score.
    """
    counted = [term for term in terms if not term.error]
    left_out = [term.rule for term in terms if term.error]
    weight = sum(WEIGHTS[term.severity] for term in counted)
    capped = any(term.severity == "critical" and not term.passed for term in counted)
    formula = {
        "text": TEXT + (PARTIAL.format(left_out=len(left_out), rules=len(terms)) if left_out else ""),
        "weights": WEIGHTS,
        "cap": float(CRITICAL_CAP) if capped else None,
        "partial": bool(left_out),
        "leftOut": left_out,
        "terms": [
            {
                "rule": t.rule,
                "severity": t.severity,
                "weight": WEIGHTS[t.severity],
                "share": round(float(t.share), 6),
                "checked": t.checked,
                "failing": t.failing,
            }
            for t in counted
        ],
    }
    if not weight:
        return None, {**formula, "reason": "no rule could be measured" if left_out else "no rules"}
    mean = sum((WEIGHTS[term.severity] * term.share for term in counted), Fraction(0)) / weight * 100
    # Exact until here, then rounded as PostgreSQL rounds: half away from zero.
    rounded = (Decimal(mean.numerator) / Decimal(mean.denominator)).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return float(min(rounded, CRITICAL_CAP) if capped else rounded), formula
