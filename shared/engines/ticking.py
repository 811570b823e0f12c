"""What is to be done again and again while something else goes on: one thread of the process for all of it.

A thread per use would cost a short stage more than its work (measured: starting and joining two, 4 of 30 ms).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

log = logging.getLogger(__name__)

# How exactly a period is kept.
TICK_S = 0.1


@contextmanager
def every(period_s: float, call: Callable[[], None]) -> Iterator[None]:
    """While inside, `call` is made each `period_s`, from another thread; none goes on when this has been left. It should be short: others
    wait for it. What it raises is logged.
    """
    repeated = _Repeated(period_s, call)
    clock = _clock()
    clock.add(repeated)
    try:
        yield
    finally:
        clock.remove(repeated)


class _Repeated:
    def __init__(self, period_s: float, call: Callable[[], None]) -> None:
        self.period_s, self.call = period_s, call
        self.due = time.monotonic() + period_s
        self.over = False
        # Held while it is called.
        self.lock = threading.Lock()


class _Clock:
    def __init__(self) -> None:
        self._all: list[_Repeated] = []
        self._some = threading.Condition()
        threading.Thread(target=self._loop, name="ticking", daemon=True).start()

    def add(self, repeated: _Repeated) -> None:
        with self._some:
            self._all.append(repeated)
            if len(self._all) == 1:
                self._some.notify()

    def remove(self, repeated: _Repeated) -> None:
        with self._some:
            self._all.remove(repeated)
        with repeated.lock:
            repeated.over = True

    def _loop(self) -> None:
        while True:
            with self._some:
                self._some.wait_for(lambda: self._all)
            time.sleep(TICK_S)
            with self._some:
                now = time.monotonic()
                due = [one for one in self._all if one.due <= now]
            for one in due:
                self._call(one)

    @staticmethod
    def _call(one: _Repeated) -> None:
        with one.lock:
            if one.over:
                return
            try:
                one.call()
            except Exception:
                log.exception("what is done again and again failed")
            one.due = time.monotonic() + one.period_s


@cache
def _clock() -> _Clock:
    return _Clock()
