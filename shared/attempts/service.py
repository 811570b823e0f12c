"""Wires a Celery app to attempts, for the services worker and quality. Made in their `app.py`; nothing connects before Celery starts."""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import Any

import redis
from celery import Celery
from celery.signals import setup_logging, worker_init, worker_shutdown, worker_shutting_down

from shared.attempts.breakers import Breakers
from shared.attempts.heartbeat import Heartbeat
from shared.attempts.keys import unsealer
from shared.attempts.run import Attempts
from shared.attempts.settings import Settings
from shared.engines.program import FORMATS as PLAN_FORMATS
from shared.messages import VERSION, RequestMessage, StageMessage, celery_app
from shared.process import traces
from shared.runs.queues import read_by
from shared.store import definitions
from shared.store.database import Database

log = logging.getLogger(__name__)

_LAST_S = 2.0
# It computes nothing in the middle of a transaction; while it sleeps in one, others cannot go on with its runs.
PAUSED_AT_MOST_S = 10


class Service:
    """`take`, `answer` and `probe` are what the tasks call. Everything else follows Celery's own start and end.

    `in_order`: what waits in an earlier queue goes before all in later ones.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        queues: tuple[str, ...],
        in_order: bool = False,
    ) -> None:
        self.place = place = settings.place
        redis_url = settings.redis_url
        self.queues = (*read_by(queues, VERSION, PLAN_FORMATS), place.probe_queue)
        self.app: Celery = celery_app(redis_url, place.name, self.queues, in_order=in_order)
        # Each slot, its records, the leases, the lines behind the work and the heartbeat may need a connection at the same moment.
        self._database = Database(
            settings.database_url,
            name=f"penstock {place.name}",
            size=2 * place.slots + 3,
            few_statements=True,
            paused_s=PAUSED_AT_MOST_S,
            definitions=definitions.of(settings.definitions),
        )
        # It is asked within attempts: one that does not answer at once is away.
        breakers = Breakers(redis.Redis.from_url(redis_url, socket_timeout=1, socket_connect_timeout=1), place.breaker)
        self._attempts = Attempts(place, self._database, self.app, unsealer(settings.home), breakers, settings.stores, queues=self.queues)
        self._heartbeat = Heartbeat(
            place,
            self._database,
            self.app,
            redis.Redis.from_url(redis_url, socket_timeout=2, socket_connect_timeout=2),
            free_slots=lambda: self._attempts.free_slots,
            dropped=lambda: self._attempts.dropped | traces.lost(),
            too_late=lambda: self._attempts.too_late,
            give_back=self._attempts.give_back,
        )
        # Weak references would be gone at once.
        setup_logging.connect(_keep_our_logging, weak=False)
        worker_init.connect(self._start, weak=False)
        worker_shutting_down.connect(self._drain, weak=False)
        worker_shutdown.connect(self._stop, weak=False)

    def take(self, message: StageMessage) -> bool:
        """False: this process does not handle it; it should go back to the queue."""
        self._heartbeat.consumed()
        return self._attempts.run(message)

    def answer(self, message: RequestMessage) -> bool:
        self._heartbeat.consumed()
        return self._attempts.answer(message)

    def probe(self) -> None:
        self._heartbeat.consumed()

    def command(self) -> list[str]:
        """The arguments with which Celery serves this process's queues."""
        return [
            "worker", "--pool", "threads", "--concurrency", str(self.place.slots), "--without-gossip", "--without-mingle",
            "--hostname", f"{self.place.name}@{os.uname().nodename}", "-Q", ",".join(self.queues),
        ]  # fmt: skip

    def _start(self, **_: Any) -> None:
        self._attempts.start()
        self._heartbeat.start()

    def _drain(self, **_: Any) -> None:
        """Celery takes nothing new and waits for what runs; past the time for that, what runs is given back, so that the wait ends."""
        log.info("stopping: what runs has %.0f s to finish", self.place.drain.total_seconds())
        timer = threading.Timer(self.place.drain.total_seconds(), self._out_of_time)
        timer.daemon = True
        timer.start()

    def _out_of_time(self) -> None:
        self._attempts.give_back()
        # Enough to record it. A Celery that still hangs then, on a broker that is away, has nothing left that is worth waiting for.
        time.sleep(_LAST_S)
        os._exit(0)

    def _stop(self, **_: Any) -> None:
        self._heartbeat.stop()
        self._attempts.stop()
        self._database.close()


def _keep_our_logging(**_: Any) -> None:
    """Celery sets up its own logging unless somebody listens to this signal."""
    # Two lines for every task would tell nothing that the run's own log does not.
    logging.getLogger("celery").setLevel(logging.WARNING)
