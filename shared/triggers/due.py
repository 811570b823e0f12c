"""Which fire times are to be run now, which were missed, and when to look again. Pure: the clock and the fire times come in."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, pairwise

# A fire time that nobody saw to for so long was missed: then catchUp says what becomes of it.
LATE = timedelta(seconds=60)
# In which only so many missed ones are run.
MINUTE = timedelta(minutes=1)
# From a fire time and the one after it, None where there is none, to how long it is put off.
Delay = Callable[[datetime, datetime | None], timedelta]


@dataclass(frozen=True, slots=True)
class Decision:
    """`run`, `missed` and `behind`: fire times, in order; those behind are run later, `caught_up` says when.

    `handled_to`: all times up to it are decided. `look_at`: when the next is due; None: never.
    """

    run: tuple[datetime, ...]
    missed: tuple[datetime, ...]
    behind: tuple[datetime, ...]
    handled_to: datetime
    look_at: datetime | None


def decide(fires: Iterable[datetime], handled_to: datetime, now: datetime, *, catch_up: str, delay: Delay, most: int) -> Decision:
    """What becomes of the fire times that are due and not decided yet.

    `fires`: after `handled_to`, in order. `catch_up`: none, last or all. `most`: so many are decided at once, two at least; where there
    are more, `look_at` is `now`. None is put off beyond the next one (`jitter`), so that what is late comes before what is not.
    """
    late: list[datetime] = []
    run: list[datetime] = []
    look_at = None
    for fire, following in pairwise(chain(fires, (None,))):
        assert fire is not None
        due = fire + delay(fire, following)
        if due > now or len(late) + len(run) == most:
            look_at = max(due, now)
            break
        (run if due >= now - LATE else late).append(fire)
    missed: list[datetime] = []
    behind: list[datetime] = []
    if catch_up == "all":
        behind = late
    elif catch_up == "last" and late:
        *missed, newest = late
        if run or look_at is None or look_at > now:
            run.insert(0, newest)
        # Else there may be a newer one among those that are decided in the next look; it is left undecided till then.
    else:
        missed = late
    return Decision(tuple(run), tuple(missed), tuple(behind), max([handled_to, *run, *missed, *behind]), look_at)


def caught_up(behind: Sequence[datetime], not_before: datetime | None, now: datetime, most: int) -> tuple[Sequence[datetime], datetime]:
    """Of those that are behind, in order, which are run now: no more than `most` within any minute; and when the others may be.

    `not_before`: as the last call said; None: there was none.
    """
    # A clock that was put back must not hold them up for longer than one that was not.
    if not_before is not None and now < not_before <= now + MINUTE:
        return (), not_before
    return behind[:most], now + MINUTE


def jitter(trigger: str, seconds: float) -> Delay:
    """From 0 to `seconds`, the same for a fire time whoever asks, and whenever; never as far as the next fire time."""

    def delay(fire: datetime, following: datetime | None) -> timedelta:
        if not seconds:
            return timedelta(0)
        drawn = hashlib.sha256(f"{trigger}/{fire.isoformat()}".encode()).digest()
        most = timedelta(seconds=seconds)
        return (most if following is None else min(most, following - fire)) * (int.from_bytes(drawn[:6], "big") / 2**48)

    return delay
