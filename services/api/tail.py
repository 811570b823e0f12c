"""The end of what a run says, as all who watch it share it: read once for all of them, whoever asks first.

So what a change costs depends on the runs that are watched, not on how many watch them. Frames appear in the order of their numbers, so
whoever has all up to one number misses none before it.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from shared.errors import UnavailableError

# Looked at again after so long even if nobody rings: log lines ring no bell, and a ring may be lost with its connection.
LOOK_AGAIN_S = 1.0
# So many characters of what was read last are kept for those who come to it later; who is farther behind reads by himself.
KEPT = 250_000

# Its number and its text.
Frame = tuple[int, str]
# after -> (the frames behind it in order, at most so many as are read at once; whether the run was over before they were read).
Read = Callable[[int], tuple[Sequence[Frame], bool]]


class Tail:
    """`most`: so many frames `read` gives at once. Any number of threads may use it."""

    def __init__(self, read: Read, most: int) -> None:
        self._read, self._most = read, most
        self._changed = threading.Condition()
        # One reads for all.
        self._reading = threading.Lock()
        # All behind `_begin` up to `_last`; None: nothing was read yet.
        self._frames: deque[Frame] = deque()
        self._size = 0
        self._begin: int | None = None
        self._last = 0
        self._over = False
        # How often it was rung, up to which of the rings it was read, and when.
        self._rung, self._answered, self._looked_at = 1, 0, float("-inf")

    def ring(self) -> None:
        """Something was written."""
        with self._changed:
            self._rung += 1
            self._changed.notify_all()

    def wait(self) -> None:
        """Until something was written that nobody has read, or it is time to look again."""
        with self._changed:
            self._changed.wait_for(lambda: self._rung > self._answered, LOOK_AGAIN_S)

    def behind(self, after: int) -> tuple[Sequence[Frame], bool]:
        """Frames behind that number; without any, whether there will be none any more. While the store is away there is nothing new."""
        self._look(after)
        with self._changed:
            if self._begin is None:
                return (), False
            if after >= self._begin:
                frames = [frame for frame in self._frames if frame[0] > after]
                return frames, self._over and not frames
        try:
            behind, over = self._read(after)
        except UnavailableError:
            return (), False
        return behind, over and not behind

    def _look(self, after: int) -> None:
        if self._is_fresh():
            return
        with self._reading:
            # Somebody else has looked, meanwhile.
            if self._is_fresh():
                return
            with self._changed:
                answers = self._rung
                # Whoever came first may have named a number that is yet to come.
                if self._begin is None or (not self._frames and after < self._begin):
                    self._begin = self._last = after
            try:
                frames, over = self._read(self._last)
            except UnavailableError:
                frames, over = (), False
            with self._changed:
                self._keep(frames)
                # Of a full batch nobody knows whether it is the last.
                if len(frames) < self._most:
                    self._over, self._answered, self._looked_at = over, answers, time.monotonic()

    def _is_fresh(self) -> bool:
        with self._changed:
            return self._answered >= self._rung and time.monotonic() - self._looked_at < LOOK_AGAIN_S

    def _keep(self, frames: Sequence[Frame]) -> None:
        for frame in frames:
            self._frames.append(frame)
            self._size += len(frame[1])
            self._last = frame[0]
        while self._size > KEPT:
            self._begin, text = self._frames.popleft()
            self._size -= len(text)
