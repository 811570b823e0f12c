"""W7: how many webhooks are taken in. POST with HMAC, a durable run, 202, over 32 connections, against a bare Flask app that checks the
same signature, inserts one row and sends one Celery task, behind the same gunicorn with as many processes and threads.

Nobody does the work meanwhile, on either side: the schedulers are paused, and no Celery worker listens. `exactly`: 5,000 deliveries, most
of them sent several times, while the API is killed now and then; there must be just one run for each.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from infra.local import redis
from shared.secrets import signing
from tests.bench import report
from tests.bench.place import penstock
from tests.support.stack import Stack

CONNECTIONS, DELIVERIES, TURNS = 32, 3000, 3
EXACT, SENT_AGAIN, KILLS = 5000, 7500, 3
KEY = "the sender's secret of W7"
RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: w7}
spec:
  parameters: [{name: order, type: integer, required: true}]
  triggers: [{type: webhook, name: orders, secret: "{{credential:w7#key}}", parameters: {order: $.order.id}}]
  nodes:
    - {id: one, type: connector_source, config: {connector: files, path: one.csv}}
    - {id: result, type: connector_sink, config: {connector: files, path: result.csv, writeMode: OVERWRITE}}
  edges: [{from: one, to: result}]
"""
OURS, THEIRS = "/hooks/default/w7/orders", "/hook"


def measure() -> Iterator[str]:
    with penstock(PENSTOCK_HOOK_RATE="0") as stack:
        _prepare(stack)
        with paused(stack), floor(stack) as address:
            for url, path in ((stack.url, OURS), (address, THEIRS)):
                _load(url, path, 200)
            # Turn by turn, so that whatever else the machine does falls on both.
            turns = [(_load(stack.url, OURS, DELIVERIES), _load(address, THEIRS, DELIVERIES)) for _ in range(TURNS)]
        runs = stack.sql("SELECT count(*) FROM runs", database="penstock")[0][0]
        assert runs == TURNS * DELIVERIES + 200, runs
    ours, theirs = ([turn[side] for turn in turns] for side in (0, 1))
    rate = {name: statistics.median(DELIVERIES / seconds for seconds, _ in side) for name, side in (("ours", ours), ("theirs", theirs))}
    yield report.line(
        "W7",
        penstock_s=statistics.median(seconds for seconds, _ in ours),
        baseline_s=statistics.median(seconds for seconds, _ in theirs),
        rows=None,
        peak_bytes=None,
        connections=CONNECTIONS,
        deliveries=DELIVERIES,
        rps=round(rate["ours"], 1),
        baseline_rps=round(rate["theirs"], 1),
        rps_ratio=round(rate["ours"] / rate["theirs"], 3),
        p99_ms=round(1000 * statistics.median(_p99(waits) for _, waits in ours), 1),
        baseline_p99_ms=round(1000 * statistics.median(_p99(waits) for _, waits in theirs), 1),
    )


def exactly() -> Iterator[str]:
    with penstock(PENSTOCK_HOOK_RATE="0") as stack:
        _prepare(stack)
        began = time.perf_counter()
        drawn = random.Random(5000)
        orders = list(range(EXACT)) + [drawn.randrange(EXACT) for _ in range(SENT_AGAIN)]
        drawn.shuffle(orders)
        with paused(stack), ThreadPoolExecutor(CONNECTIONS) as senders:
            done = senders.map(lambda order: _until_taken(stack.url, order), orders)
            answers: dict[int, set[str]] = {}
            for at, (order, run) in enumerate(zip(orders, done, strict=True)):
                answers.setdefault(order, set()).add(run)
                if at and at % (len(orders) // (KILLS + 1)) == 0:
                    stack.kill("api")
            rows = stack.sql("SELECT id::text, (parameters ->> 'order')::int FROM runs", database="penstock")
        by_run = dict(rows)
        right = (
            len(rows) == EXACT
            and set(by_run.values()) == set(range(EXACT))
            and all(len(runs) == 1 and by_run[next(iter(runs))] == order for order, runs in answers.items())
        )
        took = time.perf_counter() - began
    yield report.line(
        "W7-exactly", penstock_s=took, baseline_s=None, rows=None, peak_bytes=None, deliveries=len(orders), runs=len(rows), right=right
    )


def _prepare(stack: Stack) -> None:
    (stack.files / "one.csv").write_text("id\n1\n")
    stack.client.call("PUT", "/credentials/default/w7", body={"key": KEY})
    stack.apply(RECIPE)


def _load(url: str, path: str, deliveries: int) -> tuple[float, list[float]]:
    """Seconds for all of them, and how long each waited for its answer. A connection each, kept open."""
    waits: list[list[float]] = [[] for _ in range(CONNECTIONS)]
    share = [deliveries // CONNECTIONS + (at < deliveries % CONNECTIONS) for at in range(CONNECTIONS)]
    named = f"{path}-{time.time_ns()}"
    ready = threading.Barrier(CONNECTIONS + 1)

    def send(at: int) -> None:
        connection = HTTPConnection(urlsplit(url).netloc, timeout=60)
        connection.connect()
        ready.wait()
        for number in range(share[at]):
            body, headers = _signed(f"{named}-{at}-{number}", number)
            began = time.perf_counter()
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            said = answer.read()
            waits[at].append(time.perf_counter() - began)
            assert answer.status == 202, said

    with ThreadPoolExecutor(CONNECTIONS) as senders:
        sending = [senders.submit(send, at) for at in range(CONNECTIONS)]
        ready.wait()
        began = time.perf_counter()
        for one in sending:
            one.result()
        took = time.perf_counter() - began
    return took, [wait for each in waits for wait in each]


def _signed(identity: str, order: int) -> tuple[bytes, dict[str, str]]:
    body, now = json.dumps({"order": {"id": order}}).encode(), int(time.time())
    signature = signing.sign(KEY, identity, now, body)
    headers = {"webhook-id": identity, "webhook-timestamp": str(now), "webhook-signature": signature, "Content-Type": "application/json"}
    return body, headers


def _until_taken(url: str, order: int) -> str:
    """Sent again until it is answered, as senders do; the run."""
    for _ in range(600):
        body, headers = _signed(f"order-{order}", order)
        with suppress(OSError, HTTPException):
            connection = HTTPConnection(urlsplit(url).netloc, timeout=30)
            connection.request("POST", OURS, body, headers)
            answer = connection.getresponse()
            said = answer.read()
            connection.close()
            if answer.status == 202:
                return str(json.loads(said)["run"])
            assert answer.status >= 500, said
        time.sleep(0.1)
    raise AssertionError(f"order {order} was never taken")


def _p99(waits: list[float]) -> float:
    return statistics.quantiles(waits, n=100)[98]


@contextmanager
def paused(stack: Stack) -> Iterator[None]:
    """Without schedulers."""
    pid = stack.pid("scheduler-1")
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def floor(stack: Stack) -> Iterator[str]:
    """The baseline's address."""
    with psycopg.connect(stack.demo_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE floor (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text UNIQUE, body text)")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    broker = redis.url(stack.home, stack.home.read("ports.json")["redis"]).removesuffix("/0") + "/1"
    place = {**os.environ, "FLOOR_DATABASE_URL": stack.demo_url, "FLOOR_REDIS_URL": broker, "FLOOR_KEY": KEY}
    flags = ["--worker-class", "gthread", "--workers", "1", "--threads", "232", "--bind", f"127.0.0.1:{port}", "--log-level", "warning"]
    command = [sys.executable, "-m", "gunicorn", *flags, "tests.bench.hook_floor:app"]
    with (stack.home.logs / "floor.log").open("w") as log:
        server = subprocess.Popen(command, env=place, cwd=Path(__file__).parents[2], stdout=log, stderr=log)
        try:
            stack.until(lambda: not HTTPConnection("127.0.0.1", port, timeout=1).connect(), 30, "the baseline to listen")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(30)
