"""Ends of runs, counted: a conclusion like the others, so that each end counts once, and no run waits for a counter's row."""

from __future__ import annotations

from services.scheduler import budgets
from services.scheduler.settings import Settings
from shared.store import metric_totals, run_ends, totals
from shared.store.database import Tx
from shared.store.endings import Ending


def count(tx: Tx, ending: Ending, settings: Settings) -> None:
    """A conclusion from the end of a run."""
    totals.add(tx, ending, run_ends.rows(tx, ending.run))
    totals.scored(tx, ending, budgets.least_left(tx, ending.run))
    metric_totals.of_run(tx, ending)
