"""What is done to a stack: each fault begins, lasts if it has to, and ends by itself. A table, drawn from at random."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any

from shared.kill_points import POINTS
from tests.chaos.world import FAR, World

# Of a worker's life, those at which a run is met.
_POINTS = [
    name for name in POINTS if name.startswith(("attempt.", "child.", "engine.", "sink.", "postgres.", "dbapi.", "files.", "scheduler."))
]


@dataclass(frozen=True)
class Fault:
    """`loses`: stages may be lost by it, of which five in a row fail a stage; so there are few of those in a round.

    `does` returns what it did; what lasts ends in a thread that it adds to the list.
    """

    does: Callable[[World, Random, Durations, list[threading.Thread]], dict[str, Any]]
    weight: int
    loses: bool = False


@dataclass(frozen=True)
class Durations:
    """Seconds, at least and at most: how long a process is paused, and how long a connection is in trouble."""

    pause: tuple[float, float]
    trouble: tuple[float, float]


Threads = list[threading.Thread]


def _kill_worker(world: World, random: Random, _: Durations, __: Threads) -> dict[str, Any]:
    name = random.choice(world.workers)
    return {"process": name, "pid": world.kill(name)}


def _kill_child(world: World, random: Random, _: Durations, __: Threads) -> dict[str, Any]:
    name = random.choice(world.workers)
    children = world.family(name)[1:]
    if children:
        with suppress(ProcessLookupError):
            os.kill(random.choice(children).pid, signal.SIGKILL)
    return {"process": name, "children": len(children)}


def _kill_service(world: World, random: Random, _: Durations, __: Threads) -> dict[str, Any]:
    name = random.choice([*world.schedulers, "api", "quality-1"])
    return {"process": name, "pid": world.kill(name)}


def _kill_redis(world: World, random: Random, _: Durations, __: Threads) -> dict[str, Any]:
    empty = random.random() < 0.5
    if empty:
        shutil.rmtree(world.stack.home.redis, ignore_errors=True)
        world.stack.home.redis.mkdir(exist_ok=True)
    return {"process": "redis", "pid": world.kill("redis"), "empty": empty}


def _kill_postgres(world: World, _: Random, __: Durations, ___: Threads) -> dict[str, Any]:
    return {"process": "postgres", "pid": world.kill("postgres")}


def _kill_at_point(world: World, random: Random, _: Durations, __: Threads) -> dict[str, Any]:
    point, whom = random.choice(_POINTS), "self"
    if not point.startswith(("attempt.", "scheduler.")):
        whom = random.choice(["self", "parent"])
    world.points.arm(point, whom)
    return {"point": point, "whom": whom}


def _kill_after_commit(world: World, random: Random, _: Durations, __: Threads) -> dict[str, Any]:
    """Where a broken fence shows: rows are in the destination, and nobody knows."""
    world.points.arm("sink.committed", "parent")
    return {"point": "sink.committed"}


def _pause(world: World, random: Random, lasts: Durations, threads: Threads) -> dict[str, Any]:
    """A worker with all its children, or another service, sleeps and wakes up again: what it holds is somebody else's by then."""
    name = random.choice([*world.workers, *world.workers, FAR, *world.schedulers, "api", "quality-1", "redis"])
    asleep = world.family(name)
    for process in asleep:
        _signal(process.pid, signal.SIGSTOP)
    seconds = random.uniform(*lasts.pause)
    _later(threads, seconds, lambda: [_signal(process.pid, signal.SIGCONT) for process in asleep if process.is_running()])
    return {"process": name, "seconds": round(seconds, 1), "processes": len(asleep)}


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _cut(world: World, random: Random, _: Durations, __: Threads) -> dict[str, Any]:
    way = random.choice(sorted(world.proxies))
    return {"way": way, "connections": world.proxies[way].cut()}


def _freeze(world: World, random: Random, _: Durations, __: Threads) -> dict[str, Any]:
    """Only the broker's: a consumer that hears nothing any more. In PostgreSQL a frozen session is a paused process (`pause`)."""
    return {"way": "broker", "connections": world.proxies["broker"].freeze()}


def _refuse(world: World, random: Random, lasts: Durations, threads: Threads) -> dict[str, Any]:
    way = random.choice(sorted(world.proxies))
    proxy, seconds = world.proxies[way], random.uniform(*lasts.trouble)
    proxy.refuses = True
    connections = proxy.cut()
    _later(threads, seconds, lambda: setattr(proxy, "refuses", False))
    return {"way": way, "connections": connections, "seconds": round(seconds, 1)}


def _delay(world: World, random: Random, lasts: Durations, threads: Threads) -> dict[str, Any]:
    way = random.choice(sorted(world.proxies))
    proxy, seconds = world.proxies[way], random.uniform(*lasts.trouble)
    proxy.delay_s = random.choice([0.02, 0.1, 0.4])
    _later(threads, seconds, lambda: setattr(proxy, "delay_s", 0.0))
    return {"way": way, "delay": proxy.delay_s, "seconds": round(seconds, 1)}


def _no_room(world: World, random: Random, lasts: Durations, threads: Threads) -> dict[str, Any]:
    name, seconds = random.choice(world.workers), min(lasts.trouble[1], random.uniform(*lasts.trouble))
    full = world.no_room(name)
    children = full.__enter__()
    _later(threads, seconds, lambda: full.__exit__(None, None, None))
    return {"process": name, "children": children, "seconds": round(seconds, 1)}


def _jump(world: World, random: Random, lasts: Durations, threads: Threads) -> dict[str, Any]:
    if world.clock is None:
        return {"left out": "libfaketime is not here (Debian: apt-get install libfaketime)"}
    jump, clock = random.choice(["+2h", "-2h", "+40d", "-3d"]), world.clock
    clock.write_text(jump)
    return {"process": FAR, "jump": jump}


def _later(threads: Threads, seconds: float, end: Callable[[], Any]) -> None:
    def wait() -> None:
        time.sleep(seconds)
        end()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    threads.append(thread)


FAULTS: dict[str, Fault] = {
    "kill worker": Fault(_kill_worker, 4, loses=True),
    "kill child": Fault(_kill_child, 3, loses=True),
    "kill service": Fault(_kill_service, 6),
    "kill redis": Fault(_kill_redis, 3),
    "kill postgres": Fault(_kill_postgres, 1, loses=True),
    "kill at point": Fault(_kill_at_point, 6, loses=True),
    "kill after commit": Fault(_kill_after_commit, 2, loses=True),
    "pause": Fault(_pause, 4, loses=True),
    "cut": Fault(_cut, 5),
    "freeze": Fault(_freeze, 2),
    "refuse": Fault(_refuse, 3),
    "delay": Fault(_delay, 4),
    "no room": Fault(_no_room, 2),
    "jump": Fault(_jump, 3),
}
