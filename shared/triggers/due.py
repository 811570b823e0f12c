"""Which fire times are to be run now, which were missed, and when to look again. Pure: the clock and the fire times come in."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

# A fire time that nobody saw to for so long was missed: then catchUp says what becomes of it.
LATE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Decision:
    """`run` and `missed`: fire times, in order. `handled_to`: all times up to it are decided. `look_at`: None, never again."""

    run: tuple[datetime, ...]
    missed: tuple[datetime, ...]
    handled_to: datetime
    look_at: datetime | None


def decide(
    fires: Iterable[datetime],
    handled_to: datetime,
    now: datetime,
    *,
    catch_up: str,
    delay: Callable[[datetime], timedelta],
    most_late: int,
    most: int,
) -> Decision:
    """`fires`: after `handled_to`, in order. `delay`: the jitter of each. `catch_up`: none, last, all.

    `most_late`: of those that are late, so many may be run now (`all`). `most`: so many are decided at once.
    """
    run: list[datetime] = []
    missed: list[datetime] = []
    late_runs = 0
    newest_late: datetime | None = None
    for count, fire in enumerate(fires):
        due = fire + delay(fire)
        if due > now:
            return _decision(run, missed, newest_late, handled_to, due)
        if count >= most:
            # There is more to decide: `last` cannot be known yet, and nothing is late by being looked at in two turns.
            return _decision(run, missed, newest_late if catch_up != "last" else None, handled_to, now, unsure=newest_late)
        if due >= now - LATE:
            run.append(fire)
        elif catch_up == "all":
            if late_runs >= most_late:
                return _decision(run, missed, newest_late, handled_to, now)
            run.append(fire)
            late_runs += 1
        elif catch_up == "last":
            if newest_late is not None:
                missed.append(newest_late)
            newest_late = fire
        else:
            missed.append(fire)
        handled_to = fire
    return _decision(run, missed, newest_late, handled_to, None)


def _decision(
    run: list[datetime],
    missed: list[datetime],
    newest_late: datetime | None,
    handled_to: datetime,
    look_at: datetime | None,
    *,
    unsure: datetime | None = None,
) -> Decision:
    if unsure is not None and newest_late is None:
        missed = [*missed, unsure]
    runs = sorted([*run, newest_late]) if newest_late is not None else run
    return Decision(tuple(runs), tuple(missed), handled_to, look_at)


def jitter(trigger: str, seconds: float) -> Callable[[datetime], timedelta]:
    """From 0 to `seconds`, the same for a fire time whoever asks, and whenever."""

    def delay(fire: datetime) -> timedelta:
        if not seconds:
            return timedelta(0)
        drawn = hashlib.sha256(f"{trigger}/{fire.isoformat()}".encode()).digest()
        return timedelta(seconds=seconds * int.from_bytes(drawn[:8], "big") / 2**64)

    return delay
