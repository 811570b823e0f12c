"""Fire times that have not succeeded by their deadline are told of, once each, whether there is a run for them or not.

By the leader. What was expected is what schedules fired or recorded as missed: a scheduler that comes back first records what it missed, so
no fire time passes unseen.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from services.scheduler.apart import AWAY
from services.scheduler.notify import link, note_of
from services.scheduler.settings import Settings
from shared.notifications.events import late_facts
from shared.notifications.wanted import Wishes, deadline_of, wishes
from shared.store import lateness, notifications, resources, run_ends
from shared.store.database import Database, Tx

_AT_ONCE = 100
log = logging.getLogger("scheduler")
# What became of a fire time that has no run.
_WITHOUT = {
    "missed": "was missed, and is not made up for",
    "behind": "was missed, and waits to be made up for",
    "refused": "was refused",
}


def tell_late(database: Database, settings: Settings) -> None:
    """May be repeated, and left at any point: what was told is on record."""
    with database.transaction() as tx:
        watched = {row["id"]: row for row in lateness.watched(tx)}
        deadlines = {id_: deadline_of(row["deadline"]) for id_, row in watched.items()}
        lateness.begin(tx, [(id_, deadlines[id_]) for id_, row in watched.items() if not row["begun"]])
        news = lateness.with_news(tx, list(deadlines.items()))
    for id_ in sorted(news):
        try:
            with database.transaction() as tx:
                _look(tx, watched[id_], deadlines[id_], settings)
        except AWAY:
            raise
        except Exception:
            # One pipeline that cannot be read must not keep the others' people from hearing; it is looked at again.
            log.exception("%s/%s could not be looked at for being late", watched[id_]["namespace"], watched[id_]["pipeline"])


def _look(tx: Tx, row: dict[str, Any], deadline: timedelta, settings: Settings) -> None:
    found = lateness.past(tx, row["id"], deadline, _AT_ONCE)
    if not found:
        return
    wanted = _wished(tx, row, settings)
    for one in found:
        by = one["fire"] + deadline
        if wanted.wants("late") and not run_ends.succeeded_for(tx, row["namespace"], row["pipeline"], one["fire"], by):
            _tell(tx, row, one, by, wanted, settings)
    lateness.checked(tx, row["id"], found[-1]["key"])


def _wished(tx: Tx, row: dict[str, Any], settings: Settings) -> Wishes:
    version = resources.at_version(tx, "Pipeline", row["namespace"], row["pipeline"], row["version"])
    return wishes(version["document"], mail=settings.mail) if version is not None else Wishes()


def _tell(tx: Tx, row: dict[str, Any], fire: dict[str, Any], by: Any, wanted: Wishes, settings: Settings) -> None:
    namespace, pipeline, run = row["namespace"], row["pipeline"], fire["run_id"]
    facts = late_facts(namespace, pipeline, fire["fire"], by, run=run, status=fire["status"], why=_why(fire), link=link(settings, run))
    # Without runs, of a long outage perhaps, the fire times are one trouble; each run that is late is one of its own.
    likeness = None if run else f"no run/{fire['outcome']}"
    for wish in wanted.wishes:
        if "late" in wish.on:
            notifications.add(tx, note_of(namespace, pipeline, f"fire/{fire['key']}", "late", wish, facts, run, likeness))


def _why(fire: dict[str, Any]) -> str:
    if fire["status"] is not None:
        said = (fire["error"] or {}).get("message")
        return f"its run is {fire['status']}{f': {said}' if said else ''}"
    if fire["run_id"] is not None:
        return "its run is not on record any more"
    detail = fire["detail"] or {}
    said = detail.get("message") or detail.get("reason")
    what = _WITHOUT.get(fire["outcome"], f"is on record as {fire['outcome']}")
    return f"there is no run: the fire time {what}{f' ({said})' if said else ''}"
