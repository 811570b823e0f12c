"""Whether a run that waits for other pipelines may start, must wait on, or has waited in vain. Pure: what is known comes in.

A wait is for the runs of one pipeline of certain logical dates. Several waits of one dependency hold together (`all`) or each by itself
(`any`); of several dependencies all hold.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.triggers.told import told

# Beside the states of runs: a pipeline that only its dependencies start will not run for a date, since one of them failed.
LOST = "LOST"
# A fire time that nobody saw to, and that catchUp does not run.
MISSED = "MISSED"
_OPEN = frozenset({"QUEUED", "RUNNING"})
_GOOD: Mapping[str, frozenset[str]] = {
    "success": frozenset({"SUCCEEDED"}),
    "success-or-skipped": frozenset({"SUCCEEDED", "SKIPPED", MISSED}),
}

# What runs of a pipeline (namespace/name) of a logical date are, or have ended as.
States = Mapping[tuple[str, datetime], Collection[str]]


@dataclass(frozen=True, slots=True)
class Wait:
    """`dependency` and `upstream`: namespace/name. `dates`: of all of them a run is needed. `expires_at` None: there is no hurry."""

    dependency: str
    upstream: str
    condition: str
    mode: str
    on_timeout: str
    dates: tuple[datetime, ...]
    expires_at: datetime | None = None


class Standing(StrEnum):
    MET = "met"
    COMING = "coming"
    LOST = "lost"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`why`: a sentence, empty for what is ready. Of what is over, `failed`: it ends as FAILED, else as SKIPPED; `code`: its error's."""

    standing: Standing
    why: str = ""
    failed: bool = True

    @property
    def code(self) -> str:
        return "dependency_failed" if self.standing is Standing.LOST else "dependency_timeout"

    @property
    def over(self) -> bool:
        return self.standing in {Standing.LOST, Standing.EXPIRED}


def judge(waits: Sequence[Wait], states: States, now: datetime) -> Verdict:
    """Of all waits of one run; one that has none is ready."""
    verdicts = [
        _together([wait for wait in waits if wait.dependency == name], states, now) for name in dict.fromkeys(w.dependency for w in waits)
    ]
    for standing in (Standing.LOST, Standing.EXPIRED):
        for verdict in verdicts:
            if verdict.standing is standing:
                return verdict
    coming = [verdict.why for verdict in verdicts if verdict.standing is Standing.COMING]
    return Verdict(Standing.COMING, "; ".join(coming)) if coming else Verdict(Standing.MET)


def _together(waits: Sequence[Wait], states: States, now: datetime) -> Verdict:
    """Those of one dependency."""
    found = [(wait, _of(wait, states, now)) for wait in waits]
    standings = {standing for _, standing in found}
    failed = waits[0].on_timeout == "fail"
    if waits[0].mode == "any":
        order = (Standing.MET, Standing.COMING, Standing.LOST, Standing.EXPIRED)
    else:
        order = (Standing.LOST, Standing.EXPIRED, Standing.COMING, Standing.MET)
    standing = next(one for one in order if one in standings)
    if standing is Standing.MET:
        return Verdict(standing)
    of = [wait for wait, its in found if its is standing]
    link = " or " if waits[0].mode == "any" else " and "
    return Verdict(standing, _WORDS[standing](of, link, states), failed)


def _of(wait: Wait, states: States, now: datetime) -> Standing:
    standings = {date_of(wait, date, states) for date in wait.dates}
    if Standing.LOST in standings:
        return Standing.LOST
    if Standing.COMING not in standings:
        return Standing.MET
    return Standing.EXPIRED if wait.expires_at is not None and wait.expires_at <= now else Standing.COMING


def date_of(wait: Wait, date: datetime, states: States) -> Standing:
    """One good run of a date is enough, whatever the others are; none is lost while another may still be good."""
    there = set(states.get((wait.upstream, date), ()))
    if there & _GOOD[wait.condition]:
        return Standing.MET
    return Standing.LOST if there and not there & _OPEN else Standing.COMING


def _coming(waits: Sequence[Wait], link: str, states: States) -> str:
    return "waits for " + link.join(_missing(wait, states, Standing.COMING) for wait in waits) + f" (dependency {waits[0].dependency})"


def _lost(waits: Sequence[Wait], link: str, states: States) -> str:
    told = [f"{_missing(wait, states, Standing.LOST)} {_ended(wait, states)}" for wait in waits]
    return f"{' and '.join(told)}, and dependency {waits[0].dependency} asks for {waits[0].condition}; put that right, then retry this run"


def _expired(waits: Sequence[Wait], link: str, states: States) -> str:
    missing = link.join(_missing(wait, states, Standing.COMING) for wait in waits)
    return f"waited for {missing} for longer than maxWaitMinutes of dependency {waits[0].dependency} allows"


_WORDS = {Standing.COMING: _coming, Standing.LOST: _lost, Standing.EXPIRED: _expired}


def _missing(wait: Wait, states: States, standing: Standing) -> str:
    dates = [date for date in wait.dates if date_of(wait, date, states) is standing]
    more = f" and {len(dates) - 1} more date{'s' if len(dates) > 2 else ''}" if len(dates) > 1 else ""
    return f"{wait.upstream} of {told(dates[0])}{more}"


def _ended(wait: Wait, states: States) -> str:
    first = next(date for date in wait.dates if date_of(wait, date, states) is Standing.LOST)
    there = set(states[wait.upstream, first])
    ends = sorted(there - {LOST, MISSED})
    if ends:
        return f"ended as {', '.join(ends)}"
    return "cannot start, since what it waits for failed" if LOST in there else "was missed (catchUp), so it needs a backfill"
