"""The child process of a slot: `python -m shared.attempts.child FD PARENT SERVICE kind=module:function …`.

It stays warm: engines are imported and opened before the first job. The main thread runs one job at a time; a second thread reads what
the parent says, so that a cancel gets through while the engine is busy. All it says of a job is masked here, where the secrets are. It
holds no connection to the store and no master key.

From the parent: ("run", job, secrets) and ("cancel", key). To the parent: ("ready",), ("progress", {node: rows}), ("log", level, message),
("sample", {port, rows, profile}), ("reached", connector, failure or None); at the end of each job ("done", outcome) or ("failed", error),
the last two as JSON values with the key before them; and ("rested",) when the next job may come.
"""

from __future__ import annotations

import ctypes
import errno
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from importlib import import_module
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

from shared.connectors import addresses, own_places
from shared.datasets.buckets import of_machine
from shared.engines.control import Control
from shared.engines.program import TELLING
from shared.engines.work import Job, Outcome
from shared.errors import Bug, PenstockError, bug, disk_full
from shared.kill_points import kill_point
from shared.pipelines.delivered import DELIVERED
from shared.pipelines.replay import LETTERS
from shared.process import prepare, settings
from shared.process.start import asked_by, context
from shared.secrets.masking import Masker

log = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
Run = Callable[[Job, Control], Outcome]
Order = tuple[Job, tuple[str, ...]]


def main() -> None:
    fd, parent, service, *functions = sys.argv[1:]
    _die_with(int(parent))
    # A signal to the whole group (Ctrl-C, a supervisor's stop) is the parent's to answer: it drains, then ends us.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    prepare(service, holds_rows=True)
    runs = {kind: _load(target) for kind, _, target in (entry.partition("=") for entry in functions)}
    _Child(Connection(int(fd)), runs).serve()


def _die_with(parent: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        # It died before the request reached the kernel.
        os._exit(1)


def _load(target: str) -> Run:
    module, _, name = target.partition(":")
    run: Run = getattr(import_module(module), name)
    return run


def _node(job: Job) -> dict[str, str]:
    """The one node of a stage; several have no line of their own."""
    nodes = job.program.get("figures") or {}
    return {"node": next(iter(nodes))} if len(nodes) == 1 else {}


class _Child:
    def __init__(self, pipe: Connection, runs: Mapping[str, Run]) -> None:
        self._pipe, self._runs = pipe, runs
        self._allowed = settings.allowed_addresses()
        self._orders: SimpleQueue[Order | None] = SimpleQueue()
        self._sending = threading.Lock()
        self._lock = threading.Lock()
        self._current: tuple[tuple[str, int, int], Control] | None = None

    def serve(self) -> None:
        """Until the parent closes the pipe."""
        threading.Thread(target=self._listen, name="listen", daemon=True).start()
        self._say("ready")
        while (order := self._orders.get()) is not None:
            self._work(*order)

    def _listen(self) -> None:
        try:
            self._hear()
        except Exception:
            log.exception("a bug in a child that hears nothing any more; it ends, and another takes its place")
        os._exit(1)

    def _hear(self) -> None:
        while True:
            try:
                what, *rest = self._pipe.recv()
            except (EOFError, OSError):
                # The parent has let go of us. An engine in the middle of something would not notice; nobody wants its result.
                os._exit(0)
            if what == "run":
                self._orders.put((rest[0], rest[1]))
            elif what == "cancel":
                with self._lock:
                    current = self._current
                if current is not None and current[0] == rest[0]:
                    current[1].cancel()

    def _work(self, job: Job, secrets: tuple[str, ...]) -> None:
        key = (job.run, job.stage, job.epoch)
        masker = Masker((*secrets, *of_machine()))
        control = Control(
            report=lambda rows: self._say("progress", rows),
            sample=lambda sample: self._say("sample", json.loads(masker.mask(json.dumps(sample)))),
            reached=lambda connector, failure: self._say("reached", connector, masker.mask(failure) if failure else None),
        )
        handler = _Forward(lambda level, text: self._say("log", level, masker.mask(text)))
        with self._lock:
            self._current = key, control
        root = logging.getLogger()
        root.addHandler(handler)
        try:
            with context(run=job.run, stage=job.stage, epoch=job.epoch, **_node(job)), asked_by(job.request_id, job.traceparent):
                answer = self._answer(job, control, masker)
        finally:
            root.removeHandler(handler)
            with self._lock:
                self._current = None
        self._say(answer[0], key, answer[1])
        if answer[0] == "done":
            self._finish(control)
        self._say("rested")

    def _finish(self, control: Control) -> None:
        try:
            control.finish()
        except Exception:
            # The attempt is told already, and nobody waits for this.
            log.exception("what was to be done behind an attempt could not be")

    def _answer(self, job: Job, control: Control, masker: Masker) -> tuple[str, dict[str, Any]]:
        try:
            kill_point("child.begun")
            for connector in job.connectors.values():
                addresses.check(connector.reference, connector.config, self._allowed)
                if connector.reference not in (LETTERS, DELIVERED):
                    own_places.check(connector.reference, connector.config)
            outcome = self._runs[job.kind](job, control).to_json()
            if job.kind == TELLING:
                # What the far side answered may quote what it was sent, or where to.
                outcome = json.loads(masker.mask(json.dumps(outcome)))
            kill_point("child.worked")
            return "done", outcome
        except PenstockError as error:
            if isinstance(error, Bug) and not control.cancelled:
                log.exception("a bug in stage %s", job.stage)
            failure = error.to_json()
        except MemoryError:
            failure = PenstockError(f"stage {job.stage} ran out of memory in its process; raise the worker's memory limit").to_json()
            failure |= {"code": "memory", "fault": "data"}
        except Exception as error:
            if isinstance(error, OSError) and error.errno in _NO_ROOM:
                failure = disk_full(error).to_json()
            else:
                # Nothing may end the child but the parent: a bug is this stage's failure, with its trace in the log and in Sentry.
                if not control.cancelled:
                    log.exception("a bug in stage %s", job.stage)
                failure = bug(error).to_json()
        if control.cancelled:
            failure = {
                "code": "cancelled",
                "message": "stopped on request",
                "node": None,
                "retryable": False,
                "fault": "system",
                "retryOn": None,
            }
        return "failed", {**failure, "message": masker.mask(str(failure["message"]))}

    def _say(self, *message: Any) -> None:
        with self._sending:
            self._pipe.send(message)


class _Forward(logging.Handler):
    """Sends what the engine logs during a job to the run's own log lines."""

    def __init__(self, say: Callable[[str, str], None]) -> None:
        super().__init__(logging.INFO)
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._say(record.levelname, record.getMessage())
        except OSError:
            # The parent is gone, and so is whoever would have read it.
            return


if __name__ == "__main__":
    main()
