"""N slots, each one warm child process, replaced when it dies.

Each slot has a thread that lives as long as the slot: it starts the child, waits for its death, records it, and starts the next. The
kernel ends a child when the *thread* that started it ends, so no other thread may start one.
"""

from __future__ import annotations

import logging
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from shared.attempts import memory
from shared.attempts.place import Place
from shared.engines.resident import resident_bytes
from shared.engines.work import Job
from shared.errors import UnavailableError

log = logging.getLogger(__name__)

Key = tuple[str, int, int]

# A child runs what people wrote; it has no use for the way into the store, nor for keys that its parent or another service holds.
_WITHHELD = (
    "PENSTOCK_MASTER_KEY", "PENSTOCK_MASTER_KEY_BEFORE", "PENSTOCK_KEYSTORE_KEY", "PENSTOCK_DATABASE_URL", "PENSTOCK_REDIS_URL",
    "PENSTOCK_SMTP_URL", "PENSTOCK_ASSISTANT_KEY", "PENSTOCK_GIT_PASSWORD", "PENSTOCK_OIDC_CLIENT_SECRET", "VAULT_TOKEN",
    "PENSTOCK_OPENLINEAGE_URL", "PENSTOCK_OPENLINEAGE_API_KEY", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
)  # fmt: skip
_START_S = 60.0
# What is done behind an attempt is done within this, or not at all.
_REST_S = 30.0
_BACKOFF_S = (0.0, 0.5, 1.0, 2.0, 5.0)


class ChildDied(UnavailableError):
    """The process that did the work is gone; `over_limit`: we ended it, because it used more `what` (memory, scratch) than it may."""

    code = "child_died"

    def __init__(self, message: str, over_limit: str | None = None, what: str = "memory") -> None:
        super().__init__(message)
        self.over_limit, self.what = over_limit, what


class NoChild(UnavailableError):
    code = "no_child"


class Child:
    """One child process. Used by one thread at a time, but for `rest`, `cancel`, `kill` and what the watch reads."""

    def __init__(self, place: Place, scratch: Path) -> None:
        ours, theirs = Pipe()
        functions = [f"{kind}={target}" for kind, target in place.functions.items()]
        self.limit, self.scratch, self.scratch_limit = place.memory_bytes, scratch, place.scratch_bytes
        self._process = subprocess.Popen(
            [sys.executable, "-m", "shared.attempts.child", str(theirs.fileno()), str(os.getpid()), place.service, *functions],
            pass_fds=(theirs.fileno(),),
            # What libraries put beside their work goes where it is swept, and where there is room for it.
            env={**{key: value for key, value in os.environ.items() if key not in _WITHHELD}, "TMPDIR": str(scratch)},
        )
        theirs.close()
        self._pipe: Connection = ours
        self._sending = threading.Lock()
        self._ending = threading.Lock()
        self._exited = threading.Event()
        self._killed = False
        self.pid = self._process.pid
        self.job: Key | None = None
        self.peak = 0
        self.over_limit: str | None = None
        self.over_what = "memory"
        self._resting = threading.Lock()
        self._tired = False
        self._hear: Callable[..., None] = lambda *_: None

    @property
    def alive(self) -> bool:
        return not self._exited.is_set()

    @property
    def usable(self) -> bool:
        """False from the kill on, though it may take a moment until it is dead."""
        return self.alive and not self._killed

    def await_ready(self) -> bool:
        """False when it died, or did not get ready in time, and was killed."""
        try:
            if self._pipe.poll(_START_S):
                return bool(self._pipe.recv() == ("ready",))
        except (EOFError, OSError):
            return False
        self.kill()
        return False

    def run(self, job: Job, secrets: tuple[str, ...], hear: Callable[..., None]) -> tuple[str, dict[str, Any]]:
        """("done", outcome) or ("failed", error), as JSON values; what comes before goes to `hear(what, *values)`. Raises ChildDied, and
        whatever `hear` raises, the child being dead then.
        """
        self.rest()
        self._hear = hear
        key = (job.run, job.stage, job.epoch)
        memory.reset_peak(self.pid)
        self.peak = 0
        self.job = key
        try:
            self._send("run", job, secrets)
            while True:
                what, *values = self._pipe.recv()
                if what in {"done", "failed"}:
                    if values[0] != key:
                        # The end of an attempt that nobody waits for any more says nothing of this one.
                        continue
                    self.peak = max(self.peak, memory.peak(self.pid) or 0)
                    self._tired = True
                    return what, values[1]
                hear(what, *values)
        except (EOFError, OSError) as error:
            self.kill()
            self._exited.wait()
            raise ChildDied(self._death(), self.over_limit, self.over_what) from error
        except BaseException:
            # It works on, and nobody hears it any more: it must not be given to the next attempt.
            self.kill()
            self._exited.wait()
            raise
        finally:
            self.job = None

    def rest(self) -> None:
        """Hears what the child still has to say of the attempt whose end it told, until it is ready for the next; ends one that is not. May
        be called by several threads, and of a child that has nothing to say.
        """
        with self._resting:
            if not self._tired:
                return
            deadline = time.monotonic() + _REST_S
            try:
                while (left := deadline - time.monotonic()) > 0 and self._pipe.poll(left):
                    what, *values = self._pipe.recv()
                    if what == "rested":
                        self._tired = False
                        return
                    self._hear(what, *values)
            except (EOFError, OSError):
                # It is gone; whoever runs something in it next is told so.
                return
            self.kill()
            self._exited.wait()

    def cancel(self, key: Key) -> None:
        """Asks the engine to stop, if it still works on that attempt."""
        if self.job == key:
            try:
                self._send("cancel", key)
            except OSError:
                # It is dead already, and whoever waits for it is being told.
                return

    def kill(self) -> None:
        # Under the lock the pid is still ours: `reap` takes it before the kernel may give the number away.
        with self._ending:
            self._killed = True
            if self.alive:
                os.kill(self.pid, signal.SIGKILL)

    def reap(self) -> None:
        """Waits for its end; called by the slot's own thread."""
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        with self._ending:
            self._process.wait()
            self._exited.set()

    def _send(self, *message: Any) -> None:
        with self._sending:
            self._pipe.send(message)

    def _death(self) -> str:
        code = self._process.returncode
        how = f"was ended by {signal.Signals(-code).name}" if code is not None and code < 0 else f"ended by itself with exit code {code}"
        used = f" at {memory.shown(self.peak)}, limit {memory.shown(self.limit)}" if self.peak else ""
        return f"the process that ran it {how}{used}"


class Slots:
    """`acquire` a ready child, `release` it."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._ready: queue.SimpleQueue[Child] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._children: dict[int, Child] = {}
        self._threads: list[threading.Thread] = []
        self._busy = 0
        self._count = threading.Lock()

    def start(self) -> None:
        for number in range(1, self._place.slots + 1):
            thread = threading.Thread(target=self._keep, args=(number,), name=f"slot-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    @property
    def free(self) -> int:
        return self._place.slots - self._busy

    def acquire(self) -> Child:
        """A child that is ready, waiting for one that is being replaced. Raises NoChild when none gets ready."""
        deadline = time.monotonic() + _START_S
        with self._count:
            self._busy += 1
        try:
            while (left := deadline - time.monotonic()) > 0:
                child = self._ready.get(timeout=left)
                if child.usable:
                    return child
        except queue.Empty:
            pass
        with self._count:
            self._busy -= 1
        raise NoChild(f"no child process of {self._place.name} could be started in {_START_S:.0f} s; its log says why")

    def release(self, child: Child) -> None:
        """Gives a child back. One that grew is replaced, so that what it keeps is not charged to the next attempt."""
        with self._count:
            self._busy -= 1
        if self.fit(child):
            self._ready.put(child)
        else:
            child.rest()
            child.kill()

    @staticmethod
    def fit(child: Child) -> bool:
        """It may be given to another attempt as it is."""
        return child.usable and (resident_bytes(child.pid) or 0) <= child.limit // 2

    def stop(self) -> None:
        """Ends all children; returns when they are gone."""
        self._stopping.set()
        for child in list(self._children.values()):
            child.kill()
        for thread in self._threads:
            thread.join(timeout=5)

    def _keep(self, number: int) -> None:
        scratch = self._place.scratch / self._place.name / str(number)
        failures = 0
        while not self._stopping.wait(_BACKOFF_S[min(failures, len(_BACKOFF_S) - 1)]):
            try:
                # What a killed engine had spilled is nobody's now.
                shutil.rmtree(scratch, ignore_errors=True)
                scratch.mkdir(parents=True, exist_ok=True)
                child = Child(self._place, scratch)
            except OSError:
                log.exception("slot %d cannot start a child process", number)
                failures += 1
                continue
            self._children[number] = child
            if self._stopping.is_set():
                child.kill()
            if child.await_ready():
                failures = 0
                self._ready.put(child)
                log.info("slot %d: child %d is ready", number, child.pid)
            else:
                failures += 1
            child.reap()
            if not self._stopping.is_set():
                log.warning("slot %d: child %d is replaced: %s", number, child.pid, child._death())
        shutil.rmtree(scratch, ignore_errors=True)
