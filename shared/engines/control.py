"""How an attempt is steered while it runs: it tells its progress, and learns that it shall stop."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from shared.errors import PenstockError

_PROGRESS_EVERY_S = 1.0
log = logging.getLogger(__name__)


class Control:
    """Made by whoever runs the attempt, one per job. `cancel` comes from another thread, at any time, perhaps twice.

    The engine registers what a cancel must stop (a connection's interrupt, a sink session's cancel) for as long as it is in use; those
    calls must not block. `sample` takes what a person may look at of an output: {port, rows, profile}. `reached` is told once of each
    connector that its far side has answered (None), or how it failed.
    """

    def __init__(
        self,
        report: Callable[[dict[str, int]], None] = lambda rows: None,
        sample: Callable[[dict[str, Any]], None] = lambda sample: None,
        reached: Callable[[str, str | None], None] = lambda connector, failure: None,
    ) -> None:
        self._report, self._reached = report, reached
        self.sample = sample
        self._answered: set[str] = set()
        self._afterwards: list[Callable[[], None]] = []
        self._stops: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        self._cancelled = threading.Event()
        self._next_report = 0.0

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    def afterwards(self, step: Callable[[], None]) -> None:
        """To be done once the attempt's end is told: what nobody waits for. It may be left out, and its failure is nobody's."""
        self._afterwards.append(step)

    def finish(self) -> None:
        """Does what was put off; called by whoever runs the attempt, after telling its end."""
        for step in self._afterwards:
            step()

    @contextmanager
    def stopped_by(self, stop: Callable[[], None]) -> Iterator[None]:
        """While inside, a cancel calls `stop`; one that came before calls it at once."""
        with self._lock:
            self._stops.append(stop)
        try:
            if self.cancelled:
                stop()
            yield
        finally:
            with self._lock:
                self._stops.remove(stop)

    @contextmanager
    def calling(self, connector: str) -> Iterator[None]:
        """A call of that connector's driver (namespace/name): a failure is charged to it; when it returns, the far side has answered."""
        try:
            yield
        except PenstockError as error:
            error.connector = error.connector or connector
            raise
        self.answered(connector)

    def answered(self, connector: str) -> None:
        if connector not in self._answered:
            self._answered.add(connector)
            self._reached(connector, None)

    def unreachable(self, connector: str, failure: str) -> None:
        """For a failure that is an answer to whoever asked, and not the end of the attempt."""
        self._reached(connector, failure)

    def cancel(self) -> None:
        self._cancelled.set()
        with self._lock:
            stops = list(self._stops)
        for stop in reversed(stops):
            try:
                stop()
            except Exception:
                # One that has just come to its end by itself says so (a connection that is closed). The others are stopped, and whoever
                # brought the word must live: nothing else that is said to the process would be heard any more.
                log.info("there was nothing left to stop", exc_info=True)

    def progress(self, rows: Mapping[str, int]) -> None:
        """Rows done so far by node; may be called as often as one likes, is told at most once a second."""
        now = time.monotonic()
        if now >= self._next_report:
            self._next_report = now + _PROGRESS_EVERY_S
            self._report(dict(rows))
