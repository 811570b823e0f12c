"""Staged rows are removed once nobody needs them: at a run's success (`staging: auto`), at its end (`none`), or, where they are kept on
purpose (`all`) or the run failed, after the retention.

The folders decide, not the store's rows: so what dead attempts and zombies left behind goes too.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.scheduler.recipes import load
from services.scheduler.settings import Settings
from shared.datasets import staging
from shared.errors import PenstockError
from shared.kill_points import kill_point
from shared.runs.states import RunStatus
from shared.store import datasets, kept, runs, stages
from shared.store.database import Database, Tx
from shared.store.identifiers import least_id

log = logging.getLogger("scheduler")
# Of folders that were looked at, so that one pass holds no transaction for long.
AT_ONCE = 200


def sweep(database: Database, settings: Settings) -> int:
    """Removes the folders of runs that need them no more; returns how many."""
    with database.transaction() as tx:
        kept.let_go(tx, settings.cache_retention)
    names = sorted(_runs(settings.staging))
    removed = 0
    for first in range(0, len(names), AT_ONCE):
        with database.transaction() as tx:
            done = _done(tx, names[first : first + AT_ONCE], settings)
            in_part = kept.stages_of(tx, done)
            for run, of_stages in in_part.items():
                # What later runs reuse stays, and goes with the first pass after it is forgotten.
                epochs = done.pop(run)
                if epochs is not None:
                    done[run] = epochs | {stage: epoch - 1 for stage, epoch in of_stages.items()}
            # Before the files, and while nobody can ask for these runs again: whoever does then computes anew what he needs of them, in
            # folders of later epochs, which are not ours to remove however late we come to it.
            datasets.mark_deleted(tx, done)
        if done:
            kill_point("scheduler.staging_marked")
        staging.remove(settings.staging, done)
        removed += len(done.keys() - in_part)
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


def _done(tx: Tx, names: list[str], settings: Settings) -> dict[str, dict[int, int] | None]:
    """Runs whose staged rows are to go, with the epochs of their stages; None for those that are not in the store."""
    expired = datetime.now(UTC) - settings.staging_retention
    # Their runs are gone: dropped with a month, or the store is another.
    unknown = [name for name in set(names) - runs.there(tx, names) if UUID(name) < least_id(expired)]
    done = []
    for run in runs.ended(tx, names, stay=True):
        if run["finished_at"] < expired:
            done.append(run["id"])
            continue
        kept = _kept(tx, run, settings)
        # `none` keeps nothing, whatever became of the run; a restart then computes it anew.
        if kept == "none" or (kept != "all" and run["status"] == RunStatus.SUCCEEDED):
            done.append(run["id"])
    return {**dict.fromkeys(unknown), **stages.epochs(tx, done)}


def _kept(tx: Tx, run: Mapping[str, Any], settings: Settings) -> str | None:
    """What its recipe says of staging; None of a recipe that cannot be read, whose run has failed for that."""
    try:
        recipe = load(tx, run["resource_uid"], run["version"], settings, run["run_values"])
    except PenstockError:
        return None
    return str(recipe.pipeline.settings.get("staging"))
