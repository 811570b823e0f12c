"""The leader's sweep over what was lost, with a look into the broker's queues."""

from __future__ import annotations

import logging

import redis

from services.scheduler.settings import Settings
from shared.dispatch import recovery
from shared.kill_points import kill_point
from shared.messages import VERSION, StageMessage
from shared.runs.queues import beside
from shared.store.database import Database

log = logging.getLogger("scheduler")


class Recovery:
    def __init__(self, database: Database, broker: redis.Redis, settings: Settings) -> None:
        self._database, self._broker, self._settings = database, broker, settings

    def sweep(self) -> list[StageMessage]:
        messages = recovery.sweep(self._database, grace=self._settings.release_grace, queue_is_empty=self._queue_is_empty)
        if messages:
            kill_point("scheduler.swept")
            log.info("released again: %s", ", ".join(f"{m.run}/{m.stage}/{m.epoch}" for m in messages))
        return messages

    def _queue_is_empty(self, queue: str) -> bool:
        """False while Redis is away: sending would fail, and the next sweep is two seconds off."""
        try:
            # A message that another release put aside for us is not lost either.
            return not any(self._broker.llen(name) for name in (queue, beside(queue, "message", VERSION)))
        except redis.RedisError:
            return False
