"""Error budgets of rule sets, as of a check: what it is told of by those who draw conclusions from the end of a run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from shared.errors import PenstockError
from shared.pipelines.validation import stored_rule_set
from shared.rules.budget import spent
from shared.store import quality, resources
from shared.store.database import Tx
from shared.store.definitions import DefinitionMissing
from shared.store.quality import Subject


def objective(tx: Tx, namespace: str, rule_set: str) -> Mapping[str, Any] | None:
    """None where today's rules refuse the rule set, or it is gone: the other news must not wait for it."""
    text = resources.current_document(tx, "DataQualityRuleSet", namespace, rule_set)
    try:
        return stored_rule_set(text).objective if text is not None else None
    except PenstockError:
        return None


def spent_at(tx: Tx, subject: Subject, promised: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """As `shared.rules.budget.spent` says it, of the window that ends at `at`."""
    found = quality.window(tx, subject, at - timedelta(days=promised["windowDays"]), at, promised["score"])
    return spent(found.checks, found.below, found.missed, promised)


def least_left(tx: Tx, run: str) -> float | None:
    """Of the budgets of a run's checks, 0 to 1; None where none of them has one."""
    found = []
    for row in quality.of_run(tx, run):
        try:
            promised = objective(tx, row["namespace"], row["rule_set"]) if row["score"] is not None and row["rule_set"] else None
        except DefinitionMissing:
            # What starts after the run must not wait for a figure.
            continue
        if promised is not None:
            subject = Subject(row["namespace"], row["dataset"], row["scope"], row["rule_set"])
            found.append(spent_at(tx, subject, promised, row["at"])["remainingPercent"] / 100)
    return min(found, default=None)
