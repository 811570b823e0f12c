"""A worker's hold on a stage: taken by compare-and-set, kept by a lease, given up when the run is cancelled or the lease was lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from shared.breakers import Change
from shared.datasets import Dataset
from shared.engines.program import FORMATS
from shared.messages import StageMessage, UnknownVersion
from shared.process import traces
from shared.runs.states import RunStatus
from shared.store import datasets, nodes, runs, stages
from shared.store.database import Tx
from shared.store.runs import LockedRun


class Hold(Enum):
    OURS = "ours"
    LOST = "lost"
    CANCEL = "cancel"


Key = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Claim:
    """One attempt that this process holds.

    `inputs`: committed datasets by "stage:port". `server_started_at`: of the store, when it was claimed. `at`: when that was, and `spent`:
    since the first attempt at the stage began, both by the store's clock. `limited`: others may wait for the connections that it holds.
    `request_id`: of the call that made the run. `traceparent`: the span of this attempt, `run_span`:
    the one around it; None: nobody traces it.
    """

    namespace: str
    pipeline: str
    run: str
    stage: int
    epoch: int
    kind: str
    nodes: tuple[str, ...]
    program: dict[str, Any]
    inputs: dict[str, Dataset]
    policy: dict[str, Any]
    rerun: int
    retries: int
    server_started_at: datetime
    at: datetime
    spent: timedelta = timedelta(0)
    limited: bool = False
    request_id: str | None = None
    traceparent: str | None = None
    run_span: str | None = None

    @property
    def key(self) -> Key:
        return (self.run, self.stage, self.epoch)


def claim(tx: Tx, message: StageMessage, *, worker: str, boot: str, lease: timedelta) -> Claim | None:
    """Takes the stage if this epoch of it is still to be had; None for every stale or doubled message.

    Raises UnknownVersion, and the transaction must not be committed, for a stage whose plan only a newer release can read.
    """
    run = runs.lock(tx, message.run)
    if run is None or run.status is not RunStatus.RUNNING or run.cancel_reason is not None:
        return None
    row = stages.claim(tx, run.id, message.stage, message.epoch, worker=worker, boot=boot, lease=lease)
    if row is None:
        return None
    taken = _begun(tx, run, row, worker)
    runs.save(tx, run)
    return taken


def claim_next(tx: Tx, run: LockedRun, queues: Sequence[str], *, worker: str, boot: str, lease: timedelta) -> Claim | None:
    """The first stage in plan order that a worker of those queues can have, for whoever holds the run's row. Does not `save`.

    Raises UnknownVersion as `claim` does.
    """
    if run.status is not RunStatus.RUNNING or run.cancel_reason is not None:
        return None
    row = stages.claim_first(tx, run.id, queues, worker=worker, boot=boot, lease=lease)
    return _begun(tx, run, row, worker) if row is not None else None


def _begun(tx: Tx, run: LockedRun, row: Mapping[str, Any], worker: str) -> Claim:
    # What is no program at all is claimed like any other, and fails where it is read.
    program = row["program"] if isinstance(row["program"], dict) else {}
    if isinstance(found := program.get("format", 1), int) and found not in FORMATS:
        raise UnknownVersion(f"the plan of stage {row['stage']} has format {found}, of a newer release", "plan", found)
    if row["kind"] == "work":
        nodes.set_status(tx, run.id, row["nodes"], "RUNNING")
        for node in row["nodes"]:
            run.say("node.status", node=node, stage=row["stage"], epoch=row["epoch"], status="RUNNING", worker=worker)
    return Claim(
        namespace=run.namespace,
        pipeline=run.pipeline,
        run=run.id,
        stage=row["stage"],
        epoch=row["epoch"],
        kind=row["kind"],
        nodes=tuple(row["nodes"]),
        program=program,
        inputs=datasets.by_port(row["staged"]),
        policy=row["policy"],
        rerun=row["rerun"],
        retries=row["retries"],
        server_started_at=row["server_started_at"],
        at=row["at"],
        spent=row["spent"],
        limited=row["limited"],
        request_id=run.request_id,
        traceparent=traces.of_attempt(run.id, run.traceparent, row["stage"], row["epoch"]),
        run_span=traces.of_run(run.id, run.traceparent),
    )


def too_late(tx: Tx, message: StageMessage) -> bool:
    """Another has that epoch of the stage, or had it. This waits for nobody, as taking the run's row would."""
    return not stages.is_released(tx, message.run, message.stage, message.epoch)


def renew(tx: Tx, held: Sequence[Key], lease: timedelta) -> dict[Key, Hold]:
    """Prolongs the leases of all of a process's attempts in one statement and tells what became of each."""
    if not held:
        return {}
    reasons = stages.renew(tx, held, lease)
    return {key: Hold.LOST if key not in reasons else Hold.CANCEL if reasons[key] else Hold.OURS for key in held}


def report_progress(tx: Tx, claim: Claim, rows: Mapping[str, int]) -> None:
    """Rows done so far by each node of a running stage, as events."""
    run = runs.lock(tx, claim.run)
    if run is None or run.status is not RunStatus.RUNNING or not stages.is_held(tx, *claim.key):
        return
    for node, count in rows.items():
        run.say("node.progress", node=node, stage=claim.stage, epoch=claim.epoch, rows=count)
    runs.save(tx, run)


def report_breaker(tx: Tx, claim: Claim, change: Change | None, message: str) -> None:
    """What an attempt did to a connector's breaker, as an event of its run; `change` None: that no breaker can be asked."""
    run = runs.lock(tx, claim.run)
    if run is None or run.status is not RunStatus.RUNNING:
        return
    told = {"connector": change.connector, "before": change.before, "after": change.after} if change is not None else {"after": None}
    run.say("breaker.changed", stage=claim.stage, epoch=claim.epoch, message=message, **told)
    runs.save(tx, run)


def wake(tx: Tx, connector: str) -> int:
    """Stages that wait for that connector's breaker need not wait any longer; returns how many. The sweep releases them."""
    return stages.wake(tx, connector)


def expire_predecessor(tx: Tx, worker: str, boot: str) -> int:
    """A process that starts under a name ends the leases its dead predecessor held; returns how many.

    The fence makes a mistake here harmless.
    """
    return stages.expire_leases(tx, worker, boot)
