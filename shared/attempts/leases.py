"""One thread that keeps all leases of this process, and passes on what it learns: a run is to stop, or a stage is no longer ours."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import timedelta

from shared.attempts.slots import Key
from shared.dispatch.claims import Hold, renew
from shared.errors import UnavailableError
from shared.store.database import Database

log = logging.getLogger(__name__)

# A cancel is seen at a renewal, and a person waits for it.
_AT_MOST_S = 2.0


class Leases:
    """`tell(key, hold)` is called once per attempt that is lost or to be cancelled; it must not block."""

    def __init__(self, database: Database, lease: timedelta, tell: Callable[[Key, Hold], None]) -> None:
        self._database, self._lease, self._tell = database, lease, tell
        self._held: dict[Key, Hold] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._renew, name="leases", daemon=True).start()

    def stop(self) -> None:
        self._stop.set()

    def hold(self, key: Key) -> None:
        with self._lock:
            self._held[key] = Hold.OURS

    def let_go(self, key: Key) -> None:
        with self._lock:
            self._held.pop(key, None)

    def _renew(self) -> None:
        every = min(self._lease.total_seconds() / 3, _AT_MOST_S)
        while not self._stop.wait(every):
            with self._lock:
                # An attempt being cancelled keeps its lease until its end is recorded; a lost one has none.
                keys = [key for key, hold in self._held.items() if hold is not Hold.LOST]
            if not keys:
                continue
            try:
                with self._database.transaction() as tx:
                    found = renew(tx, keys, self._lease)
            except UnavailableError as error:
                # While the store is away nobody else can claim these stages either: the work goes on.
                log.warning("leases not renewed: %s", error)
                continue
            except Exception:
                # The thread must outlive anything: without it every attempt here would be lost one lease later.
                log.exception("leases not renewed")
                continue
            self._pass_on(found)

    def _pass_on(self, found: dict[Key, Hold]) -> None:
        for key, hold in found.items():
            with self._lock:
                news = key in self._held and self._held[key] is not hold
                if news:
                    self._held[key] = hold
            if news and hold is not Hold.OURS:
                self._tell(key, hold)
