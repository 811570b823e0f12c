"""What the children of these tests run instead of an engine: each stage's program says what to do."""

from __future__ import annotations

import errno
import logging
import os
import signal
import time
from pathlib import Path

from shared.engines.control import Control
from shared.engines.duckdb.connection import connected
from shared.engines.work import Job, Outcome
from shared.errors import DataError, UnavailableError


class Busy(UnavailableError):
    code = "busy"
    retry_on = "connection"


def _cannot() -> None:
    raise ValueError("already closed")


def run(job: Job, control: Control) -> Outcome:
    do = job.program.get("do", "answer")
    if do == "progress":
        control.progress({"node": 7})
        logging.getLogger("engine").info("read %s", job.program.get("text", ""))
    elif do == "wait":
        stop: list[bool] = []
        with control.stopped_by(lambda: stop.append(True)):
            deadline = time.monotonic() + job.program.get("seconds", 30)
            until = Path(job.program.get("until", "/nowhere"))
            while not stop and time.monotonic() < deadline and not until.exists():
                time.sleep(0.005)
        if stop:
            raise DataError("interrupted")
        if job.program.get("fails"):
            raise ValueError("not thought of")
    elif do == "wait deaf":
        with control.stopped_by(_cannot), control.stopped_by(_cannot):
            deadline = time.monotonic() + 30
            while not control.cancelled and time.monotonic() < deadline:
                time.sleep(0.005)
    elif do == "hang":
        while True:
            time.sleep(1)
    elif do == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    elif do == "exit":
        os._exit(3)
    elif do == "die once":
        if job.epoch == 1:
            os.kill(os.getpid(), signal.SIGKILL)
    elif do == "eat":
        eaten = bytearray(job.program["bytes"])
        time.sleep(job.program.get("seconds", 0))
        return Outcome(job.epoch, figures={"node": {"rowsOut": len(eaten)}})
    elif do == "fill":
        (Path(job.limits.scratch) / "deep").mkdir(exist_ok=True)
        (Path(job.limits.scratch) / "deep" / "filled").write_bytes(b"x" * job.program["bytes"])
        time.sleep(job.program.get("seconds", 0))
    elif do == "spill":
        with connected(job.limits) as connection:
            connection.execute(
                "CREATE TEMPORARY TABLE t AS SELECT hash(i) AS a, hash(i + 1) AS b FROM range(60_000_000) AS r (i) ORDER BY a"
            )
    elif do == "no room":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/scratch/spilled")
    elif do == "fail":
        raise Busy(job.program.get("text", "the far side is busy"), node="node")
    elif do == "bug":
        raise ValueError("not thought of " + job.program.get("text", ""))
    return Outcome(job.epoch, figures={"node": {"rowsOut": 1, "pid": os.getpid()}})
