"""How many deliveries a webhook takes in a second: a bucket of tokens in Redis, from which each process takes a few at once.

So that most deliveries ask nobody. Where Redis is away nothing is limited: it must not decide whether an event is lost.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from typing import Any

import redis

# A process takes tokens for so long a time, and gives back none that it does not need.
TAKEN_FOR_S = 0.05
# After Redis did not answer, it is left alone for so long.
ALONE_S = 5.0
# The bucket fills by Redis' clock, and holds what flows in within a second. Returns the tokens given, and in how many ms there is one.
_TAKE = """
local rate, want = tonumber(ARGV[1]), tonumber(ARGV[2])
local now = redis.call('TIME')
local at = now[1] * 1000 + now[2] / 1000
local most = math.max(rate, 1)
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = tonumber(kept[1]) or most
tokens = math.min(most, tokens + math.max(0, at - (tonumber(kept[2]) or at)) * rate / 1000)
local given = math.min(want, math.floor(tokens))
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens - given), 'at', tostring(at))
redis.call('PEXPIRE', KEYS[1], 10000)
return {given, given > 0 and 0 or math.ceil((1 - tokens) * 1000 / rate)}
"""
log = logging.getLogger(__name__)


class Rate:
    """`per_second`: of each webhook, over all processes; 0: any."""

    def __init__(self, client: redis.Redis, per_second: int) -> None:
        self._per_second = per_second
        self._take: Any = client.register_script(_TAKE)
        self._tokens: dict[str, tuple[int, float]] = {}
        self._alone_until = 0.0
        self._lock = threading.Lock()

    def wait_s(self, hook: str) -> int | None:
        """None: it may come in; else in how many seconds it may."""
        if not self._per_second:
            return None
        with self._lock:
            now = time.monotonic()
            left, until = self._tokens.get(hook, (0, 0.0))
            if left > 0 and now < until:
                self._tokens[hook] = (left - 1, until)
                return None
            if now < self._alone_until:
                return None
            try:
                given, wait_ms = map(
                    int, self._take(keys=[f"penstock:hooks:{hook}"], args=[self._per_second, max(1, int(self._per_second * TAKEN_FOR_S))])
                )
            except redis.RedisError as error:
                log.warning("Redis is away, deliveries are not limited: %s", error)
                self._alone_until = now + ALONE_S
                return None
            if given:
                self._tokens[hook] = (given - 1, now + 1.0)
                return None
            return max(1, math.ceil(wait_ms / 1000))
