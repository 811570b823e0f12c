"""What wakes event streams: one connection that listens for all of them, and a bell per watched run."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from shared.errors import UnavailableError
from shared.store.database import Database
from shared.store.events import CHANNEL

log = logging.getLogger(__name__)


class Feed:
    """`watch(run)` gives an Event that is set whenever something of the run was written. Starts listening with the first watcher."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._bells: dict[str, set[threading.Event]] = defaultdict(set)
        self._lock = threading.Lock()
        self._started = False

    @property
    def watchers(self) -> int:
        with self._lock:
            return sum(len(bells) for bells in self._bells.values())

    @contextmanager
    def watch(self, run: str) -> Iterator[threading.Event]:
        bell = threading.Event()
        with self._lock:
            self._bells[run].add(bell)
            if not self._started:
                self._started = True
                threading.Thread(target=self._listen, name="feed", daemon=True).start()
        try:
            yield bell
        finally:
            with self._lock:
                self._bells[run].discard(bell)
                if not self._bells[run]:
                    del self._bells[run]

    def _listen(self) -> None:
        while True:
            try:
                with self._database.dedicated() as connection:
                    connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL)))
                    # Something may have been written while nobody listened.
                    self._ring(None)
                    for notice in connection.notifies():
                        self._ring(notice.payload)
            except (UnavailableError, psycopg.Error) as error:
                log.warning("not listening for events, trying again: %s", error)
                threading.Event().wait(1)

    def _ring(self, run: str | None) -> None:
        with self._lock:
            runs = list(self._bells) if run is None else [run]
            for each in runs:
                for bell in self._bells.get(each, ()):
                    bell.set()
