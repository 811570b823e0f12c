"""What those are told who watch from outside: one trace from a call to the comment in its SQL, and JSON lines that name it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support.receivers import Web, web
from tests.support.stack import SHORT, Stack, running

TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: watched}
spec:
  retries: 2
  retryDelay: 0
  nodes:
    - {id: read, type: connector_source, config: {connector: files, path: in.csv, schema: {id: BIGINT, name: VARCHAR}}}
    - {id: shape, type: sql, config: {query: "SELECT id, upper(name) AS name FROM read"}}
    - {id: write, type: connector_sink, config: {connector: db, table: watched, writeMode: INSERT}}
  edges: [{from: read, to: shape}, {from: shape, to: write}]
"""
# The first statement that writes is refused as if another had been in its way; each says how it was worded.
TARGET = """
CREATE TABLE watched (id bigint, name text);
CREATE TABLE heard (said text);
CREATE SEQUENCE tries;
CREATE FUNCTION hear() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('tries') = 1 THEN
        RAISE EXCEPTION 'in the way' USING ERRCODE = '40001';
    END IF;
    INSERT INTO heard VALUES (current_query());
    RETURN NULL;
END $$;
CREATE TRIGGER hear BEFORE INSERT ON watched FOR EACH STATEMENT EXECUTE FUNCTION hear()
"""


@pytest.fixture(scope="module")
def collector() -> Iterator[Web]:
    with web() as server:
        yield server


@pytest.fixture(scope="module")
def watched(collector: Web, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "PENSTOCK_LOG_FORMAT": "json", **SHORT}
    with running(tmp_path_factory.mktemp("watched") / "home", measured=True, **settings) as stack:
        stack.connectors()
        (stack.files / "in.csv").write_text("id,name\n1,ann\n2,bob\n")
        stack.sql(TARGET)
        stack.apply(RECIPE)
        yield stack


def started(stack: Stack, sampled: bool = True) -> str:
    """A run that a traced call makes."""
    token = stack.home.api_token.read_text().strip()
    headers = {
        "Authorization": f"Bearer {token}",
        "traceparent": f"00-{TRACE}-{CALLER}-{'01' if sampled else '00'}",
        "X-Request-ID": "asked-1",
    }
    made = httpx.post(f"{stack.url}/api/v1/pipelines/default/watched/runs", headers=headers, json={})
    assert made.status_code == 202, made.text
    return str(made.json()["id"])


def spans(collector: Web) -> list[dict[str, Any]]:
    """Those of the trace, of all services: {service, name, id, parent, attributes, events, error}."""
    found = []
    for got in list(collector.got):
        if got.path != "/v1/traces":
            continue
        sent = ExportTraceServiceRequest.FromString(got.body)
        for resource in sent.resource_spans:
            service = {one.key: one.value.string_value for one in resource.resource.attributes}["service.name"]
            for scope in resource.scope_spans:
                for span in scope.spans:
                    if span.trace_id.hex() == TRACE:
                        found.append(
                            {
                                "service": service, "name": span.name, "id": span.span_id.hex(), "parent": span.parent_span_id.hex(),
                                "attributes": {one.key: one.value.string_value or one.value.int_value for one in span.attributes},
                                "events": [event.name for event in span.events], "error": span.status.message,
                                "took": span.end_time_unix_nano - span.start_time_unix_nano,
                            }
                        )  # fmt: skip
    return found


def test_one_trace_goes_from_a_call_through_its_attempts_to_the_comment_in_sql(watched: Stack, collector: Web) -> None:
    run = started(watched)
    ended = watched.wait(run)
    assert ended["status"] == "SUCCEEDED", ended
    watched.until(lambda: {"run default/watched", "node write"} <= {one["name"] for one in spans(collector)}, 20, "the spans")
    found = spans(collector)
    by_id = {one["id"]: one for one in found}
    (call,) = [one for one in found if one["service"] == "penstock-api"]
    assert (call["parent"], call["name"]) == (CALLER, "POST /api/v1/pipelines/<namespace>/<name>/runs")
    assert call["attributes"]["penstock.request_id"] == "asked-1"
    (whole,) = [one for one in found if one["name"] == "run default/watched"]
    assert (whole["service"], whole["parent"], whole["events"]) == ("penstock-scheduler", call["id"], ["retry"])
    attempts = [one for one in found if one["name"].startswith(("survey", "work"))]
    assert {one["parent"] for one in attempts} == {whole["id"]}
    failed, done = [one for one in attempts if one["name"].startswith("work") and "write" in one["name"]]
    assert (failed["attributes"]["penstock.attempt"], done["attributes"]["penstock.attempt"]) == (1, 2)
    assert failed["error"] and "in the way" not in json.dumps(failed)
    (node,) = [one for one in found if one["name"] == "node write" and one["parent"] == done["id"]]
    assert node["attributes"]["penstock.rows_out"] == 2
    assert all(by_id[one["parent"]] for one in found if one is not call)
    ((said,),) = watched.sql("SELECT said FROM heard")
    assert said.endswith(f"/*traceparent='00-{TRACE}-{done['id']}-01'*/")
    stamps = watched.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'penstock/' || %s || '/%%'", run)
    assert stamps == [(0,)]


def test_log_lines_are_json_with_the_run_the_attempt_and_the_trace(watched: Stack) -> None:
    run = watched.wait(started(watched))["id"]
    lines = [
        json.loads(line) for path in watched.home.logs.glob("*worker*") for line in path.read_text().splitlines() if line.startswith("{")
    ]
    of_run = [line for line in lines if line.get("run_id") == run and "done after" in line["message"]]
    assert of_run
    assert {(line["trace_id"], line["request_id"], line["attempt"], line["service"]) for line in of_run} == {
        (TRACE, "asked-1", 1, "worker")
    }


def test_what_is_not_sampled_is_followed_in_sql_and_sent_nowhere(watched: Stack, collector: Web) -> None:
    before = len(spans(collector))
    watched.sql("TRUNCATE heard")
    watched.wait(started(watched, sampled=False))
    ((said,),) = watched.sql("SELECT said FROM heard")
    assert f"traceparent='00-{TRACE}-" in said and said.endswith("-00'*/")
    assert len(spans(collector)) == before
