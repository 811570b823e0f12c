"""Names of queues, by who can read what is in them: releases of different age work side by side while they are exchanged; pure.

What only a newer release can read waits in a queue of its own, beside the one it was meant for: `stages@message-2`, `stages@plan-2`. An
older process does not listen there, so nothing goes round.
"""

from __future__ import annotations

from collections.abc import Iterable

# The first versions have the plain names.
FIRST = 1


def beside(queue: str, what: str, version: object) -> str:
    """`what`: message or plan. A queue that is beside another already is taken as that other. No label holds an @."""
    known = version if isinstance(version, int) and not isinstance(version, bool) else "unknown"
    return f"{queue.partition('@')[0]}@{what}-{known}"


def of_plan(queue: str, plan_format: int) -> str:
    """Where a stage of a plan of that format is sent."""
    return queue if plan_format == FIRST else beside(queue, "plan", plan_format)


def read_by(queues: Iterable[str], message_version: int, plan_formats: Iterable[int]) -> tuple[str, ...]:
    """All that a process listens to, which serves those queues and knows those versions."""
    plans = [number for number in sorted(plan_formats) if number != FIRST]
    found = []
    for queue in queues:
        found += [queue, beside(queue, "message", message_version), *(beside(queue, "plan", number) for number in plans)]
    return tuple(dict.fromkeys(found))
