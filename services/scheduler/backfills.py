"""Backfills: of each, as many runs at once as it may have, each of its dates once. Under its row, so that any scheduler may do it."""

from __future__ import annotations

import logging
from datetime import datetime

from services.scheduler.apart import apart, started
from services.scheduler.settings import Settings
from services.scheduler.turn import turn
from shared.dispatch.backfills import still
from shared.dispatch.fire_times import start_of_interval
from shared.dispatch.starting import Asked, Version
from shared.errors import ConfigurationError, PenstockError, UnavailableError
from shared.kill_points import kill_point
from shared.pipelines.validation import schedule_of
from shared.store import backfills, dependencies, resources
from shared.store.backfills import Backfill
from shared.store.database import Database, Tx
from shared.store.definitions import DefinitionMissing
from shared.store.endings import Ending
from shared.store.identifiers import new_id

AT_ONCE = 20
# Dates of one backfill in one turn, most of which somebody else may have run since.
MOST = 200
TYPE = "backfill"
log = logging.getLogger("scheduler")


def told(tx: Tx, ending: Ending, settings: Settings) -> None:
    """A conclusion from the end of a run: there is room for the next."""
    backfills.ended(tx, ending.run, ending.status)


def start_backfills(database: Database, settings: Settings) -> bool:
    """True while there may be more to start."""
    done = 0
    held: list[Backfill] = []
    with turn(database) as tx:
        seen: list[str] = []
        # Where nothing can be done for the oldest, the next have their turn.
        while not done and (held := backfills.with_room(tx, AT_ONCE, seen)):
            for one in held:
                with apart(tx, _told_of(one)):
                    done += backfills.finish(tx, one.id) or _fill(tx, one, settings)
            seen += [one.id for one in held]
        if seen:
            kill_point("scheduler.backfilling")
    return len(held) == AT_ONCE and done > 0


def _told_of(one: Backfill) -> str:
    return f"backfill {one.id} of {one.namespace}/{one.pipeline}"


def _fill(tx: Tx, one: Backfill, settings: Settings) -> bool:
    """Whether anything came of it. Dates of a version whose text is away keep their turn, and the others go on."""
    room = one.max_parallel - backfills.going(tx, one.id)
    looked = came = 0
    away: set[int] = set()
    while room > 0 and looked < MOST and (dates := backfills.following(tx, one, room, away)):
        for date, version in dates:
            if version in away:
                continue
            done = False
            with apart(tx, _told_of(one)):
                room -= _start(tx, one, date, version, settings)
                done = True
            came += done
            away |= set() if done else {version}
        looked += len(dates)
    return backfills.finish(tx, one.id) or came > 0


def _start(tx: Tx, one: Backfill, date: datetime, number: int, settings: Settings) -> bool:
    """Whether there is a run now."""
    choice = still(tx, one, date)
    if not choice.runs:
        backfills.settled(tx, one.id, date, "left_out", {"message": choice.why})
        return False
    run = new_id()
    try:
        row = resources.at_version(tx, "Pipeline", one.namespace, one.pipeline, number)
        if row is None:
            raise ConfigurationError(f"version {number} of pipeline {one.namespace}/{one.pipeline} is not there")
        version = Version.of(row)
        schedule = dependencies.schedule_of(tx, one.namespace, one.pipeline)
        config = schedule["config"] if schedule else schedule_of(version.text)
        interval = start_of_interval(tx, one.namespace, config, date)
        trigger = {"type": TYPE, "id": one.id, "which": one.which, "version": one.version}
        asked = Asked(trigger, date, interval, TYPE, one.parameters, one.reason)
        if (refused := started(tx, version, asked, settings.template_env, run)) is not None:
            raise refused
    except (UnavailableError, DefinitionMissing):
        # A text may come back: the date keeps its turn.
        raise
    except PenstockError as error:
        log.warning("backfill %s: %s/%s could not start for %s: %s", one.id, one.namespace, one.pipeline, date, error.message)
        backfills.settled(tx, one.id, date, "refused", error.to_json())
        return False
    backfills.started(tx, one.id, date, run)
    return True
