"""Which fire times of a range a backfill runs, and why not the others. Pure: what there is of each comes in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

WHICH = ("missing", "failed", "all")
_OPEN = frozenset({"QUEUED", "RUNNING"})
_FAILED = frozenset({"FAILED", "TIMED_OUT", "CANCELLED"})
_YET_TO_COME = "its schedule has yet to come to it"


@dataclass(frozen=True, slots=True)
class Past:
    """A run that there is of a fire time. `finished_at`: None while it has not ended."""

    id: str
    status: str
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Choice:
    """Of one fire time: whether it is run, why, and by which version; None where it is not run."""

    date: datetime
    runs: bool
    why: str
    version: int | None = None


def choose(which: str, date: datetime, past: Sequence[Past], *, behind: bool = False) -> Choice:
    """`past`: all runs of the date, in any order. A date of which one has not ended is never run beside it. `behind`: its schedule missed
    it, and will run it when its turn comes (catchUp: all).
    """
    if behind:
        return Choice(date, False, _YET_TO_COME)
    going = [run for run in past if run.status in _OPEN]
    if going:
        return Choice(date, False, f"run {going[0].id} of it is {going[0].status}")
    good = [run for run in past if run.status == "SUCCEEDED"]
    ended = sorted((run for run in past if run.finished_at is not None), key=lambda run: (run.finished_at, run.id))
    last = ended[-1] if ended else None
    if which == "missing" and good:
        return Choice(date, False, f"run {good[-1].id} of it has succeeded")
    if which == "failed" and (last is None or last.status not in _FAILED):
        return Choice(date, False, f"its last run, {last.id}, ended as {last.status}" if last else "it has no run that failed")
    return Choice(date, True, f"its last run, {last.id}, ended as {last.status}" if last else "it has no run")


def version_at(versions: Sequence[tuple[int, datetime]], date: datetime) -> int | None:
    """The newest that had been saved by then. `versions`: number and time of each valid one, oldest first."""
    return max((number for number, saved_at in versions if saved_at <= date), default=None)


def planned(
    which: str,
    dates: Sequence[datetime],
    past: Mapping[datetime, Sequence[Past]],
    *,
    version: int | None,
    versions: Sequence[tuple[int, datetime]],
    handled_to: datetime | None,
    behind: Collection[datetime] = (),
) -> list[Choice]:
    """All of them, in their order. `version` None: for each date the one of then. `handled_to`: later times its schedule will run itself;
    None: it has none that fires. `behind`: earlier ones that it will run, too.
    """
    made = []
    for date in dates:
        choice = choose(which, date, past.get(date, ()), behind=date in behind)
        number = version if version is not None else version_at(versions, date)
        if handled_to is not None and date > handled_to:
            choice = Choice(date, False, _YET_TO_COME)
        elif choice.runs and number is None:
            choice = Choice(date, False, "there was no valid version of the pipeline at that time")
        made.append(Choice(date, choice.runs, choice.why, number if choice.runs else None))
    return made
