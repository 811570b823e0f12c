"""When a run will have ended, by how long the stages of earlier runs took; pure.

A stage that has not begun takes the median of what it took before, and one that runs the median of those times that are longer than it has
run already. Whatever was never seen, or runs longer than it ever did, is not known, and then neither is the end.
"""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Ahead:
    """A stage that is not done. `like`: what it has in common with the same stage of earlier runs. `inputs`: the stages that it waits for;
    those that are not among the others are done. `elapsed_s`: since it began; None: it has not. `held_s`: before it may begin (a retry's
    wait). `slotted`: it takes a place of maxParallelNodes.
    """

    id: int
    like: Hashable
    inputs: Sequence[int]
    elapsed_s: float | None = None
    held_s: float = 0.0
    slotted: bool = True


def remaining_s(ahead: Iterable[Ahead], took_s: Mapping[Hashable, Sequence[float]], slots: int | None) -> float | None:
    """Seconds until the last of them has ended, when at most `slots` run at once; None where that is not known. `took_s`: of earlier runs,
    by what is alike.
    """
    left = {stage.id: stage for stage in ahead}
    needs: dict[int, float] = {}
    for stage in left.values():
        longer = [took for took in took_s.get(stage.like, ()) if took > (stage.elapsed_s or 0.0)]
        if not longer:
            return None
        needs[stage.id] = median(longer) - (stage.elapsed_s or 0.0)
    return _played(left, needs, slots)


def _played(left: dict[int, Ahead], needs: Mapping[int, float], slots: int | None) -> float | None:
    """The schedule as the dispatcher would make it: what is ready begins in plan order while there is a slot."""
    running = [(needs[stage.id], stage.id) for stage in left.values() if stage.elapsed_s is not None]
    heapq.heapify(running)
    slotted = {stage.id for stage in left.values() if stage.slotted}
    waiting = sorted(stage.id for stage in left.values() if stage.elapsed_s is None)
    now = 0.0
    while True:
        free = len(left) if slots is None else slots - sum(id in slotted for _, id in running)
        for id in tuple(waiting):
            if left.keys().isdisjoint(left[id].inputs) and (free > 0 or id not in slotted):
                waiting.remove(id)
                free -= id in slotted
                heapq.heappush(running, (max(now, left[id].held_s) + needs[id], id))
        if not running:
            # What waits now waits for itself; no plan is such.
            return None if waiting else now
        now, done = heapq.heappop(running)
        del left[done]
