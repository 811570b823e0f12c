"""Breakers as people see them, and the way to close one by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import redis
from pybreaker import STATE_CLOSED, STATE_HALF_OPEN, STATE_OPEN

from shared.breakers import keys, scripts
from shared.breakers.circuit import Change
from shared.breakers.storage import FleetStorage

STATES = (STATE_CLOSED, STATE_OPEN, STATE_HALF_OPEN)


@dataclass(frozen=True, slots=True)
class Standing:
    """`failures` in a row so far. `error`: the last that counted. `changes`: how often it became each state since Redis knows it."""

    connector: str
    state: str = STATE_CLOSED
    failures: int = 0
    opened_at: datetime | None = None
    changed_at: datetime | None = None
    error: str | None = None
    changes: dict[str, int] = field(default_factory=dict)


def standings(client: redis.Redis, connectors: Sequence[str]) -> list[Standing]:
    """Of each connector (namespace/name), in that order, in one question. Raises redis.RedisError."""
    with client.pipeline(transaction=False) as asked:
        for connector in connectors:
            asked.mget([keys.key(connector, what) for what in ("state", "fail_counter", "opened_at")])
            asked.hgetall(keys.key(connector, "story"))
        told = asked.execute()
    return [_standing(connector, *told[2 * at : 2 * at + 2]) for at, connector in enumerate(connectors)]


def reset(client: redis.Redis, connector: str) -> Change | None:
    """Closes it, whatever it was; None where it was closed. Failures so far are forgotten in any case. Raises redis.RedisError."""
    storage = FleetStorage(client, connector)
    storage.run(scripts.WELL, "")
    storage.state = STATE_CLOSED
    return Change(connector, *storage.moved) if storage.moved is not None else None


def _standing(connector: str, found: list[Any], story: dict[bytes, bytes]) -> Standing:
    state, failures, opened = found
    known = {name.decode(): value.decode() for name, value in story.items()}
    return Standing(
        connector,
        state.decode() if state is not None else STATE_CLOSED,
        int(failures or 0),
        _time(opened),
        _time(known.get("changed_at")),
        known.get("error"),
        {name: int(known[name]) for name in STATES if name in known},
    )


def _time(ms: bytes | str | None) -> datetime | None:
    return datetime.fromtimestamp(int(ms) / 1000, UTC) if ms else None
