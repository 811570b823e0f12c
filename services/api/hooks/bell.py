"""Rings the schedulers for many deliveries at once, after they were committed: with a NOTIFY in their own transactions they could commit
only one after the other. A ring that is lost costs a second, since schedulers look by themselves.

The same thread writes down how many deliveries were not let in.
"""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections import Counter

from shared.errors import UnavailableError
from shared.store import deliveries, runs
from shared.store.database import Database

# Not more often: each ring is a commit of its own.
AT_MOST_EVERY_S = 0.01
COUNT_EVERY_S = 1.0
log = logging.getLogger(__name__)


class Bell:
    """The thread begins with the first ring, so after the server has forked."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._changed = threading.Condition()
        self._rings: list[float] = []
        self._forged: Counter[str] = Counter()
        self._started = False

    def ring(self, after_s: float = 0.0) -> None:
        with self._changed:
            at = time.monotonic() + after_s
            # One that is to be rung anyway serves this one too.
            if after_s or not self._rings or self._rings[0] > at:
                heapq.heappush(self._rings, at)
            self._wake()

    def forged(self, trigger: str) -> None:
        with self._changed:
            if not self._forged:
                heapq.heappush(self._rings, time.monotonic() + COUNT_EVERY_S)
                self._wake()
            self._forged[trigger] += 1

    def _wake(self) -> None:
        if not self._started:
            self._started = True
            threading.Thread(target=self._ring, name="bell", daemon=True).start()
        self._changed.notify()

    def _ring(self) -> None:
        while True:
            with self._changed:
                while not self._rings or self._rings[0] > time.monotonic():
                    self._changed.wait(self._rings[0] - time.monotonic() if self._rings else None)
                while self._rings and self._rings[0] <= time.monotonic():
                    heapq.heappop(self._rings)
                counted, self._forged = self._forged, Counter()
            try:
                with self._database.transaction() as tx:
                    runs.ring(tx, "")
                    deliveries.forged(tx, counted)
            except UnavailableError as error:
                log.warning("schedulers could not be told of deliveries: %s", error.message)
            time.sleep(AT_MOST_EVERY_S)
