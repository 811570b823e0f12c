"""One connector's breaker, for one attempt: asked before it, told how it went."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NoReturn

import redis
from pybreaker import STATE_HALF_OPEN, STATE_OPEN, CircuitBreaker, CircuitBreakerError

from shared.breakers import scripts
from shared.breakers.rules import Rules
from shared.breakers.storage import FleetStorage

_LONGEST_ERROR = 500


@dataclass(frozen=True, slots=True)
class Change:
    """Of one breaker; `error`: what opened it."""

    connector: str
    before: str
    after: str
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Admission:
    """`verdict`: go; probe (the one that tries); open, probing (somebody tries) or busy (as many were let through as may fail, and none has
    been answered), which are to `wait` and ask again.
    """

    verdict: str
    wait: timedelta
    change: Change | None = None

    @property
    def granted(self) -> bool:
        return self.verdict in {"go", "probe"}


class _Failed(Exception):
    """Stands for a failure that has happened already."""


class Circuit:
    """`holder`: the attempt, by a name of its own. Every method may raise redis.RedisError."""

    def __init__(self, client: redis.Redis, connector: str, rules: Rules, holder: str) -> None:
        self.connector, self.rules, self._holder = connector, rules, holder
        self._storage = FleetStorage(client, connector)
        self.probes = False

    def admit(self) -> Admission:
        rules = self.rules
        verdict, wait_ms, before = self._storage.run(scripts.ADMIT, self._holder, rules.failures, _ms(rules.cool_down), _ms(rules.patience))
        self.probes = verdict == "probe"
        halved = before == STATE_OPEN and verdict in {"probe", "probing"}
        change = Change(self.connector, STATE_OPEN, STATE_HALF_OPEN) if halved else None
        return Admission(str(verdict), timedelta(milliseconds=max(0, int(wait_ms))), change)

    def answered(self) -> None:
        """The far side has said something: whoever waits for that may go."""
        self._storage.run(scripts.ANSWERED, self._holder, _ms(self.rules.settle))

    def left(self) -> None:
        """The attempt ended without telling anything of the far side."""
        self._storage.run(scripts.LEFT, self._holder)

    def succeeded(self) -> Change | None:
        (state,) = self._storage.run(scripts.WELL, self._holder)
        return self._told(None) if state == STATE_HALF_OPEN else None

    def failed(self, error: str) -> Change | None:
        """One more failure in a row. What failed later than it was opened by others changes nothing."""
        error = error[:_LONGEST_ERROR]
        self._storage.remember(error)
        try:
            return self._told(error)
        finally:
            self.left()

    def _told(self, error: str | None) -> Change | None:
        """By pybreaker's rules. A breaker of its own for each attempt: it holds a lock while it calls."""
        if self._storage.state == STATE_OPEN:
            return None
        breaker = CircuitBreaker(
            fail_max=self.rules.failures,
            reset_timeout=self.rules.cool_down.total_seconds(),
            state_storage=self._storage,
            name=self.connector,
            throw_new_error_on_trip=False,
        )
        self._storage.moved = None
        # It passes on the failure itself, or that somebody has opened it meanwhile.
        with suppress(_Failed, CircuitBreakerError):
            breaker.call(_nothing if error is None else _fail)
        moved: Any = self._storage.moved
        return Change(self.connector, moved[0], moved[1], error) if moved is not None else None


def _nothing() -> None:
    return None


def _fail() -> NoReturn:
    raise _Failed


def _ms(time: timedelta) -> int:
    return max(1, round(time.total_seconds() * 1000))
