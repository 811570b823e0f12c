"""Incidents reach Sentry with the run and the stage they belong to; people's mistakes do not. On a server that speaks its protocol."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

SERVICE = """
import sentry_sdk
from shared.errors import ConfigurationError
from shared.process import prepare
from shared.process.start import context
import logging

prepare("worker", holds_rows=HOLDS_ROWS)
log = logging.getLogger("it")
with context(run="run-1", stage=3, epoch=2):
    try:
        password = "hunter-2"
        raise RuntimeError("the engine broke")
    except RuntimeError:
        log.exception("an incident")
    try:
        raise ConfigurationError("the table is not there")
    except ConfigurationError:
        log.exception("a mistake")
    log.error("stage 3 failed: 'Ann' is no number")
sentry_sdk.flush(5)
"""

CALL = """
import sentry_sdk
from flask import Flask
from shared.process import prepare

prepare("api")
app = Flask("it")


@app.post("/in")
def take():
    raise RuntimeError("the call broke")


app.test_client().post("/in?token=hunter-2", json={"text": "hunter-3"}, headers={"Authorization": "hunter-4", "Cookie": "a=hunter-5"})
sentry_sdk.flush(5)
"""


@pytest.fixture
def sentry() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    events: list[dict[str, Any]] = []

    class Intake(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            lines = [json.loads(line) for line in body.splitlines() if line]
            events.extend(line for line in lines if "exception" in line or "logentry" in line)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Intake)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://key@127.0.0.1:{server.server_port}/1", events
    server.shutdown()
    server.server_close()


def run(dsn: str, *, holds_rows: bool) -> None:
    service = SERVICE.replace("HOLDS_ROWS", str(holds_rows))
    subprocess.run([sys.executable, "-c", service], env={"SENTRY_DSN": dsn, "PATH": ""}, check=True, timeout=60, capture_output=True)


def test_of_a_call_its_address_is_told_and_nothing_that_it_brought(sentry: tuple[str, list[dict[str, Any]]]) -> None:
    dsn, events = sentry
    subprocess.run([sys.executable, "-c", CALL], env={"SENTRY_DSN": dsn, "PATH": ""}, check=True, timeout=60, capture_output=True)
    (event,) = events
    assert event["request"] == {"method": "POST", "url": "http://localhost/in"}
    assert "hunter" not in json.dumps(event)


def test_where_rows_are_what_an_exception_says_is_not_told(sentry: tuple[str, list[dict[str, Any]]]) -> None:
    dsn, events = sentry
    run(dsn, holds_rows=True)
    (event,) = events
    assert event["exception"]["values"][-1]["type"] == "RuntimeError"
    assert "the engine broke" not in json.dumps([event["exception"]["values"][-1]["value"], event.get("extra"), event.get("breadcrumbs")])


def test_an_incident_is_told_with_its_run_and_a_mistake_is_not(sentry: tuple[str, list[dict[str, Any]]]) -> None:
    dsn, events = sentry
    run(dsn, holds_rows=False)
    (event,) = events
    assert event["tags"] == {"service": "worker", "run": "run-1", "stage": "3", "epoch": "2"}
    assert event["exception"]["values"][-1]["value"] == "the engine broke"
    assert "hunter-2" not in json.dumps(event["exception"]["values"][-1].get("stacktrace", {}).get("frames", [{}])[-1].get("vars", {}))
