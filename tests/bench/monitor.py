"""monitor: what the Monitor asks of the API, and what an operator does, with 100,000 runs and 1,000,000 nodes in the store.

A line for each call: p50, p95 and the most in milliseconds, over HTTP, of CALLS turns one after another; then the first page of runs in a
real browser, retention, the doctor, and what a look of the scheduler's costs. RUNS and CALLS in the environment take other sizes.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from services.api.cursors import cursor
from services.api.monitor import FOLDER
from shared.store import doctor, partitions, runs, stages
from shared.store.database import Database
from tests.bench import history, report
from tests.bench.history import Size
from tests.bench.place import penstock
from tests.support.stack import Stack

CALLS = int(os.environ.get("CALLS", "50"))
CHROMIUM = Path("/usr/bin/chromium")


@dataclass(frozen=True)
class Case:
    """`who`: a token of everything, or of these namespaces. `turns`: None: CALLS."""

    name: str
    path: str
    query: dict[str, Any] = field(default_factory=dict)
    who: tuple[str, ...] = ()
    method: str = "GET"
    turns: int | None = None


def measure() -> Iterator[str]:
    size = Size() if "RUNS" not in os.environ else Size(n := int(os.environ["RUNS"]), 5 * n, n)
    with penstock() as stack:
        began = time.perf_counter()
        ids = history.fill(stack, size)
        yield report.line("monitor-fill", penstock_s=time.perf_counter() - began, baseline_s=None, rows=size.runs, peak_bytes=None)
        yield from calls(stack, ids)
        yield from browser(stack)
        yield from upkeep(stack)


def cases(stack: Stack, ids: dict[str, str]) -> list[Case]:
    """All that the pages ask, each filter of the runs alone and with others, what is rare, what is far down, and who sees little."""
    ((deep,), (newest,)) = (
        stack.sql(f"SELECT id::text FROM runs WHERE status = 'SUCCEEDED' ORDER BY id DESC OFFSET {offset} LIMIT 1", database="penstock")[0]
        for offset in (int(0.9 * _count(stack, "runs")), 5)
    )
    at = datetime.now(UTC) - timedelta(days=200)
    day = {"from": at.isoformat(), "to": (at + timedelta(days=1)).isoformat()}
    found = []
    filters: dict[str, dict[str, Any]] = {
        "all": {},
        "namespace": {"namespace": "finance"},
        "small namespace": {"namespace": "attic"},
        "no such namespace": {"namespace": "nowhere"},
        "pipeline": {"namespace": "default", "pipeline": "p000"},
        "pipeline in any namespace": {"pipeline": "p149"},
        "no such pipeline": {"pipeline": "nobody"},
        "succeeded": {"status": "SUCCEEDED"},
        "failed": {"status": "FAILED"},
        "running": {"status": "RUNNING,QUEUED"},
        "skipped or timed out": {"status": "SKIPPED,TIMED_OUT"},
        "trigger": {"trigger": "schedule"},
        "rare trigger": {"trigger": "file"},
        "no such trigger": {"trigger": "kafka"},
        "label": {"label": "team:core"},
        "labels": {"label": "team:shop,batch:1"},
        "rare label": {"label": "audited:yes"},
        "no such label": {"label": "team:nobody"},
        "a day": day,
        "until long ago": {"to": (at - timedelta(days=140)).isoformat()},
        "namespace and status": {"namespace": "lab", "status": "FAILED"},
        "namespace and a status it has not": {"namespace": "attic", "status": "TIMED_OUT"},
        "namespace and a trigger it has not": {"namespace": "finance", "trigger": "webhook"},
        "namespace, trigger and status": {"namespace": "lab", "trigger": "webhook", "status": "CANCELLED,TIMED_OUT"},
        "large pipeline and a status it has not": {"namespace": "default", "pipeline": "p000", "status": "SKIPPED"},
        "large pipeline and a trigger it has not": {"namespace": "default", "pipeline": "p000", "trigger": "webhook"},
        "large pipeline and a rare label": {"namespace": "default", "pipeline": "p000", "label": "batch:201"},
        "status and trigger": {"status": "SUCCEEDED", "trigger": "file"},
        "status and label": {"status": "TIMED_OUT", "label": "team:core"},
        "trigger and label": {"trigger": "schedule", "label": "audited:yes"},
        "label and a day": {"label": "team:core", **day},
        "status and a day": {"status": "FAILED", **day},
        "all together": {
            "namespace": "default", "pipeline": "p000", "status": "FAILED", "trigger": "schedule", "label": "team:core", **day,
        },
        "far down": {"cursor": cursor(deep)},
        "failed, far down": {"status": "FAILED", "cursor": cursor(deep)},
        "namespace, far down": {"namespace": "lab", "cursor": cursor(deep)},
    }  # fmt: skip
    for name, query in filters.items():
        found.append(Case(f"runs, {name}", "/runs", {**query, "limit": 50}))
    found.append(Case("runs, 500", "/runs", {"limit": 500}))
    for who in (("attic",), ("attic", "lab"), ("nowhere",), ("default", "finance", "lab")):
        for name in ("all", "failed", "no such trigger", "rare trigger", "rare label", "labels", "no such pipeline", "far down", "a day"):
            found.append(Case(f"runs, {name}, seen by {'+'.join(who)}", "/runs", {**filters[name], "limit": 50}, who))
    for name in ("good", "rejecting", "failed", "large"):
        run = f"/runs/{ids[name]}"
        found += [Case(f"{name} run", run), Case(f"{name} run, graph", f"{run}/graph"), Case(f"{name} run, attempts", f"{run}/attempts")]
        found += [Case(f"{name} run, ledger", f"{run}/ledger"), Case(f"{name} run, node", f"{run}/nodes/check")]
        found += [Case(f"{name} run, {what}", f"{run}/{what}", {"follow": "false"}) for what in ("events", "logs")]
    found += [
        Case("old run", f"/runs/{deep}"),
        Case("diff", f"/runs/{newest}/diff"),
        Case("diagnosis", f"/runs/{ids['failed']}/diagnose", method="POST"),
    ]
    large = {"run": ids["large"]}
    ((letter, middle),) = stack.sql(
        "SELECT id::text, coalesce(position, 0) FROM dead_letters WHERE run_id = %s ORDER BY position DESC NULLS LAST LIMIT 1",
        ids["large"],
        database="penstock",
    )
    letters: dict[str, dict[str, Any]] = {
        "all": {},
        "of a run": large,
        "of a run, far down": {**large, "cursor": cursor(ids["large"], "1", "orders", str(middle // 2), letter)},
        "of a run, state": {**large, "state": "waived"},
        "of a run, a state it has not": {**large, "state": "fixed"},
        "of a run, text": {**large, "contains": "no such text"},
        "of a run without any": {"run": ids["good"]},
        "of a namespace": {"namespace": "lab"},
        "of a small namespace": {"namespace": "attic"},
        "of a pipeline": {"namespace": "default", "pipeline": "p000"},
        "of a pipeline without any": {"namespace": "attic", "pipeline": "p000"},
        "of a node": {"node": "check"},
        "of no such node": {"node": "nobody"},
        "of a rule": {"rule": "positive"},
        "of no such rule": {"rule": "nobody"},
        "of a kind": {"kind": "quality"},
        "of a kind that is not there": {"kind": "sink"},
        "open": {"state": "open"},
        "fixed": {"state": "fixed"},
        "with a text": {"contains": "positive"},
        "with no such text": {"contains": "no such text"},
    }
    found += [Case(f"dead letters, {name}", "/dead-letters", {**query, "limit": 50}) for name, query in letters.items()]
    found += [
        Case(f"dead letters, {name}, seen by attic", "/dead-letters", letters[name], ("attic",)) for name in ("all", "open", "of a node")
    ]
    found += [Case("dead letter", f"/dead-letters/{letter}")]
    found += [
        # No page asks it: all of them are counted.
        Case(f"dead letters counted, {name}", "/dead-letters/summary", letters[name], turns=5)
        for name in ("all", "of a run", "of a namespace", "of a small namespace", "of a pipeline", "open", "of no such node")
    ]
    ((namespace, dataset),) = stack.sql("SELECT namespace, dataset FROM quality_scores LIMIT 1", database="penstock")
    found += [
        Case("pipelines", "/pipelines", {"limit": 100}),
        Case("pipelines, 500", "/pipelines", {"limit": 500}),
        Case("pipelines, seen by attic", "/pipelines", {"limit": 100}, ("attic",)),
        Case("pipelines, second page", "/pipelines", {"limit": 100, "cursor": cursor("default", "p099")}),
        Case("pipeline", "/pipelines/default/p000"),
        Case("versions", "/pipelines/default/p000/versions", {"limit": 100}),
        Case("next", "/pipelines/default/p000/next", {"count": 20}),
        Case("triggers", "/pipelines/default/p000/triggers"),
        Case("firings", "/pipelines/default/p000/triggers/schedule/firings"),
        Case("firings, skipped", "/pipelines/default/p000/triggers/schedule/firings", {"outcome": "skipped"}),
        Case("firings, refused", "/pipelines/default/p000/triggers/schedule/firings", {"outcome": "refused"}),
        Case("deliveries", "/pipelines/default/p001/triggers/orders/deliveries"),
        Case("deliveries, rejected", "/pipelines/default/p001/triggers/orders/deliveries", {"outcome": "rejected"}),
        Case("deliveries, parked", "/pipelines/default/p001/triggers/orders/deliveries", {"outcome": "parked"}),
        Case("lineage", "/pipelines/default/p000/lineage"),
        Case("quality", "/quality", {"limit": 100}),
        Case("quality, seen by attic", "/quality", {"limit": 100}, ("attic",)),
        Case("quality of a dataset", f"/quality/{namespace}/{dataset}"),
        Case("breakers", "/circuit-breakers", {"limit": 500}),
        Case("system", "/system"),
        Case("metrics", "/metrics"),
        Case("audit", "/audit"),
        Case("audit of a namespace", "/audit", {"namespace": "lab"}),
        Case("audit of a token", "/audit", {"token": "ci"}),
        Case("audit of no such token", "/audit", {"token": "nobody"}),
        Case("audit of no such object", "/audit", {"object": "nobody"}),
        Case("audit of no such action", "/audit", {"action": "nobody"}),
        Case("audit of no such request", "/audit", {"request": "nobody"}),
        Case("audit, failed", "/audit", {"outcome": "failed"}),
        Case("audit of a namespace, failed", "/audit", {"namespace": "lab", "outcome": "failed"}),
        Case("notifications", "/notifications"),
        Case("notifications, failed", "/notifications", {"state": "failed"}),
        Case("notifications, of a run", "/notifications", {"run": ids["good"]}),
        Case("notifications, of no such event", "/notifications", {"event": "late"}),
        Case("notifications, of no such pipeline", "/notifications", {"pipeline": "nobody"}),
        Case("backfills", "/backfills"),
    ]
    return found


def _count(stack: Stack, table: str) -> int:
    return int(stack.sql(f"SELECT count(*) FROM {table}", database="penstock")[0][0])


def calls(stack: Stack, ids: dict[str, str], chosen: str = "") -> Iterator[str]:
    clients = {(): _http(stack, stack.home.api_token.read_text().strip())}
    for case in cases(stack, ids):
        if chosen not in case.name:
            continue
        if case.who not in clients:
            made = stack.client.call("POST", "/tokens", body={"name": "+".join(case.who), "role": "viewer", "namespaces": list(case.who)})
            clients[case.who] = _http(stack, made["token"])
        took, status, found = _timed(clients[case.who], case)
        yield json.dumps({
            "name": f"monitor: {case.name}", "status": status, "found": found, **_spread(took), "commit": report.commit(),
        })  # fmt: skip


def _http(stack: Stack, token: str) -> httpx.Client:
    return httpx.Client(base_url=stack.url, headers={"Authorization": f"Bearer {token}"}, timeout=60)


def _timed(http: httpx.Client, case: Case) -> tuple[list[float], int, int | None]:
    took = []
    address = case.path if case.path == "/metrics" else f"/api/v1{case.path}"
    for _ in range(case.turns or CALLS):
        began = time.perf_counter()
        reply = http.request(case.method, address, params=case.query)
        took.append(time.perf_counter() - began)
    said = reply.json() if reply.headers["content-type"] == "application/json" else {}
    return took, reply.status_code, len(said["items"]) if "items" in said else None


def _spread(took: list[float]) -> dict[str, float]:
    ordered = sorted(took)
    return {
        "p50_ms": round(1000 * statistics.median(ordered), 1),
        "p95_ms": round(1000 * ordered[math.ceil(0.95 * len(ordered)) - 1], 1),
        "max_ms": round(1000 * ordered[-1], 1),
    }


def browser(stack: Stack) -> Iterator[str]:
    """From the address to the rows on the screen: the first time, with nothing kept, and again."""
    ui = FOLDER.parent
    if shutil.which("node") is None or not (FOLDER / "index.html").is_file() or not CHROMIUM.exists():
        yield json.dumps({"name": "monitor: in a browser", "skipped": "no Chromium here, or the pages are not built (make monitor)"})
        return
    given = {"URL": stack.url, "TOKEN": stack.home.api_token.read_text().strip(), "CHROMIUM": str(CHROMIUM)}
    done = subprocess.run(
        ["node", "walk/first_page.mjs"], cwd=ui, env={**os.environ, **given}, capture_output=True, text=True, timeout=120, check=True
    )
    yield json.dumps({"name": "monitor: in a browser", **json.loads(done.stdout), "commit": report.commit()})


def upkeep(stack: Stack) -> Iterator[str]:
    """What services do now and then, by their own functions."""
    database = Database(stack.database_url("penstock"), name="bench", size=2)
    try:
        yield from _upkeep(database)
    finally:
        database.close()


def _upkeep(database: Database) -> Iterator[str]:
    now = datetime.now(UTC)

    def each(name: str, work: Callable[[Any], object], turns: int = 5) -> str:
        took = []
        for _ in range(turns):
            began = time.perf_counter()
            with database.transaction() as tx:
                work(tx)
            took.append(time.perf_counter() - began)
        return json.dumps({"name": f"monitor: {name}", **_spread(took), "commit": report.commit()})

    keep = partitions.Keep(timedelta(days=300), timedelta(days=60))
    grace = timedelta(seconds=5)
    yield each("what the sweep looks for", lambda tx: (stages.overdue(tx, grace, 60 * grace), runs.overdue(tx), stages.idle_runs(tx)))
    yield each("what admission looks for", lambda tx: (runs.any_queued(tx), runs.running(tx), runs.queued(tx, each=10, limit=1000)))
    yield each("partitions made", lambda tx: partitions.ensure(tx, now))
    yield each("what is expired", lambda tx: partitions.expired(tx, now, keep))
    yield each("doctor, a day", lambda tx: doctor.examine(tx, now - timedelta(days=1)))
    yield each("doctor, all of it", lambda tx: doctor.examine(tx, datetime(2000, 1, 1, tzinfo=UTC)), turns=1)
    with database.transaction() as tx:
        over = partitions.expired(tx, now, keep)
    took = []
    for names in over:
        began = time.perf_counter()
        with database.transaction() as tx:
            partitions.drop(tx, names)
        took.append(time.perf_counter() - began)
    if took:
        yield json.dumps({"name": "monitor: a month dropped", "months": len(took), **_spread(took), "commit": report.commit()})
