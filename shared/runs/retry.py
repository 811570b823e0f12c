"""One policy decides whether a failed stage is tried again, and when. Drivers only report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

# Five lost workers in a row are no accident: something in the stage kills them.
MAX_LOST = 5
JITTER = 0.1


@dataclass(frozen=True, slots=True)
class Policy:
    """The recipe's settings; `retries` 3 means 4 attempts."""

    retries: int = 3
    delay: timedelta = timedelta(seconds=300)
    multiplier: float = 2.0
    max_delay: timedelta = timedelta(seconds=1800)
    retry_on: frozenset[str] = frozenset({"timeout", "connection", "429", "503", "deadlock", "serialization"})

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Policy:
        """Reads {retries, retryDelay, retryBackoffMultiplier, retryMaxDelay, retryOn};
        absent ones keep their defaults, delays are seconds.
        """
        base = Policy()
        return Policy(
            retries=int(value.get("retries", base.retries)),
            delay=timedelta(seconds=float(value.get("retryDelay", base.delay.total_seconds()))),
            multiplier=float(value.get("retryBackoffMultiplier", base.multiplier)),
            max_delay=timedelta(seconds=float(value.get("retryMaxDelay", base.max_delay.total_seconds()))),
            retry_on=frozenset(str(word) for word in value.get("retryOn", base.retry_on)),
        )


def next_wait(policy: Policy, error: Mapping[str, Any], retries_done: int, chance: float) -> timedelta | None:
    """How long to wait before the next attempt, or None when there is none.

    `error` as `PenstockError.to_json` gives it; `chance` in [0, 1) spreads the waits upward by at most 10 %.
    """
    if not error.get("retryable") or error.get("retryOn") not in policy.retry_on or retries_done >= policy.retries:
        return None
    # The cap is applied to the exponent's result as a float, so a huge count cannot overflow a timedelta.
    wait_s = min(policy.delay.total_seconds() * policy.multiplier ** min(retries_done, 64), policy.max_delay.total_seconds())
    return timedelta(seconds=wait_s * (1 + JITTER * chance))
