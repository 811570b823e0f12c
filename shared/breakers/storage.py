"""pybreaker's Redis storage, with each change of state made once, whoever makes it, and by Redis' clock.

pybreaker's own keeps the second by the clock of the caller, changes the state in three steps, and takes a Redis that is away for a closed
breaker with a trace in the log for each question; here that is told to the caller, who says it once.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import redis
from pybreaker import STATE_CLOSED, CircuitRedisStorage

from shared.breakers import keys, scripts


class FleetStorage(CircuitRedisStorage):
    """`moved`: (before, after) where this object has changed the state. Every call may raise redis.RedisError."""

    def __init__(self, client: redis.Redis, connector: str) -> None:
        self._client, self._keys = client, [keys.key(connector, what) for what in scripts.KEYS]
        self.moved: tuple[str, str] | None = None
        super().__init__(STATE_CLOSED, client, namespace=keys.name_space(connector))

    def _initialize_redis_state(self, state: str) -> None:
        # Nothing there is a closed breaker without failures: most connectors need no more.
        return

    def run(self, script: str, *values: Any) -> list[Any]:
        """One of `scripts`, on this breaker's keys."""
        found: list[Any] = self._client.register_script(script)(keys=self._keys, args=list(values))
        return [one.decode() if isinstance(one, bytes) else one for one in found]

    @property
    def state(self) -> str:
        found: Any = self._client.get(self._keys[0])
        return found.decode() if found is not None else STATE_CLOSED

    @state.setter
    def state(self, state: str) -> None:
        before, ours = self.run(scripts.MOVE, state)
        if ours:
            self.moved = (str(before), state)

    def increment_counter(self) -> None:
        self._client.incr(self._keys[1])

    def reset_counter(self) -> None:
        self._client.delete(self._keys[1])

    @property
    def counter(self) -> int:
        found: Any = self._client.get(self._keys[1])
        return int(found or 0)

    @property
    def opened_at(self) -> datetime | None:
        # As a time of this machine's clock, by which pybreaker will count from it.
        (since_ms,) = self.run(scripts.SINCE)
        return datetime.now(UTC) - timedelta(milliseconds=since_ms) if since_ms >= 0 else None

    @opened_at.setter
    def opened_at(self, now: datetime) -> None:
        # Set with the state.
        return

    def remember(self, error: str) -> None:
        """What was wrong last, for whoever looks."""
        self._client.hset(self._keys[5], "error", error)
