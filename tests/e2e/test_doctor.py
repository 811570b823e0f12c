"""`penstock doctor` over a real stack: what it says, and its exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from services.api.cli.client import CallRefused, Client
from shared.store.identifiers import new_id
from tests.support.stack import Stack

pytestmark = pytest.mark.stack


def doctor(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    given = {key: value for key, value in os.environ.items() if not key.startswith("PENSTOCK_")}
    command = [sys.executable, "-m", "services.api.cli", "doctor", *arguments]
    environment = {**given, "PENSTOCK_HOME": str(stack.home.root)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_a_broken_promise_is_told_with_what_to_do_and_its_end_too(stack: Stack) -> None:
    promised = new_id()
    stack.sql(
        "INSERT INTO idempotency_keys (token_id, key, body_hash, status, location, reply) VALUES (%s, 'broken', '', 202, %s, %s)",
        new_id(),
        f"/api/v1/runs/{promised}",
        json.dumps({"id": promised}),
        database="penstock",
    )
    told = doctor(stack)
    assert told.returncode == 1
    lines = told.stdout.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("OFF   promises: "))
    assert promised in lines[at + 1]
    assert lines[at + 2].startswith("      do: ")
    stack.sql("DELETE FROM idempotency_keys WHERE key = 'broken'", database="penstock")
    checks = json.loads(doctor(stack, "--output", "json").stdout)["checks"]
    found = {check["name"]: check for check in checks}
    assert found["promises"] | {"ok": True, "count": 0, "remedy": None} == found["promises"]
    assert {name for name, check in found.items() if check["ok"] is None} == set()
    assert {"broker", "clock", "staging", "services", "partitions", "epochs"} <= set(found)


def test_a_token_for_one_namespace_may_not_look_at_all_of_them(stack: Stack) -> None:
    limited = new_id()
    stack.sql(
        "INSERT INTO tokens (id, name, hash, role, namespaces) VALUES (%s, 'limited', sha256(%s::bytea), 'admin', '{default}')",
        new_id(),
        limited.encode(),
        database="penstock",
    )
    with pytest.raises(CallRefused) as refused:
        Client(stack.url, limited).call("GET", "/system/doctor")
    assert refused.value.status == 403
