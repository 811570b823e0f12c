"""schedules: 10,000 scheduled pipelines, of which 500 are due in one minute. How late is each started, and what does the scheduler cost?

Started: its run is there, QUEUED, and is admitted as the limits allow. Late: by how much that was after its fire time with the jitter. Two
minutes: one in which jitter spreads the 500, one in which all of them are due in its first second. One scheduler and one worker, which
works on as many of the runs as it can; the scheduler's CPU is that of its whole process, admission and planning included.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psutil

from shared.pipelines.model import Starts, TriggerDefinition
from shared.store import resources, triggers
from shared.store.database import Database
from shared.triggers.due import jitter
from tests.bench import report
from tests.bench.place import penstock
from tests.support.stack import Stack

PIPELINES = 10_000
DUE = 500
# Before the first of the two minutes.
LEAD = timedelta(minutes=2)
RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: NAME}
spec:
  schedule: "SCHEDULE"
  timezone: UTC
  jitterSeconds: JITTER
  nodes:
    - {id: read, type: connector_source, config: {connector: db, query: "SELECT 1 AS one"}}
    - {id: add, type: connector_sink, config: {connector: db, table: fired, writeMode: INSERT}}
  edges: [{from: read, to: add}]
"""


def measure(pipelines: int = PIPELINES, due: int = DUE) -> Iterator[str]:
    with penstock() as stack:
        stack.sql("CREATE TABLE fired (one integer)")
        began = time.perf_counter()
        _save(stack, pipelines, due)
        saved_s = time.perf_counter() - began
        first = (datetime.now(UTC) + LEAD).replace(second=0, microsecond=0)
        _schedule(stack, first, due)
        scheduler = psutil.Process(stack.pid("scheduler-1"))
        for number, name in enumerate(("schedules jittered", "schedules at once")):
            minute = first + timedelta(minutes=number)
            _until(minute - timedelta(seconds=1))
            before = scheduler.cpu_times()
            _until(minute + timedelta(seconds=59))
            after = scheduler.cpu_times()
            lags = _lags(stack, minute)
            yield report.line(
                name,
                penstock_s=None,
                baseline_s=None,
                rows=len(lags),
                peak_bytes=scheduler.memory_info().rss,
                pipelines=pipelines,
                due=due,
                p50_s=round(statistics.median(lags), 3) if lags else None,
                p99_s=round(sorted(lags)[int(len(lags) * 0.99)], 3) if lags else None,
                most_s=round(max(lags), 3) if lags else None,
                scheduler_cpu=round((after.user + after.system - before.user - before.system) / 60, 3),
                saved_s=round(saved_s, 1),
            )


def _save(stack: Stack, pipelines: int, due: int) -> None:
    """As the API would, without its checks and commits: 10,000 calls would take a quarter of an hour. The schedules are set later."""
    database = Database(stack.database_url("penstock"), name="bench", size=1)
    for start in range(0, pipelines, 500):
        with database.transaction() as tx:
            for number in range(start, min(start + 500, pipelines)):
                name = f"scheduled-{number}"
                seconds = 50 if number < due else 0
                text = RECIPE.replace("NAME", name).replace("JITTER", str(seconds)).replace("SCHEDULE", "0 0 1 1 *")
                resources.save(
                    tx, kind="Pipeline", namespace="default", name=name, text=text, valid=True, problems=[], author="bench", message=""
                )  # fmt: skip
                config = {"schedule": "0 0 1 1 *", "timezone": "UTC", "catchUp": "last", "jitterSeconds": seconds, "calendar": None}
                triggers.sync(tx, "default", name, 1, Starts(True, (TriggerDefinition("schedule", "schedule", config),)))
            # Else the leader makes ten thousand commits beside what is measured.
            tx.execute("UPDATE resource_versions SET git_commit_sha = 'none' WHERE git_commit_sha IS NULL")
    database.close()


def _schedule(stack: Stack, first: datetime, due: int) -> None:
    """Pipelines in their order, so many for each minute from the first one on."""
    stack.sql(
        """
        UPDATE triggers SET look_at = now(), config = config || jsonb_build_object('schedule', to_char(
                   (%s::timestamptz + substr(pipeline, 11)::integer / %s * interval '1 minute') AT TIME ZONE 'UTC', 'FMMI FMHH24 * * *'))
         WHERE pipeline LIKE 'scheduled-%%'
        """,
        first,
        due,
        database="penstock",
    )


def _until(moment: datetime) -> None:
    time.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds()))


def _lags(stack: Stack, minute: datetime) -> list[float]:
    """In seconds, of the runs of one fire time."""
    found = stack.sql(
        """
        SELECT t.id::text, (t.config ->> 'jitterSeconds')::float, r.logical_date, r.created_at
          FROM runs r JOIN firings f ON f.run_id = r.id JOIN triggers t ON t.id = f.trigger_id WHERE r.logical_date = %s
        """,
        minute,
        database="penstock",
    )
    day = timedelta(days=1)
    return [(created - fire - jitter(trigger, seconds)(fire, fire + day)).total_seconds() for trigger, seconds, fire, created in found]
