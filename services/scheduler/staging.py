"""Staged rows are removed once nobody needs them: at a run's success, or, where they are kept on purpose or failed, after the retention.

The folders decide, not the store's rows: so what dead attempts and zombies left behind goes too.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from services.scheduler.recipes import load
from services.scheduler.settings import Settings
from shared.datasets import staging
from shared.runs.states import RunStatus
from shared.store import datasets, runs
from shared.store.database import Database, Tx

log = logging.getLogger("scheduler")
# Of folders that were looked at, so that one pass holds no transaction for long.
AT_ONCE = 200


def sweep(database: Database, settings: Settings) -> int:
    """Removes the folders of runs that need them no more; returns how many."""
    names = sorted(_runs(settings.staging))
    removed = 0
    for first in range(0, len(names), AT_ONCE):
        with database.transaction() as tx:
            done = _done(tx, names[first : first + AT_ONCE], settings)
        staging.remove(settings.staging, done)
        # After the files, so that a row never says that a file is gone which is there.
        with database.transaction() as tx:
            datasets.mark_deleted(tx, done)
        removed += len(done)
    if removed:
        log.info("removed the staged rows of %d runs", removed)
    return removed


def _runs(place: str) -> Iterable[str]:
    for name in staging.names(place):
        try:
            UUID(name)
        except ValueError:
            # Not ours.
            continue
        yield name


def _done(tx: Tx, names: list[str], settings: Settings) -> list[str]:
    expired = datetime.now(UTC) - settings.staging_retention
    done = []
    for run in runs.ended(tx, names):
        if run["finished_at"] < expired:
            done.append(run["id"])
        elif run["status"] == RunStatus.SUCCEEDED:
            kept = load(tx, run["resource_uid"], run["version"], settings, run["run_values"]).pipeline.settings.get("staging")
            if kept != "all":
                done.append(run["id"])
    return done
