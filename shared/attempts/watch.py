"""One thread that looks at all busy children: ends one that uses more memory or scratch disk than it may, and one that was asked to stop
and does not.

It sleeps while nothing runs, and never waits for anything a child does.
"""

from __future__ import annotations

import threading
import time

from shared.attempts import disk, memory
from shared.attempts.slots import Child, Key
from shared.engines.resident import resident_bytes

_EVERY_S = 0.05
# Of looks. A disk takes some ten megabytes in between.
_DISK_EVERY = 2
SCRATCH = "PENSTOCK_SCRATCH_LIMIT"


class Watch:
    """`setting`: the variable that raises the limit, to be named when a child was over it."""

    def __init__(self, setting: str) -> None:
        self._setting = setting
        self._busy: dict[int, tuple[Child, Key]] = {}
        self._deadlines: dict[Key, float] = {}
        self._changed = threading.Condition()
        self._stopping = False
        self._looks = 0

    def start(self) -> None:
        threading.Thread(target=self._look, name="watch", daemon=True).start()

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify()

    def begin(self, child: Child, key: Key) -> None:
        with self._changed:
            # What was said of an attempt before is not said of this one.
            child.over_limit, child.over_what = None, "memory"
            self._busy[child.pid] = child, key
            self._changed.notify()

    def end(self, child: Child, key: Key) -> None:
        with self._changed:
            self._busy.pop(child.pid, None)
            self._deadlines.pop(key, None)

    def forget(self, key: Key) -> None:
        """No deadline of that attempt is left."""
        with self._changed:
            self._deadlines.pop(key, None)

    def end_within(self, key: Key, seconds: float) -> None:
        """Kills the child that works on that attempt, unless `end` comes first. The earliest deadline holds."""
        with self._changed:
            self._deadlines[key] = min(time.monotonic() + seconds, self._deadlines.get(key, float("inf")))

    def _look(self) -> None:
        while True:
            with self._changed:
                while not self._busy and not self._stopping:
                    self._changed.wait()
                if self._stopping:
                    return
                self._looks += 1
                for child, key in self._busy.values():
                    self._judge(child, key)
            time.sleep(_EVERY_S)

    def _judge(self, child: Child, key: Key) -> None:
        # Under the lock: `end` of this attempt waits, so the kill cannot hit the next one.
        used = resident_bytes(child.pid)
        if used is None:
            return
        child.peak = max(child.peak, used)
        if used > child.limit:
            child.over_limit = (
                f"stage {key[1]} used {memory.shown(used)}, over the worker's limit of {memory.shown(child.limit)} ({self._setting});"
                " raise it, or let the stage handle fewer rows at once"
            )
            child.kill()
        elif (
            self._looks % _DISK_EVERY == 0 and child.scratch_limit is not None and (lies := disk.used(child.scratch)) > child.scratch_limit
        ):
            child.over_what = "scratch"
            child.over_limit = (
                f"stage {key[1]} used {memory.shown(lies)} of scratch disk, over the worker's limit of {memory.shown(child.scratch_limit)}"
                f" ({SCRATCH}); raise it, or let the stage handle fewer rows at once"
            )
            child.kill()
        elif self._deadlines.get(key, float("inf")) < time.monotonic():
            child.kill()
