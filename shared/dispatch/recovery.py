"""The sweep: finds what is released but not started, leased but not alive, past its retry time, past its limit, or ready but
never released.

One operation, the next epoch, serves a killed worker, a flushed Redis, a long retry wait and a restart of everything. Run by the
scheduler's leader; running it twice does no harm.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import groupby
from typing import Any

from shared.dispatch.advance import advance, release, startable
from shared.dispatch.in_turn import in_turn
from shared.dispatch.results import cancel_run, lose_stage
from shared.kill_points import kill_point
from shared.messages import StageMessage
from shared.runs.states import RunStatus, StageStatus
from shared.store import metric_totals, runs, stages
from shared.store.database import Database, Tx
from shared.store.runs import LockedRun

# Released this many graces ago and still not started, whatever the queue says: sent again in any case.
PATIENCE = 60


def sweep(database: Database, *, grace: timedelta, queue_is_empty: Callable[[str], bool]) -> list[StageMessage]:
    """One pass over everything that is overdue; each run in a transaction of its own, those whose rows somebody holds left to the next
    pass. Returns what to send.

    `queue_is_empty(queue)`: no message waits in that queue; a stage that is RELEASED for longer than `grace` while its queue is
    empty has lost its message, while in a long queue it just waits its turn.
    """
    with database.transaction() as tx:
        overdue = stages.overdue(tx, grace, grace * PATIENCE)
        late = runs.overdue(tx)
        idle = stages.idle_runs(tx)
    empty = {queue: queue_is_empty(queue) for queue in {row["queue"] for row in overdue if row["why"] == "release"}}
    lost_messages = [row for row in overdue if row["why"] != "release" or empty[row["queue"]]]
    messages: list[StageMessage] = []
    for run_id, rows in groupby(lost_messages, key=lambda row: str(row["run"])):
        with in_turn(database, run_id) as tx:
            messages += _recover(tx, run_id, list(rows))
    for run_id in late:
        with in_turn(database, run_id) as tx:
            if (run := runs.lock(tx, run_id, wait=False)) is not None:
                cancel_run(tx, run, "timed_out")
                runs.save(tx, run)
    for run_id in idle:
        with in_turn(database, run_id) as tx:
            if (run := runs.lock(tx, run_id, wait=False)) is not None:
                released = advance(tx, run)
                runs.save(tx, run)
                messages += released
    return messages


def _recover(tx: Tx, run_id: str, overdue: list[dict[str, Any]]) -> list[StageMessage]:
    run = runs.lock(tx, run_id, wait=False)
    if run is None or run.status is not RunStatus.RUNNING:
        return []
    # Looked at again under the lock: between the look and the lock a worker may have claimed or finished it.
    still = {(row["stage"], row["epoch"]) for row in stages.overdue(tx, timedelta(0), timedelta(0), run_id)}
    why = {row["stage"] for row in overdue if (row["stage"], row["epoch"]) in still}
    rows = stages.of_run(tx, run_id)
    messages: list[StageMessage] = []
    expired = [row for row in rows if row.stage in why and row.status is StageStatus.RUNNING]
    for row in expired:
        messages += lose_stage(tx, run, row.stage, row.epoch, "its worker no longer renews the lease")
    if run.cancel_reason is None:
        messages += release(tx, run, [row.stage for row in rows if row.stage in why and row.status is StageStatus.RELEASED])
        retries = [row for row in rows if row.stage in why and row.status is StageStatus.RETRYING]
        messages += release(tx, run, [row.stage for row in startable(tx, run, rows, retries)])
    _say_released(run, messages)
    runs.save(tx, run)
    if expired:
        metric_totals.add(tx, metric_totals.LEASES, len(expired))
    if messages:
        kill_point("scheduler.recovering")
    return messages


def _say_released(run: LockedRun, messages: list[StageMessage]) -> None:
    for message in messages:
        run.say("stage.released", stage=message.stage, epoch=message.epoch)
