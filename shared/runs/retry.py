"""One policy decides whether a failed stage is tried again, and when. Drivers only report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

# Five lost workers in a row are no accident: something in the stage kills them.
MAX_LOST = 5
JITTER = 0.1
# A far side that asks for more than this (Retry-After) is asked again then: a number too large is a mistake more often than a wish.
LONGEST_ASKED_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Policy:
    """The recipe's settings; `retries` 3 means 4 attempts. `budget`: the node's timeout, which counts over all attempts and the waits
    between them, by the clock; None: as long as the run may take.
    """

    retries: int = 3
    delay: timedelta = timedelta(seconds=300)
    multiplier: float = 2.0
    max_delay: timedelta = timedelta(seconds=1800)
    retry_on: frozenset[str] = frozenset({"timeout", "connection", "429", "503", "deadlock", "serialization"})
    budget: timedelta | None = None

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Policy:
        """Reads {retries, retryDelay, retryBackoffMultiplier, retryMaxDelay, retryOn, timeout};
        absent ones keep their defaults, times are seconds.
        """
        base = Policy()
        return Policy(
            retries=int(value.get("retries", base.retries)),
            delay=timedelta(seconds=float(value.get("retryDelay", base.delay.total_seconds()))),
            multiplier=float(value.get("retryBackoffMultiplier", base.multiplier)),
            max_delay=timedelta(seconds=float(value.get("retryMaxDelay", base.max_delay.total_seconds()))),
            retry_on=frozenset(str(word) for word in value.get("retryOn", base.retry_on)),
            budget=timedelta(seconds=float(value["timeout"])) if value.get("timeout") else None,
        )


def next_wait(
    policy: Policy, error: Mapping[str, Any], retries_done: int, chance: float, spent: timedelta = timedelta(0)
) -> timedelta | None:
    """How long to wait before the next attempt, or None when there is none.

    `error` as `PenstockError.to_json` gives it; a far side that said when to come back is not asked earlier. `chance` in [0, 1) spreads
    the waits upward by at most 10 %. `spent`: since the first attempt began.
    """
    if not error.get("retryable") or error.get("retryOn") not in policy.retry_on or retries_done >= policy.retries:
        return None
    # The cap is applied to the exponent's result as a float, so a huge count cannot overflow a timedelta.
    wait_s = min(policy.delay.total_seconds() * policy.multiplier ** min(retries_done, 64), policy.max_delay.total_seconds())
    wait_s = max(wait_s, min(float(error.get("retryAfterSeconds") or 0), LONGEST_ASKED_S))
    wait = timedelta(seconds=wait_s * (1 + JITTER * chance))
    return wait if affords(policy, spent, wait) else None


def affords(policy: Policy, spent: timedelta, wait: timedelta) -> bool:
    """After that wait there is time left to do something in."""
    return policy.budget is None or spent + wait < policy.budget
