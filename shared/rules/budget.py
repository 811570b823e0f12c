"""The error budget of an objective {score, windowDays}: how much of what may go wrong has gone wrong (quality.md). Pure.

What may go wrong is `100 - score` points for each check of the window; what a check takes of it is how far it stays below 100. So the
budget is used up when the mean score of the window falls below the objective, and one bad check among many good ones need not do that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

BEST = 100.0
# What counts as lately: such a part of the window, and at least the newest check.
LATELY = 10


def budget(scores: Sequence[tuple[datetime, float]], objective: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """`scores`: (time, 0 to 100) of the checks of the window that ends at `at`, oldest first; those that are older do not count.

    {score, windowDays: the objective; checks, below: how many of them are below it, belowPercent, mean, remainingPercent: of the budget,
    0 at least, burnRate: how many times as fast as the window allows it has been used lately, usedUp}. Without a check: null where there
    is nothing to tell, and a whole budget. Of an objective of 100 nothing may be used: the burn rate is null once something is.
    """
    since = at - timedelta(days=objective["windowDays"])
    counted = [(when, score) for when, score in scores if since <= when <= at]
    said = {"score": objective["score"], "windowDays": objective["windowDays"], "checks": len(counted)}
    if not counted:
        return {**said, "below": 0, "belowPercent": None, "mean": None, "remainingPercent": 100.0, "burnRate": None, "usedUp": False}
    below = sum(score < objective["score"] for _, score in counted)
    allowed = BEST - objective["score"]
    missed = _missed([score for _, score in counted])
    newest = counted[-1][0]
    latest = [score for when, score in counted if when >= min(newest, at - (at - since) / LATELY)]
    used = missed / allowed if allowed else float(missed > 0)
    lately = _missed(latest)
    return {
        **said,
        "below": below,
        "belowPercent": round(100 * below / len(counted), 1),
        "mean": round(BEST - missed, 2),
        "remainingPercent": round(100 * max(0.0, 1 - used), 1),
        "burnRate": round(lately / allowed, 2) if allowed else (None if lately else 0.0),
        "usedUp": missed > allowed,
    }


def spent(checks: int, below: int, missed: float, objective: Mapping[str, Any]) -> dict[str, Any]:
    """What `budget` says of a window of which only this is known: checks, how many were below the objective, the points they missed.

    {score, windowDays, checks, below, mean, remainingPercent, usedUp}
    """
    each = missed / checks if checks else 0.0
    allowed = BEST - objective["score"]
    used = each / allowed if allowed else float(each > 0)
    return {
        "score": objective["score"],
        "windowDays": objective["windowDays"],
        "checks": checks,
        "below": below,
        "mean": round(BEST - each, 2) if checks else None,
        "remainingPercent": round(100 * max(0.0, 1 - used), 1),
        "usedUp": each > allowed,
    }


def _missed(scores: Sequence[float]) -> float:
    return sum(BEST - score for score in scores) / len(scores)
