"""Duplicate, stale and invented messages, thrown at the workers; and what the store says, which they must not change."""

from __future__ import annotations

import random

import redis as redis_client

from infra.local import redis
from shared.dispatch.sending import send
from shared.messages import StageMessage, celery_app
from shared.store.identifiers import new_id
from tests.support.stack import Stack

AT_ONCE = 500
# All that a message could change. `last_seq` numbers the events.
_RECORD = """
    SELECT (SELECT md5(string_agg(md5(r::text), '' ORDER BY id)) FROM runs r),
           (SELECT md5(string_agg(md5(s::text), '' ORDER BY run_id, stage)) FROM stages s),
           (SELECT md5(string_agg(md5(a::text), '' ORDER BY run_id, stage, epoch)) FROM attempts a),
           (SELECT count(*) FROM events)
"""


def _redis_url(stack: Stack) -> str:
    return redis.url(stack.home, stack.home.read("ports.json")["redis"])


def throw(stack: Stack, count: int, seed: int) -> dict[str, int]:
    """Sends them; returns how many of each kind. Returns before they are taken."""
    chance = random.Random(seed)
    app = celery_app(_redis_url(stack), "soak")
    known = stack.sql("SELECT run_id::text, stage, epoch FROM stages WHERE queue = 'stages' ORDER BY run_id, stage", database="penstock")
    kinds = {"duplicate": 0, "stale": 0, "invented": 0}
    batch = []
    for _ in range(count):
        run, stage, epoch = chance.choice(known)
        kind = chance.choices(list(kinds), (6, 3, 1))[0]
        kinds[kind] += 1
        if kind == "stale":
            epoch = chance.randrange(epoch) if epoch else 0
        elif kind == "invented":
            run, stage, epoch = chance.choice([(new_id(), stage, epoch), (run, 10_000 + stage, epoch), (run, stage, epoch + 1000)])
        batch.append(StageMessage(run, stage, epoch, "stages"))
        if len(batch) == AT_ONCE:
            assert send(app, batch)
            batch = []
    assert send(app, batch)
    app.close()
    return kinds


def wait_until_taken(stack: Stack, within_s: float) -> None:
    with redis_client.Redis.from_url(_redis_url(stack)) as broker:
        # What a worker holds and has not acknowledged is in `unacked`.
        stack.until(lambda: not broker.llen("stages") and not broker.hlen("unacked"), within_s, "the messages to be taken")


def record(stack: Stack) -> tuple[object, ...]:
    """What the store says of runs, stages, attempts and events, as one value."""
    return stack.sql(_RECORD, database="penstock")[0]
