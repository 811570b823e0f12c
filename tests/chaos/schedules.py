"""Schedules under faults: schedulers are killed and paused at random while pipelines fire. In the end each fire time has exactly one run.

Fifty pipelines fire each minute, put off by a jitter of up to 50 s, so that one fires about each second; `catchUp: all`, so that each fire
time is to have a run whatever was down. They have slept, too, when it begins, and wake up one after the other. In the short form no run is
worked on (no worker has their label): what is looked at is which runs there are.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from tests.support.kills import Points
from tests.support.stack import SHORT, Stack, running

SCHEDULERS = [f"scheduler-{number}" for number in (1, 2, 3)]
PIPELINES = 50
# Fire times that each has missed when it begins.
SLEPT = timedelta(minutes=10)
RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: NAME}
spec:
  schedule: "* * * * *"
  timezone: UTC
  jitterSeconds: 50
  catchUp: all
  concurrencyPolicy: Allow
  pushDown: {mode: off}
  MORE
  nodes:
    - {id: read, type: connector_source, config: {connector: db, query: "SELECT 1 AS one"}}
    - {id: add, type: connector_sink, config: {connector: db, table: fired, writeMode: INSERT}}
  edges: [{from: read, to: add}]
"""
Say = Callable[..., None]


def run(folder: Path, seed: int, minutes: float, say: Say, *, short: bool) -> int:
    random, points = Random(seed), Points(folder / "armed")
    settings = {
        **SHORT,
        **points.settings,
        "PENSTOCK_SCHEDULERS": str(len(SCHEDULERS)),
        "PENSTOCK_CATCH_UP_PER_MINUTE": "1000",
        **({"PIPELINE_MAX_CONCURRENT_EXECUTIONS": "1"} if short else {}),
    }
    say("begin", seed=seed, minutes=minutes, schedulers=len(SCHEDULERS), pipelines=PIPELINES)
    with running(folder / "home", **settings) as stack:
        stack.connectors()
        stack.sql("CREATE TABLE fired (one integer)")
        more = "worker: nobody" if short else ""
        names = [f"chaos-{number}" for number in range(PIPELINES)]
        for start in range(0, PIPELINES, 10):
            stack.apply("---".join(RECIPE.replace("NAME", name).replace("MORE", more) for name in names[start : start + 10]))
        _sleep(stack, minutes)
        faults = _disturb(stack, points, random, minutes, short, say)
        ended = time.time()
        _settle(stack)
        if not short:
            unfinished = "SELECT 1 FROM runs WHERE finished_at IS NULL AND trigger ->> 'type' = 'schedule' LIMIT 1"
            stack.until(lambda: not _store(stack, unfinished), 600, "the runs to end")
        wrong, figures = _looked(stack, ended, short)
        examined = stack.until(lambda: _doctor(stack), 60, "the doctor to answer")
        wrong += [{"doctor": check} for check in examined["checks"] if check["ok"] is False and check["name"] not in {"room", "clock"}]
    say("summary", seed=seed, faults=sum(faults.values()), byKind=dict(faults), **figures, wrong=wrong[:20])
    return 1 if wrong else 0


def _store(stack: Stack, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    return stack.sql(statement, *values, database="penstock")


def _sleep(stack: Stack, minutes: float) -> None:
    """As if nobody had looked for SLEPT; they are found one after the other during the time that it lasts."""
    _store(
        stack,
        "UPDATE triggers SET handled_to = now() - %s, look_at = now() + random() * %s * interval '50 seconds'",
        SLEPT,
        min(minutes, 1.0),
    )
    _store(stack, "CREATE TABLE began AS SELECT id, handled_to FROM triggers")


def _disturb(stack: Stack, points: Points, random: Random, minutes: float, short: bool, say: Say) -> Counter[str]:
    """A fault about every second while it lasts: killed, paused, or killed or paused in the middle of a transaction that fires."""
    faults: Counter[str] = Counter()
    asleep: list[tuple[float, int]] = []
    until = time.monotonic() + minutes * 60
    try:
        while time.monotonic() < until:
            time.sleep(random.uniform(0.5, 1.5) * (6 if short else 2))
            _wake(asleep, time.monotonic())
            name = random.choice(SCHEDULERS)
            kind = random.choice(["kill", "pause", "pause", "kill at point", "pause at point"])
            told: dict[str, Any] = {"process": name}
            try:
                pid = stack.pid(name)
                if kind == "kill":
                    os.kill(pid, signal.SIGKILL)
                elif kind == "pause":
                    told["seconds"] = round(random.uniform(0.5, 15.0), 1)
                    os.kill(pid, signal.SIGSTOP)
                    asleep.append((time.monotonic() + told["seconds"], pid))
                else:
                    told["point"] = random.choice(["scheduler.firing", "scheduler.fired"])
                    points.arm(told["point"], number="KILL" if kind == "kill at point" else "STOP", only=name)
                    # Should it be met, it is some seconds later.
                    asleep.append((time.monotonic() + 15.0, pid))
            except (OSError, ValueError):
                # It is just being started.
                continue
            faults[kind] += 1
            say("fault", fault=kind, **told)
    finally:
        points.disarm()
        _wake(asleep, float("inf"))
        for name in SCHEDULERS:
            with suppress(OSError, ValueError):
                os.kill(stack.pid(name), signal.SIGCONT)
    return faults


def _wake(asleep: list[tuple[float, int]], now: float) -> None:
    for one in [one for one in asleep if one[0] <= now]:
        asleep.remove(one)
        with suppress(ProcessLookupError):
            os.kill(one[1], signal.SIGCONT)


def _settle(stack: Stack) -> None:
    """Returns once every fire time that is due is dealt with."""
    due = "SELECT 1 FROM triggers t WHERE t.active AND (t.look_at < now() - interval '2 seconds'"
    stack.until(
        lambda: not _store(stack, f"{due} OR EXISTS (SELECT FROM firings f WHERE f.trigger_id = t.id AND f.outcome = 'behind')) LIMIT 1"),
        180,
        "the schedulers to fire all that is due",
    )


def _looked(stack: Stack, ended: float, short: bool) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """What is not as it must be of the fire times, and how many there were."""
    wrong: list[dict[str, Any]] = []
    ran: dict[str, Counter[datetime]] = {}
    # One moment for both.
    for pipeline, handled_to, began, dates in _store(
        stack,
        "SELECT t.pipeline, t.handled_to, b.handled_to,"
        " array(SELECT r.logical_date FROM runs r WHERE r.pipeline = t.pipeline AND r.namespace = t.namespace)"
        " FROM triggers t JOIN began b USING (id)",
    ):
        ran[pipeline] = Counter(dates)
        first = began.replace(second=0, microsecond=0) + timedelta(minutes=1)
        expected = Counter(first + timedelta(minutes=n) for n in range(int((handled_to - first) / timedelta(minutes=1)) + 1))
        if ran[pipeline] != expected:
            lost, doubled = expected - ran[pipeline], ran[pipeline] - expected
            wrong.append({"pipeline": pipeline, "lost": sorted(lost), "doubled": sorted(doubled)})
        if handled_to.timestamp() < ended - 120:
            wrong.append({"pipeline": pipeline, "standing since": handled_to})
    figures: dict[str, Any] = {"fireTimes": sum(counted.total() for counted in ran.values())}
    if not short:
        statuses = dict(_store(stack, "SELECT status, count(*) FROM runs WHERE trigger ->> 'type' = 'schedule' GROUP BY 1"))
        ((rows,),) = stack.sql("SELECT count(*) FROM fired")
        figures |= {"statuses": statuses, "rows": rows}
        if set(statuses) != {"SUCCEEDED"} or rows != statuses["SUCCEEDED"]:
            wrong.append({"statuses": statuses, "rows": rows})
    if len(ran) != PIPELINES:
        wrong.append({"pipelines": len(ran)})
    return wrong, figures


def _doctor(stack: Stack) -> Any:
    """Once nothing is off, or, after a while, with what is."""
    deadline = time.monotonic() + 30
    while True:
        examined = stack.client.call("GET", "/system/doctor")
        if examined["healthy"] or time.monotonic() > deadline:
            return examined
        time.sleep(1)
