"""How long it takes: from a worker's death to its stages running again, and from an empty Redis to what was released being taken."""

from __future__ import annotations

import math
import os
import shutil
import signal
import time
from collections.abc import Sequence
from random import Random

from services.scheduler.leadership import LEADER_LOCK
from tests.chaos.world import FAR, World

_BUSY = "SELECT worker FROM stages WHERE run_id = ANY(%s::uuid[]) AND status = 'RUNNING' AND kind = 'work' AND worker <> %s"

# The lock's key is a 64-bit number, of which pg_locks shows the halves.
_LEADER = """
    SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE locktype = 'advisory' AND granted AND objid::bigint = hashtext(%s)::bigint & 4294967295
"""


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


def after_leader_sleeps(world: World, times: int) -> list[float]:
    """Seconds from the moment at which the leading scheduler is paused until another leads."""
    found: list[float] = []
    for _ in range(times):
        first = world.stack.until(lambda: world.store(_LEADER, LEADER_LOCK), 60, "a scheduler to lead")[0][0]
        asleep = [process.pid for process in world.family(first)]
        for pid in asleep:
            os.kill(pid, signal.SIGSTOP)
        began = time.monotonic()
        try:
            world.stack.until(lambda name=first: [1 for (now,) in world.store(_LEADER, LEADER_LOCK) if now != name], 60, "another to lead")
            found.append(time.monotonic() - began)
        finally:
            for pid in asleep:
                os.kill(pid, signal.SIGCONT)
    return found
