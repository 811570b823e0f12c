"""A function called in its process, watched until it ends: its memory, its time, its output, and how it ended."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from shared.engines.control import Control
from shared.engines.duckdb.errors import Interrupted
from shared.engines.resident import resident_bytes
from shared.errors import DataError

log = logging.getLogger(__name__)

_LOOK_S = 0.02
_MOST_LINES = 1_000
# Of the worker's environment: what a program of other people's needs to run at all, and nothing that opens a door.
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE", "LD_LIBRARY_PATH", "COVERAGE_PROCESS_START")


class FunctionFailed(DataError):
    """The person's own code: it raised, took too long or too much, or gave something that is no table."""

    code = "python"


@dataclass(frozen=True, slots=True)
class Bounds:
    """`memory_bytes`: resident size of the process. `seconds`: None for as long as its stage may run."""

    memory_bytes: int
    seconds: float | None


def call(order: Mapping[str, Any], folder: Path, bounds: Bounds, control: Control) -> None:
    """Returns when the function has written its table. Raises FunctionFailed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "shared.engines.python.process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={key: value for key in PASSED_ON if (value := os.environ.get(key)) is not None} | {"PYTHONPATH": os.pathsep.join(sys.path)},
        start_new_session=True,
    )
    assert process.stdin is not None and process.stdout is not None
    listener = threading.Thread(target=_listen, args=(process.stdout,), name="function", daemon=True)
    listener.start()
    try:
        with control.stopped_by(lambda: _end(process)):
            try:
                process.stdin.write(json.dumps({**order, "parent": os.getpid()}))
                process.stdin.close()
            except BrokenPipeError:
                # It is gone already; how it ended is told below.
                pass
            _watch(process, bounds)
    finally:
        _end(process)
        process.wait()
        listener.join(timeout=5)
    if control.cancelled:
        raise Interrupted("stopped on request")
    _judge(process.returncode, folder)


def _watch(process: subprocess.Popen[str], bounds: Bounds) -> None:
    deadline = time.monotonic() + bounds.seconds if bounds.seconds is not None else None
    while process.poll() is None:
        used = resident_bytes(process.pid) or 0
        if used > bounds.memory_bytes:
            raise FunctionFailed(
                f"the function used {used / 1e6:.0f} MB, and may use {bounds.memory_bytes / 1e6:.0f} MB;"
                " let it take fewer rows at a time, or raise PENSTOCK_WORKER_MEMORY"
            )
        if deadline is not None and time.monotonic() > deadline:
            raise FunctionFailed(
                f"the function ran longer than the node's timeout of {bounds.seconds:g} s; raise timeout, or do less in it"
            )
        time.sleep(_LOOK_S)


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        # Its own session: what it started goes with it.
        os.killpg(process.pid, signal.SIGKILL)


def _listen(stream: IO[str]) -> None:
    """What it prints, as lines of the run's log; of very many, the first."""
    for number, line in enumerate(stream):
        if number < _MOST_LINES and line.strip():
            log.info("%s", line.rstrip())
        elif number == _MOST_LINES:
            log.warning("the function printed more than %d lines; the others are left out", _MOST_LINES)


def _judge(code: int | None, folder: Path) -> None:
    result = folder / "result.json"
    if not result.exists():
        how = f"was ended by {signal.Signals(-code).name}" if code is not None and code < 0 else f"ended the process with exit code {code}"
        raise FunctionFailed(f"the function {how}; it must return a table")
    ended = json.loads(result.read_text())
    if not ended:
        return
    log.error("%s", ended["trace"].rstrip())
    where = f" in line {ended['line']}" if ended["line"] else ""
    said = f": {ended['text']}" if ended["text"] else ""
    raise FunctionFailed(f"the function failed{where}{said} ({ended['error']})" if where else f"the function failed: {ended['error']}")
