"""Named points at which a test ends a process between two steps, as a power cut would.

Nothing happens, and nothing is looked at, unless PENSTOCK_KILL_POINTS names a folder; that variable is for tests and belongs on no machine
with data that anybody wants. A file in the folder arms the point of its name, once: whoever comes there first and can remove the file does
to itself what the file says, in words: a signal (KILL or STOP), whom (`self`, or `parent`: this process and the one that started it), and
perhaps the name of the only process that it is meant for.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from pathlib import Path

FOLDER = "PENSTOCK_KILL_POINTS"
_folder = Path(os.environ[FOLDER]) if os.environ.get(FOLDER) else None
_NAMES = ("PENSTOCK_WORKER_NAME", "PENSTOCK_SCHEDULER_NAME")

# What has happened there, and what has not.
POINTS: Mapping[str, str] = {
    "api.accepting": "the run is inserted, not committed",
    "api.accepted": "the run is committed, the caller has no answer",
    "scheduler.firing": "fire times of a schedule have their runs, not committed",
    "scheduler.fired": "fire times have their runs, nobody was told",
    "scheduler.concluding": "what follows from the ends of runs is written, not committed",
    "scheduler.backfilling": "dates of a backfill have their runs, not committed",
    "scheduler.admitting": "a run is admitted, not committed",
    "scheduler.admitted": "runs are admitted, none is planned",
    "scheduler.surveying": "stages that survey are inserted and released, not committed",
    "scheduler.planning": "the plan is stored and its first stages are released, not committed",
    "scheduler.planned": "surveyed or planned, committed; the first messages are not sent",
    "scheduler.asked": "requests count as sent, and are not",
    "scheduler.recovering": "overdue stages are released again, not committed",
    "scheduler.swept": "overdue stages are released again; their messages are not sent",
    "scheduler.staging_marked": "rows of ended runs say that their staged files are gone, which are there",
    "attempt.taken": "a message was taken from the broker, nothing is claimed",
    "attempt.claiming": "the stage is claimed, not committed",
    "attempt.claimed": "the stage is claimed, no child works on it",
    "attempt.worked": "the child has told its outcome, nothing of it is recorded",
    "attempt.rejects_kept": "rejected rows are in the dead letters, the outcome is not recorded",
    "attempt.recording": "the outcome is recorded and what is ready is released, not committed",
    "attempt.recorded": "the outcome is committed and what is ready is released; the messages are not sent",
    "attempt.sent": "the messages are sent; what the child still says of its work is not heard",
    "attempt.failing": "the failure is recorded, not committed",
    "watch.recording": "what a trigger saw is recorded and has its runs, not committed",
    "watch.recorded": "what a trigger saw has its runs; where it is read from does not know",
    "child.begun": "the child has the job, no session is open",
    "child.worked": "the engine is done, nobody was told",
    "engine.read": "sources are read, nothing is computed",
    "engine.computed": "all is computed, nothing is written or staged",
    "engine.staged": "outputs are staged in whole files that no record names",
    "sink.opened": "the session holds the locks of its targets, nothing is read",
    "sink.batched": "a batch of a long load is committed beside the target, others may follow",
    "sink.written": "rows are on their way into the first target",
    "sink.committing": "all sinks are written, nothing is committed",
    "sink.committed": "committed in the destination, known to nobody else",
    "sink.adopted": "an earlier attempt's outcome was found, nobody was told",
    "postgres.marked": "rows and marker are in one transaction, not committed",
    "dbapi.marked": "rows and marker are in one transaction, not committed",
    "files.drafted": "all files are written beside their targets, no journal stands",
    "files.journalled": "the journal stands, no file is in its place",
    "files.moved": "a file is in its place, others may not be",
    "files.published": "all files are in their places, litter is not swept",
    "objects.uploaded": "all objects are uploaded in parts, no journal stands",
    "objects.journalled": "the journal stands, no upload is completed",
    "objects.completed": "an upload is completed, others may not be",
    "objects.published": "all uploads are completed, the journal does not say so",
    "clickhouse.agreed": "what is to be published is agreed on, nothing is",
    "clickhouse.published": "rows are published, the journal does not say so",
}


def kill_point(name: str) -> None:
    """A name of POINTS."""
    if _folder is not None:
        _meet(_folder / name)


def _meet(armed: Path) -> None:
    try:
        number, whom, *only = armed.read_text().split()
        if only and only[0] not in {os.environ.get(variable) for variable in _NAMES}:
            return
        armed.unlink()
    except FileNotFoundError:
        # Not armed, or another process was first.
        return
    if whom == "parent":
        os.kill(os.getppid(), signal.Signals[f"SIG{number}"])
    os.kill(os.getpid(), signal.Signals[f"SIG{number}"])
