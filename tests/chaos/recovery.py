"""How long it takes: from a worker's death to its stages running again, and from an empty Redis to what was released being taken."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Sequence
from random import Random

from tests.chaos.world import FAR, World

_BUSY = "SELECT worker FROM stages WHERE run_id = ANY(%s::uuid[]) AND status = 'RUNNING' AND kind = 'work' AND worker <> %s"


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that is not below `share` of them; None of no values."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)] if values else None


def after_worker_kills(world: World, random: Random, kills: int) -> list[float]:
    """Seconds by the store's clock, for each stage that a killed worker held, until it was claimed again."""
    found: list[float] = []
    for _ in range(kills):
        world.places.empty()
        runs = [world.start(name) for name in ("insert", "fan-out")]
        names = world.stack.until(lambda ids=runs: world.store(_BUSY, ids, FAR), 60, "a worker to work")  # type: ignore[misc]
        time.sleep(random.uniform(0.0, 1.0))
        world.kill(name := names[0][0])
        ((at,),) = world.store("SELECT clock_timestamp()")
        held = world.store(
            "SELECT run_id::text, stage, epoch FROM stages WHERE run_id = ANY(%s::uuid[]) AND worker = %s AND status = 'RUNNING'",
            runs,
            name,
        )
        for run in runs:
            world.stack.wait(run, 120)
        for run, stage, epoch in held:
            again = "SELECT min(started_at) FROM attempts WHERE run_id = %s AND stage = %s AND epoch > %s"
            ((started,),) = world.store(again, run, stage, epoch)
            if started is not None:
                found.append((started - at).total_seconds())
    return found


def after_empty_redis(world: World, kills: int) -> list[float]:
    """Seconds from the moment at which an empty Redis answers until each stage that was released and not taken is taken."""
    found: list[float] = []
    redis = world.stack.home.redis
    for _ in range(kills):
        world.places.empty()
        shutil.rmtree(redis, ignore_errors=True)
        redis.mkdir(exist_ok=True)
        before = world.kill("redis")
        # Released while nobody can be told.
        runs = [world.start(name) for name in ("insert", "upsert", "overwrite")]
        world.stack.until(lambda pid=before: world.stack.pid("redis") != pid, 60, "Redis to be started")
        world.stack.until(lambda: world.stack.client.call("GET", "/system")["queues"] is not None, 60, "Redis to answer")
        ((at,),) = world.store("SELECT clock_timestamp()")
        waiting = world.store("SELECT run_id::text, stage FROM stages WHERE run_id = ANY(%s::uuid[]) AND status = 'RELEASED'", runs)
        for run in runs:
            world.stack.wait(run, 120)
        for run, stage in waiting:
            ((started,),) = world.store("SELECT min(started_at) FROM attempts WHERE run_id = %s AND stage = %s", run, stage)
            found.append(max(0.0, (started - at).total_seconds()))
    return found
