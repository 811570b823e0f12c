"""Progress, samples of rows and log lines on their way to the store: behind the work, batched, never in its way.

The buffer is bounded. When it is full, samples and progress go first, then the newest log lines; what was dropped is counted: told as a
log line of the run, and by kind since the process began (`dropped`), with its heartbeat. Events of attempts do not pass here: they are
written with what they tell of.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import psycopg

from shared.dispatch.claims import Claim, report_progress
from shared.errors import UnavailableError
from shared.store import logs, samples
from shared.store.database import Database
from shared.store.logs import LogLine
from shared.store.samples import Sample

log = logging.getLogger(__name__)

_EVERY_S = 0.5
_MOST_LINES = 10_000
_MOST_SAMPLES = 1_000
_MOST_ROWS = 200
_BATCH = 1_000
# The store is away, or somebody holds a row for so long: it may go well the next time.
_LATER = (UnavailableError, psycopg.errors.LockNotAvailable)


class Behind:
    def __init__(self, database: Database, worker: str) -> None:
        self._database, self._worker = database, worker
        self._lines: deque[LogLine] = deque()
        self._samples: dict[tuple[str, int, int], tuple[Claim, dict[str, int]]] = {}
        # Samples of rows; `_samples` are those of progress.
        self._rows: deque[Sample] = deque()
        self._dropped: Counter[str] = Counter()
        self._kinds: Counter[str] = Counter()
        self._lock = threading.Lock()
        # Whose progress is just being written; `close` of that attempt, and of no other, waits until it is there.
        self._writing: tuple[str, int, int] | None = None
        self._written = threading.Condition(self._lock)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="behind", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Writes what is left, if the store takes it at once."""
        self._stop.set()
        self._thread.join(timeout=3)

    @property
    def dropped(self) -> dict[str, int]:
        """Since this process began: {progress, samples, lines}."""
        with self._lock:
            return {kind: self._kinds[kind] for kind in ("progress", "samples", "lines")}

    def _drop(self, kind: str, runs: Iterable[str]) -> None:
        """Called with the lock held."""
        for run in runs:
            self._dropped[run] += 1
            self._kinds[kind] += 1

    def progress(self, claim: Claim, rows: Mapping[str, int]) -> None:
        """The newest figures replace older ones that were not written yet."""
        with self._lock:
            if claim.key not in self._samples and len(self._samples) >= _MOST_SAMPLES:
                self._drop("progress", [claim.run])
                return
            self._samples.setdefault(claim.key, (claim, {}))[1].update(rows)

    def sample(self, claim: Claim, found: Mapping[str, Any]) -> None:
        """First rows of a port ({port, rows, profile}); the oldest goes where there are too many."""
        port = str(found["port"])
        sample = Sample(claim.run, claim.stage, claim.epoch, port.partition(".")[0], port, found["rows"], found["profile"])
        with self._lock:
            if len(self._rows) >= _MOST_ROWS or len(self._lines) >= _MOST_LINES:
                self._drop("samples", [sample.run])
                return
            self._rows.append(sample)

    def log(self, claim: Claim, level: str, message: str) -> None:
        line = LogLine(claim.run, datetime.now(UTC), level, message, stage=claim.stage, epoch=claim.epoch, worker=self._worker)
        with self._lock:
            if len(self._lines) >= _MOST_LINES:
                self._drop("progress", [sampled.run for sampled, _ in self._samples.values()])
                self._drop("samples", [sample.run for sample in self._rows])
                self._samples.clear()
                self._rows.clear()
                self._drop("lines", [claim.run])
                return
            self._lines.append(line)

    def close(self, claim: Claim) -> None:
        """No progress of this attempt is told after this returns: its end is about to be recorded."""
        with self._lock:
            self._samples.pop(claim.key, None)
            while self._writing == claim.key:
                self._written.wait()

    def _loop(self) -> None:
        while not self._stop.wait(_EVERY_S):
            self._flush()
        self._flush()

    def _flush(self) -> None:
        try:
            self._write_samples()
            while self._write_lines():
                pass
            self._write_rows()
        except _LATER:
            # The lines wait here, bounded.
            return
        except Exception:
            # Log lines must not end the thread that writes them.
            log.exception("log lines of runs could not be written")

    def _write_samples(self) -> None:
        """One attempt after the other; those that wait here can still be closed, or told newer figures. A run whose row somebody holds for
        long holds up the others of this thread, but no attempt.
        """
        with self._lock:
            keys = list(self._samples)
        for key in keys:
            with self._lock:
                sample = self._samples.pop(key, None)
                if sample is None:
                    continue
                self._writing = key
            try:
                self._write_progress(*sample)
            finally:
                with self._lock:
                    self._writing = None
                    self._written.notify_all()

    def _write_progress(self, claim: Claim, rows: dict[str, int]) -> None:
        try:
            with self._database.transaction() as tx:
                report_progress(tx, claim, rows)
        except _LATER as error:
            with self._lock:
                self._drop("progress", [claim.run])
            if isinstance(error, UnavailableError):
                raise

    def _write_rows(self) -> None:
        with self._lock:
            batch, self._rows = list(self._rows), deque()
        if not batch:
            return
        try:
            with self._database.transaction() as tx:
                samples.insert(tx, batch)
        except _LATER:
            with self._lock:
                self._drop("samples", [sample.run for sample in batch])
            raise

    def _write_lines(self) -> bool:
        with self._lock:
            batch = [self._lines.popleft() for _ in range(min(len(self._lines), _BATCH))]
            dropped, self._dropped = self._dropped, Counter()
        now = datetime.now(UTC)
        told = [
            LogLine(run, now, "WARNING", f"{count} log lines or samples were dropped: the buffer was full")
            for run, count in dropped.items()
        ]
        if not batch and not told:
            return False
        try:
            with self._database.transaction() as tx:
                logs.insert(tx, batch + told)
        except _LATER:
            with self._lock:
                self._lines.extendleft(reversed(batch))
                self._dropped.update(dropped)
            raise
        return bool(batch)
