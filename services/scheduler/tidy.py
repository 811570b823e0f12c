"""What the leader does now and then: partitions are made ahead of time and dropped when their time is over, and small tables are pruned."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import psycopg

from services.scheduler.settings import Settings
from shared.store import backfills, deliveries, idempotency, notifications, partitions, requests, sessions, shown_plans, triggers, workers
from shared.store.database import Database

EVERY_S = 3600.0
_A_MONTH = timedelta(days=31)
log = logging.getLogger("scheduler")


def tidy(database: Database, settings: Settings) -> None:
    """May be repeated, and be left at any point."""
    now = datetime.now(UTC)
    with database.transaction() as tx:
        partitions.ensure(tx, now)
        requests.prune(tx)
        shown_plans.prune(tx)
        workers.prune(tx)
        sessions.prune(tx)
        if settings.keep.runs is not None:
            idempotency.prune(tx, settings.keep.runs)
            backfills.prune(tx, settings.keep.runs)
            notifications.prune(tx, settings.keep.runs)
        over = partitions.expired(tx, now, settings.keep)
    _prune_deliveries(database, settings, now)
    _prune_firings(database, settings)
    for names in over:
        try:
            with database.transaction() as tx:
                partitions.drop(tx, names)
            log.info("dropped %s: all its runs have ended, and are not kept any longer", ", ".join(names))
        except psycopg.errors.LockNotAvailable:
            log.warning("%s could not be dropped now, somebody uses it; in an hour again", ", ".join(names))


def _prune_deliveries(database: Database, settings: Settings, now: datetime) -> None:
    """In steps, too: a year of them in one would hold back the cleaning of all tables."""
    while settings.keep.runs is not None:
        with database.transaction() as tx:
            if not deliveries.prune(tx, now - settings.keep.runs):
                return


def _prune_firings(database: Database, settings: Settings) -> None:
    """In steps, so that no row is locked for long."""
    # Runs are kept to the end of their month, and what started them as long.
    while settings.keep.runs is not None:
        with database.transaction() as tx:
            if not triggers.prune(tx, settings.keep.runs + _A_MONTH):
                return
