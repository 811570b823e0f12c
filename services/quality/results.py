"""What a check says of one rule, and of all of them together: the JSON that is stored and shown (`Outcome.quality`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.quality.score import Term, score
from services.quality.secrecy import masked
from shared.datasets import Columns
from shared.rules import Verdict
from shared.rules.types import Rule
from shared.secrets.shown import shown

PASSED, FAILED, ERROR, LEARNING = "PASSED", "FAILED", "ERROR", "LEARNING"

Result = dict[str, Any]


def result(rule: Rule, columns: Columns, verdict: Verdict, offenders: Sequence[Mapping[str, Any]], duration_ms: int) -> Result:
    """`columns`: of the dataset. Values of those whose names look secret are masked."""
    learning = verdict.passed and verdict.learning
    observed, expected = masked(rule, verdict.observed, verdict.expected, columns)
    return {
        **_of(rule),
        "status": LEARNING if learning else PASSED if verdict.passed else FAILED,
        "passed": verdict.passed,
        "checked": verdict.checked,
        "failing": verdict.failing,
        "failingPercent": round(verdict.failing * 100 / verdict.checked, 3) if verdict.checked else 0,
        "observed": {key: shown(value) for key, value in observed.items()},
        "expected": {key: shown(value) for key, value in expected.items()},
        "offenders": list(offenders),
        "error": None,
        "durationMs": duration_ms,
    }


def failure(rule: Rule, sentence: str, duration_ms: int | None = None) -> Result:
    """Of a rule that could not be measured: nothing is known of the rows, so nothing is said of them."""
    return {
        **_of(rule),
        "status": ERROR,
        "passed": False,
        "checked": None,
        "failing": None,
        "failingPercent": None,
        "observed": {},
        "expected": {},
        "offenders": [],
        "error": sentence,
        "durationMs": duration_ms,
    }


def summary(results: Sequence[Result]) -> dict[str, Any]:
    """The score and the counts. Rules that could not be measured are in `errors`, and make the score a partial one."""
    told = [one for one in results if one["status"] != ERROR]
    value, formula = score(
        [Term(r["rule"], r["severity"], r["passed"], r["checked"], r["failing"], error=r["status"] == ERROR) for r in results]
    )
    return {
        "score": value,
        "partial": len(told) < len(results),
        "passed": sum(one["passed"] for one in told),
        "failed": sum(not one["passed"] for one in told),
        "errors": len(results) - len(told),
        "formula": formula,
        "results": list(results),
        "blocked": [one["rule"] for one in results if one["blocks"] and not one["passed"]],
    }


def _of(rule: Rule) -> dict[str, Any]:
    return {
        "rule": rule["name"],
        "type": rule["type"],
        "severity": rule.get("severity") or "medium",
        # What rejects its failing rows holds nothing back.
        "blocks": bool(rule.get("blockPipeline")) and rule.get("onFail") != "reject_rows",
    }
