"""From a run that fails to the message that somebody gets, through all services: told of once, with what a person asks first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner

from services.api.cli.__main__ import cli
from tests.support.receivers import Web, web
from tests.support.stack import Stack


@pytest.fixture(scope="module")
def far() -> Iterator[Web]:
    with web() as server:
        yield server


def recipe(url: str) -> str:
    return f"""
apiVersion: penstock/v1
kind: Pipeline
metadata: {{name: told}}
spec:
  retries: 0
  schedule: "@yearly"
  deadline: 1s
  notifications:
    - {{on: [failure, recovery, late, schemaChange], type: webhook, url: "{url}/in?token=secret"}}
  nodes:
    - {{id: read, type: connector_source, config: {{connector: db, table: told_in}}}}
    - {{id: shape, type: sql, config: {{query: "SELECT id, name FROM read"}}}}
    - {{id: write, type: connector_sink, onError: fail, config: {{connector: db, table: told_out, writeMode: INSERT, createTable: true}}}}
  edges: [{{from: read, to: shape}}, {{from: shape, to: write}}]
"""


def test_a_failure_a_recovery_a_change_of_columns_and_what_is_late_are_told(stack: Stack, far: Web) -> None:
    stack.sql("CREATE TABLE told_in (id integer, name text); INSERT INTO told_in VALUES (1, 'a'), (2, 'b')")
    stack.sql("CREATE TABLE told_out (id integer PRIMARY KEY, name text); INSERT INTO told_out VALUES (1, 'there')")
    stack.apply(recipe(far.url))
    failed = stack.wait(stack.start("told"))
    assert failed["status"] == "FAILED", failed
    data = _data(far, 1)
    assert (data["event"], data["run_id"], data["pipeline"]) == ("failure", failed["id"], "default/told")
    assert data["node"] == "write"
    assert data["error_message"]
    assert data["link"] == f"{stack.url}/api/v1/runs/{failed['id']}"

    stack.sql("DELETE FROM told_out")
    good = stack.wait(stack.start("told"))
    assert good["status"] == "SUCCEEDED", good
    data = _data(far, 2)
    assert (data["event"], data["run_id"], data["count"]) == ("recovery", good["id"], "2")

    stack.sql("DELETE FROM told_out; ALTER TABLE told_in ADD COLUMN note text")
    stack.sql("DELETE FROM facts WHERE key LIKE '%told_in%'", database="penstock")
    assert stack.wait(stack.start("told"))["status"] == "SUCCEEDED"
    data = _data(far, 3)
    assert (data["event"], data["changes"]) == ("schemaChange", "db.told_in: column note (TEXT) is new")

    ((fire,),) = stack.sql(
        """
        INSERT INTO firings (trigger_id, key, outcome)
        SELECT id, to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'missed' FROM triggers WHERE pipeline = 'told'
        RETURNING key
        """,
        database="penstock",
    )
    data = _data(far, 4)
    assert (data["event"], data["logical_date"], data["run_id"]) == ("late", fire, None)

    def listed() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = stack.client.call("GET", "/notifications", pipeline="default/told")["items"]
        return found

    stack.until(lambda: all(one["state"] == "sent" for one in listed()), 30, "all to be on record as sent")
    assert [one["event"] for one in listed()] == ["late", "schemaChange", "recovery", "failure"]
    assert "secret" not in json.dumps(listed())
    typed = ["--url", stack.url, "--token", stack.home.api_token.read_text().strip(), "notifications", "told"]
    shown = CliRunner().invoke(cli, typed).output.splitlines()
    assert len(shown) == 4
    assert shown[-1].endswith(f"default/told failure by webhook to {far.url}/…: sent")
    _metrics(stack, failed["id"], good["id"])


def _data(far: Web, many: int) -> dict[str, Any]:
    """Of the message that came last; no other one came with it."""
    got = far.wait(many, 60)
    assert len(got) == many
    found: dict[str, Any] = json.loads(got[-1].body)["data"]
    return found


def _metrics(stack: Stack, failed: str, good: str) -> None:
    """The views say what the API says of the runs."""
    rows = stack.sql(
        """
        SELECT run_id::text, status, records_extracted, records_transformed, records_loaded, errors_count, start_time, end_time
          FROM pipeline_metrics WHERE pipeline_id = 'default/told' ORDER BY start_time
        """,
        database="penstock",
    )
    by_run = {row[0]: row[1:] for row in rows}
    progress = stack.run(good)["progress"]
    assert by_run[good][:5] == ("success", progress["rowsRead"], 2, progress["rowsWritten"], 0)
    assert by_run[failed][0] == "failure"
    assert by_run[failed][3] is None, "nobody knows what a load that failed had written"
    assert by_run[failed][4] == 1
    logged = stack.sql(
        "SELECT count(*) FILTER (WHERE level = 'ERROR'), count(*) FILTER (WHERE event_type = 'run.finished') FROM observability_logs"
        " WHERE run_id = %s",
        failed,
        database="penstock",
    )
    assert logged[0][0] >= 1
    assert logged[0][1] == 1
