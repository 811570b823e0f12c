"""Tells the store that this process lives, and itself whether it still gets messages.

A Celery consumer on Redis can lose its subscription without noticing. So the process sends itself a message now and then; when slots are
free, Redis answers, and still nothing arrived for three periods, it gives back what it holds and exits: its supervisor starts it again.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from importlib.metadata import version

import redis
from celery import Celery
from kombu.exceptions import OperationalError

from shared.attempts.place import Place
from shared.dispatch.claims import expire_predecessor
from shared.errors import UnavailableError
from shared.messages import PROBE
from shared.store import metric_totals, workers
from shared.store.database import Database

log = logging.getLogger(__name__)

_REGISTER_S = 3.0
_PATIENCE = 3
# Not zero, so that every supervisor starts it again.
EXIT_CODE = 75


class Pulse:
    """When this process last took a message from the broker, and whether it has any reason to worry; pure, clock in."""

    def __init__(self, period_s: float, now: float) -> None:
        self._period = period_s
        self._since = now
        self._looked = now
        self._next_probe = now

    def consumed(self, now: float) -> None:
        self._since = now

    def excused(self, now: float) -> None:
        """No message can be expected: no slot is free, or Redis is away."""
        self._since = now

    def probe_due(self, now: float) -> bool:
        """True once per period."""
        if now < self._next_probe:
            return False
        self._next_probe = now + self._period
        return True

    def is_deaf(self, now: float) -> bool:
        """Asked at least once per period. Where it was not, the whole process was stopped, and had no chance to hear anything."""
        slept, self._looked = now - self._looked > self._period, now
        if slept:
            self._since = now
        return now - self._since > _PATIENCE * self._period


class Heartbeat:
    """One thread. `free_slots` counts those that could take a message now; `dropped`, what the buffer behind the work could not hold;
    `too_late`, messages that came when there was nothing left to take. `give_back` is called before the exit.
    """

    def __init__(
        self,
        place: Place,
        database: Database,
        app: Celery,
        broker: redis.Redis,
        *,
        free_slots: Callable[[], int],
        dropped: Callable[[], dict[str, int]],
        too_late: Callable[[], int],
        give_back: Callable[[], None],
    ) -> None:
        self._place, self._database, self._app, self._broker = place, database, app, broker
        self._free_slots, self._dropped, self._give_back = free_slots, dropped, give_back
        self._too_late, self._counted = too_late, 0
        self._pulse = Pulse(place.probe.total_seconds(), time.monotonic())
        self._predecessor = True
        self._next_register = 0.0
        self._stop = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()

    def stop(self) -> None:
        self._stop.set()

    def consumed(self) -> None:
        self._pulse.consumed(time.monotonic())

    def _beat(self) -> None:
        every = min(1.0, self._place.probe.total_seconds() / 2)
        while not self._stop.is_set():
            try:
                self._register()
                self._probe()
            except Exception:
                # The thread must go on: a worker that is not seen is taken for dead.
                log.exception("heartbeat")
            self._stop.wait(every)

    def _register(self) -> None:
        if time.monotonic() < self._next_register:
            return
        place = self._place
        try:
            with self._database.transaction() as tx:
                if self._predecessor:
                    ended = expire_predecessor(tx, place.name, place.boot)
                    if ended:
                        log.info("ended %d leases of an earlier process named %s", ended, place.name)
                workers.register(
                    tx,
                    name=place.name,
                    boot=place.boot,
                    service=place.service,
                    labels=place.labels,
                    slots=place.slots,
                    memory_bytes=place.memory_bytes,
                    version=version("penstock"),
                    dropped=self._dropped(),
                )
                if (late := self._too_late()) > self._counted:
                    metric_totals.add(tx, metric_totals.DUPLICATES, late - self._counted)
            self._predecessor, self._counted = False, late
            self._next_register = time.monotonic() + _REGISTER_S
        except UnavailableError as error:
            log.warning("not registered: %s", error.message)

    def _probe(self) -> None:
        now = time.monotonic()
        deaf = self._pulse.is_deaf(now)
        if self._free_slots() == 0 or not self._broker_answers():
            self._pulse.excused(now)
            return
        if self._pulse.probe_due(now):
            try:
                self._app.send_task(PROBE, queue=self._place.probe_queue, ignore_result=True)
            except OperationalError:
                self._pulse.excused(now)
                return
        if deaf:
            log.error("no message arrived for %d probe periods while Redis answers; this process exits to be started again", _PATIENCE)
            self._give_back()
            time.sleep(1)
            os._exit(EXIT_CODE)

    def _broker_answers(self) -> bool:
        try:
            return bool(self._broker.ping())
        except redis.RedisError:
            return False
