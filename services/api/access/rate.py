"""How many calls a token may make, and how often an address may fail to log in, in a minute, over all processes of the API.

Counted in Redis. Where that is away nothing is limited: it must not decide whether anybody can work. Webhooks have a limit of their own.
"""

from __future__ import annotations

import logging
import math
import threading
import time

import redis
from limits import RateLimitItemPerMinute
from limits.storage import RedisStorage
from limits.strategies import FixedWindowRateLimiter

from services.api.problems import Refused

# After Redis did not answer, it is left alone for so long.
ALONE_S = 5.0
log = logging.getLogger(__name__)


class Limits:
    """`calls` of one token, `failures` of one address, in a minute; 0: any number. Connects with the first call."""

    def __init__(self, redis_url: str, calls: int, failures: int) -> None:
        storage = RedisStorage(redis_url, key_prefix="penstock:rate", socket_timeout=1, socket_connect_timeout=1)
        self._limiter = FixedWindowRateLimiter(storage)
        self._calls = RateLimitItemPerMinute(calls, namespace="calls") if calls else None
        self._failures = RateLimitItemPerMinute(failures, namespace="failures") if failures else None
        self._alone_until = 0.0
        self._lock = threading.Lock()

    def call(self, token_id: str) -> None:
        """Counts a call. Raises Refused(429)."""
        wait_s = self._wait_s(self._calls, token_id, counts=True)
        if wait_s is not None:
            raise Refused(429, f"this token makes too many calls; go on in {wait_s} s (PENSTOCK_API_RATE)", retry_after_s=wait_s)

    def failed(self, address: str) -> None:
        """Counts a token that was none, and is to be refused. Raises Refused(429) where that was one too many."""
        self._refuse(self._wait_s(self._failures, address, counts=True))

    def may_try(self, address: str) -> None:
        """Before somebody logs in. Raises Refused(429) after too many failures."""
        self._refuse(self._wait_s(self._failures, address, counts=False))

    def _refuse(self, wait_s: int | None) -> None:
        if wait_s is not None:
            raise Refused(
                429, f"too many tokens from here were none; try again in {wait_s} s (PENSTOCK_FAILED_LOGINS_RATE)", retry_after_s=wait_s
            )

    def _wait_s(self, limit: RateLimitItemPerMinute | None, who: str, *, counts: bool) -> int | None:
        """None: it is let in; else in how many seconds it may be."""
        if limit is None or time.monotonic() < self._alone_until:
            return None
        try:
            if self._limiter.hit(limit, who) if counts else self._limiter.test(limit, who):
                return None
            return max(1, math.ceil(self._limiter.get_window_stats(limit, who).reset_time - time.time()))
        except redis.RedisError as error:
            with self._lock:
                self._alone_until = time.monotonic() + ALONE_S
            log.warning("Redis is away, calls are not limited: %s", error)
            return None
