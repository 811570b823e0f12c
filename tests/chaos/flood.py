"""Messages that nobody should have sent: doubled, stale, of epochs to come and of runs that are not there. They must change nothing."""

from __future__ import annotations

import time
from itertools import cycle, islice
from random import Random
from typing import Any

import redis

from infra.local import redis as broker
from shared.dispatch.sending import send
from shared.messages import StageMessage, celery_app
from shared.store.identifiers import new_id
from tests.chaos import rounds
from tests.chaos.recipes import RECIPES
from tests.chaos.world import World
from tests.support.stack import Stack

AT_ONCE = 500


def stray(stack: Stack, random: Random, count: int) -> list[StageMessage]:
    """Of all stages that there are now; in no order."""
    known = stack.sql("SELECT run_id::text, stage, epoch, queue FROM stages", database="penstock")
    wrong = [
        message
        for run, stage, epoch, queue in known
        for message in (
            StageMessage(run, stage, epoch, queue),
            StageMessage(run, stage, max(0, epoch - 1), queue),
            StageMessage(run, stage, epoch + 1, queue),
            StageMessage(run, stage + 1000, epoch, queue),
            StageMessage(new_id(), stage, epoch, queue),
        )
    ]
    random.shuffle(wrong)
    return list(islice(cycle(wrong), count))


def throw(stack: Stack, messages: list[StageMessage]) -> float:
    """Sends them past everything, and returns the seconds until the queues are empty."""
    url = broker.url(stack.home, stack.home.read("ports.json")["redis"])
    app, queues = celery_app(url, "stray"), redis.Redis.from_url(url)
    began = time.monotonic()
    for first in range(0, len(messages), AT_ONCE):
        assert send(app, messages[first : first + AT_ONCE])
    stack.until(lambda: not any(queues.llen(queue) for queue in ("stages", "quality")), 600, "the strays to be taken")
    return time.monotonic() - began


def flooded(world: World, random: Random, count: int, expected: rounds.Looked) -> tuple[list[dict[str, Any]], float]:
    """Half of them while runs go on, half when they have ended: differences from the undisturbed round, and how long it took."""
    world.places.empty()
    runs = {name: world.start(name) for name in RECIPES}
    world.stack.until(lambda: world.store("SELECT 1 FROM stages WHERE run_id = ANY(%s::uuid[])", list(runs.values())), 60, "a plan")
    took = throw(world.stack, stray(world.stack, random, count // 2))
    found = rounds.looked(world, runs)
    took += throw(world.stack, stray(world.stack, random, count - count // 2))
    again = rounds.looked(world, runs)
    return rounds.differences(expected, found) + rounds.differences(expected, again), took
