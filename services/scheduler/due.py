"""Schedules whose time has come: each fire time becomes a run, or is recorded as missed, under the row of its trigger.

Any scheduler may do it: the row is held by one at a time, and a fire time that is on record is never run again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from services.scheduler.apart import made
from services.scheduler.settings import Settings
from services.scheduler.turn import turn
from shared.dispatch.starting import Asked, New, Version, create
from shared.errors import PenstockError, UnavailableError
from shared.kill_points import kill_point
from shared.pipelines.language.values import SCHEDULE
from shared.store import resources, triggers
from shared.store.database import Database, Tx
from shared.store.definitions import DefinitionMissing
from shared.store.identifiers import new_id
from shared.store.timetables import timetable
from shared.store.triggers import BEHIND, Firing, Looked, Trigger
from shared.triggers.due import Decision, caught_up, decide, jitter
from shared.triggers.fires import Timetable
from shared.triggers.told import told

# Of one transaction, so that a scheduler that dies in it leaves little to do again.
AT_ONCE = 50
# Fire times of one trigger in one look, and in one transaction together.
MOST, MOST_TOGETHER = 1000, 5000
# Of one turn of the scheduler's loop, so that the rest of it has its turn, too.
TURN_S = 1.0
# A schedule that cannot be read may be readable for the next release; a text that is not where it is kept may come back any moment.
UNREADABLE, TEXT_AWAY = timedelta(hours=1), timedelta(seconds=10)
log = logging.getLogger("scheduler")


def fire_due(database: Database, settings: Settings) -> bool:
    """For a second or so; true while there may be more to fire."""
    until = time.monotonic() + TURN_S
    while True:
        with turn(database) as tx:
            now = _now(tx)
            held = triggers.due(tx, [SCHEDULE], AT_ONCE)
            more = _fire(tx, held, now, settings) if held else False
        if held:
            kill_point("scheduler.fired")
        if not more or time.monotonic() >= until:
            return more


def _now(tx: Tx) -> datetime:
    """By the database's clock, which all schedulers share."""
    row = tx.execute("SELECT clock_timestamp() AS now").fetchone()
    assert row is not None
    return row["now"].astimezone(UTC)  # type: ignore[no-any-return]


@dataclass(slots=True)
class _Look:
    """At a trigger, and what it comes to. `starts`: fire times that start runs, each with its run, and whether it was missed before.

    `decided` None: it cannot be decided now, and `problem` says why.
    """

    trigger: Trigger
    look_at: datetime | None
    decided: Decision | None = None
    problem: dict[str, Any] | None = None
    state: dict[str, Any] | None = None
    table: Timetable | None = None
    starts: list[tuple[datetime, str, bool]] = field(default_factory=list)

    def put_off(self, until: datetime, problem: dict[str, Any]) -> None:
        self.look_at, self.decided, self.problem = until, None, problem


@dataclass(frozen=True, slots=True)
class _Start:
    trigger: Trigger
    fire: datetime
    run: str
    version: Version
    asked: Asked


class _TextAway(Exception):
    """What a run of a trigger waits for cannot be read now, since a text is not where it is kept."""

    def __init__(self, trigger: str, error: PenstockError) -> None:
        super().__init__(error.message)
        self.trigger, self.error = trigger, error


def _fire(tx: Tx, held: Sequence[Trigger], now: datetime, settings: Settings) -> bool:
    """What is due of triggers that are held; true where there is more than was done at once."""
    away: dict[str, dict[str, Any]] = {}
    while True:
        try:
            with tx.transaction():
                return _fired(tx, held, now, settings, away)
        except _TextAway as found:
            # Rare: all is done again, without the fire times of that one.
            away[found.trigger] = found.error.to_json()


def _fired(tx: Tx, held: Sequence[Trigger], now: datetime, settings: Settings, away: Mapping[str, dict[str, Any]]) -> bool:
    """As `_fire`. `away`: triggers that cannot start runs now, and why. Raises _TextAway where another is found."""
    looks, left = [], MOST_TOGETHER
    for trigger in held:
        if left < 2:
            # Its row was held for nothing; it comes first in the next transaction.
            break
        look = _look(tx, trigger, now, min(MOST, left))
        if trigger.id in away:
            look.put_off(now + TEXT_AWAY, away[trigger.id])
        looks.append(look)
        left -= len(look.decided.run + look.decided.missed + look.decided.behind) if look.decided else 0
    versions = _versions(tx, looks, now)
    _record(tx, looks)
    for look in looks:
        if look.decided is not None and (look.decided.behind or look.trigger.state):
            _catch_up(tx, look, now, settings.catch_up_per_minute)
    starting = [one for look in looks for one in _starting(look, versions)]
    # Each is one statement, and not a pipeline of many: while one is open, PostgreSQL waits for a client that is paused for ever.
    problems: dict[str, dict[str, Any]] = {}
    new = []
    for one in starting:
        found = _made(tx, one, settings)
        if isinstance(found, PenstockError):
            problems[one.trigger.id] = found.to_json()
            triggers.refused(tx, one.trigger, told(one.fire), found.to_json())
        else:
            new.append(found)
    if new:
        create(tx, new)
    triggers.looked_all(
        tx,
        [
            Looked(
                look.trigger.id,
                look.look_at,
                look.decided.handled_to if look.decided else None,
                look.state,
                look.problem or problems.get(look.trigger.id),
            )
            for look in looks
        ],
    )
    kill_point("scheduler.firing")
    return len(held) == AT_ONCE or len(looks) < len(held) or any(look.look_at is not None and look.look_at <= now for look in looks)


def _made(tx: Tx, one: _Start, settings: Settings) -> New | PenstockError:
    """The run, or why it never can be made."""
    trigger = one.trigger
    try:
        found = made(tx, one.version, one.asked, settings.template_env, one.run)
    except (DefinitionMissing, UnavailableError) as error:
        log.warning("%s/%s does not start for %s: %s", trigger.namespace, trigger.pipeline, told(one.fire), error.message)
        raise _TextAway(trigger.id, error) from error
    if isinstance(found, PenstockError):
        log.warning("%s/%s could not start for %s: %s", trigger.namespace, trigger.pipeline, told(one.fire), found.message)
    return found


def _look(tx: Tx, trigger: Trigger, now: datetime, most: int) -> _Look:
    config = trigger.config
    try:
        table = timetable(tx, trigger.namespace, config)
        decided = decide(
            table.fires(trigger.handled_to),
            trigger.handled_to,
            now,
            catch_up=config["catchUp"],
            delay=jitter(trigger.id, config["jitterSeconds"]),
            most=most,
        )
    except (psycopg.Error, UnavailableError):
        raise
    except DefinitionMissing as error:
        # Of a calendar.
        log.warning("the schedule of %s/%s cannot be read: %s", trigger.namespace, trigger.pipeline, error.message)
        return _Look(trigger, now + TEXT_AWAY, problem=error.to_json())
    except Exception as error:
        # One that today's code cannot read must not hold up all others; its row says so.
        log.exception("the schedule of %s/%s cannot be read", trigger.namespace, trigger.pipeline)
        said = error if isinstance(error, PenstockError) else PenstockError(f"its schedule cannot be read: {error}; save it again")
        return _Look(trigger, now + UNREADABLE, problem=said.to_json())
    return _Look(trigger, decided.look_at, decided, table=table)


def _versions(tx: Tx, looks: Iterable[_Look], now: datetime) -> dict[str, Version]:
    """By trigger, of those that may start runs now. Those whose text is away are put off with all their fire times."""
    wanted = [look for look in looks if look.decided is not None and (look.decided.run or look.decided.behind or look.trigger.state)]
    addresses = {look.trigger.id: (look.trigger.namespace, look.trigger.pipeline, look.trigger.version) for look in wanted}
    texts = resources.at_versions(tx, "Pipeline", list(addresses.values())) if wanted else {}
    found = {}
    for look in wanted:
        row = texts[addresses[look.trigger.id]]
        if isinstance(row, PenstockError):
            log.warning("%s/%s does not start: %s", look.trigger.namespace, look.trigger.pipeline, row.message)
            look.put_off(now + TEXT_AWAY, row.to_json())
        else:
            found[look.trigger.id] = Version.of(row)
    return found


def _record(tx: Tx, looks: Iterable[_Look]) -> None:
    """What is decided, on record; and of what is to be run, that which was not on record before."""
    firings, asked = [], []
    for look in looks:
        if look.decided is None:
            continue
        trigger, how = look.trigger.id, {"catchUp": look.trigger.config["catchUp"]}
        firings += [Firing(trigger, told(fire), None, "missed", how) for fire in look.decided.missed]
        firings += [Firing(trigger, told(fire), None, BEHIND, how) for fire in look.decided.behind]
        for fire in look.decided.run:
            run = new_id()
            firings.append(Firing(trigger, told(fire), run, "run"))
            asked.append((look, fire, run))
    new = triggers.record(tx, firings) if firings else set()
    for look, fire, run in asked:
        if (look.trigger.id, told(fire)) in new:
            look.starts.append((fire, run, False))


def _catch_up(tx: Tx, look: _Look, now: datetime, most: int) -> None:
    """Of the fire times that are behind, those whose turn it is. `state` of a trigger with some: {catchUpAt}, when more may be run."""
    said = look.trigger.state.get("catchUpAt")
    keys = triggers.behind(tx, look.trigger, most + 1)
    not_before = datetime.fromisoformat(said) if said else None
    if not keys:
        if not_before is not None and now >= not_before:
            look.state = {}
        return
    turn, then = caught_up([datetime.fromisoformat(key) for key in keys], not_before, now, most)
    taken = {told(fire): new_id() for fire in turn}
    if taken:
        triggers.caught_up(tx, look.trigger, taken)
        look.starts = [*((datetime.fromisoformat(key), run, True) for key, run in taken.items()), *look.starts]
    # Kept although none may be left: what is found to be late within this minute counts together with these.
    look.state = {"catchUpAt": then.isoformat()}
    if len(keys) > len(taken):
        look.look_at = min(then, look.look_at) if look.look_at is not None else then


def _starting(look: _Look, versions: dict[str, Version]) -> Iterable[_Start]:
    config = look.trigger.config
    table = look.table
    if not look.starts or table is None:
        return
    for fire, run, missed in look.starts:
        asked = Asked(
            {"type": SCHEDULE, "fireAt": told(fire), **({"catchUp": config["catchUp"]} if missed else {})},
            fire,
            table.before(fire) or fire,
            created_by=SCHEDULE,
        )
        yield _Start(look.trigger, fire, run, versions[look.trigger.id], asked)
