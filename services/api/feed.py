"""What wakes event streams: one connection that listens for all of them, and for each run that is watched a bell, or a tail."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from services.api.tail import Tail
from shared.errors import UnavailableError
from shared.store.database import Database
from shared.store.events import CHANNEL

log = logging.getLogger(__name__)


class Full(Exception):
    """There are as many watchers as there may be."""


class Watcher:
    """A place among those who watch, until `leave`."""

    def __init__(self, tail: Tail, leave: Callable[[], None]) -> None:
        self.tail, self._leave = tail, leave
        self._left = False

    def leave(self) -> None:
        """Once or more often."""
        if not self._left:
            self._left = True
            self._leave()


class Feed:
    """At most `most` watch at once. Starts listening with the first of them."""

    def __init__(self, database: Database, most: int) -> None:
        self._database, self._most = database, most
        self._bells: dict[str, set[threading.Event]] = defaultdict(set)
        # By run and by what is watched of it; and how many do.
        self._tails: dict[tuple[str, str], tuple[Tail, int]] = {}
        self._watchers = 0
        self._lock = threading.Lock()
        self._started = False

    @property
    def watchers(self) -> int:
        with self._lock:
            return self._watchers

    def join(self, run: str, what: str, make: Callable[[], Tail]) -> Watcher:
        """One more who watches that of the run. `make`: its tail, where nobody does yet. Raises Full."""
        key = (run, what)
        with self._lock:
            self._enter()
            tail, count = self._tails.get(key) or (make(), 0)
            self._tails[key] = (tail, count + 1)
        return Watcher(tail, lambda: self._part(key))

    def _part(self, key: tuple[str, str]) -> None:
        with self._lock:
            self._watchers -= 1
            tail, count = self._tails[key]
            if count > 1:
                self._tails[key] = (tail, count - 1)
            else:
                del self._tails[key]

    @contextmanager
    def watch(self, run: str) -> Iterator[threading.Event]:
        """An Event that is set whenever something of the run was written. Raises Full."""
        bell = threading.Event()
        with self._lock:
            self._enter()
            self._bells[run].add(bell)
        try:
            yield bell
        finally:
            with self._lock:
                self._watchers -= 1
                self._bells[run].discard(bell)
                if not self._bells[run]:
                    del self._bells[run]

    def _enter(self) -> None:
        # Counted where it is decided: streams that are asked for at once would all be let in, and leave no thread for any other call.
        if self._watchers >= self._most:
            raise Full
        self._watchers += 1
        if not self._started:
            self._started = True
            threading.Thread(target=self._listen, name="feed", daemon=True).start()

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
            bells = [bell for of in (list(self._bells) if run is None else [run]) for bell in self._bells.get(of, ())]
            tails = [tail for (of, _), (tail, _) in self._tails.items() if run in (None, of)]
        for bell in bells:
            bell.set()
        for tail in tails:
            tail.ring()
