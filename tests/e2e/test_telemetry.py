"""What those are told who watch from outside: one trace from a call to the comment in its SQL, JSON lines that name it, events of
OpenLineage, and bugs, but no mistakes of people.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.openlineage import check
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

SPOILT = """
CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.program := NEW.program || '{"statements": 7}';
    RETURN NEW;
END $$;
CREATE TRIGGER spoil BEFORE INSERT ON programs FOR EACH ROW WHEN (NEW.program ? 'sinks') EXECUTE FUNCTION spoil()
"""


@pytest.fixture(scope="module")
def collector() -> Iterator[Web]:
    with web() as server:
        yield server


@pytest.fixture(scope="module")
def receiver() -> Iterator[Web]:
    """Of OpenLineage; it is away at first."""
    with web() as server:
        server.answers = [(503, "busy", {})] * 2
        yield server


@pytest.fixture(scope="module")
def sentry() -> Iterator[Web]:
    with web() as server:
        yield server


@pytest.fixture(scope="module")
def watched(collector: Web, receiver: Web, sentry: Web, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "PENSTOCK_LOG_FORMAT": "json", **SHORT}
    settings |= {"PENSTOCK_OPENLINEAGE_URL": receiver.url, "PENSTOCK_OPENLINEAGE_API_KEY": "let-me-in"}
    settings |= {"SENTRY_DSN": f"http://key@{sentry.url.removeprefix('http://')}/1"}
    with running(tmp_path_factory.mktemp("watched") / "home", measured=True, **settings) as stack:
        stack.connectors()
        (stack.files / "in.csv").write_text("id,name\n1,zoe-quill\n2,bob\n")
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


def test_figures_tell_of_the_retry_and_of_the_nodes(watched: Stack) -> None:
    headers = {"Authorization": f"Bearer {watched.home.api_token.read_text().strip()}"}

    def told() -> bool:
        text = httpx.get(f"{watched.url}/metrics", headers=headers).text
        figures = {
            sample.name + str(sample.labels): sample.value for family in text_string_to_metric_families(text) for sample in family.samples
        }
        retries = sum(value for name, value in figures.items() if name.startswith("penstock_retry_total"))
        return retries == 1 and figures.get("penstock_node_duration_seconds_count{'node_type': 'sql'}", 0) >= 1

    watched.until(told, 20, "the figures")


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
    watched.sql("TRUNCATE heard")
    unsampled = watched.wait(started(watched, sampled=False))["id"]
    ((said,),) = watched.sql("SELECT said FROM heard")
    assert f"traceparent='00-{TRACE}-" in said and said.endswith("-00'*/")
    after = watched.wait(started(watched))["id"]
    watched.until(lambda: [one for one in of_run(collector, after) if one["name"].startswith("run ")], 20, "the spans of the run after it")
    assert of_run(collector, unsampled) == []


def of_run(collector: Web, run: str) -> list[dict[str, Any]]:
    return [one for one in spans(collector) if one["attributes"].get("penstock.run_id") == run]


def lineage(receiver: Web, run: str) -> dict[str, dict[str, Any]]:
    """Events of a run by their type, however often each was sent."""
    found: dict[str, dict[str, Any]] = {}
    for got in list(receiver.got):
        event = json.loads(got.body)
        check(event)
        assert (got.path, got.headers["authorization"]) == ("/api/v1/lineage", "Bearer let-me-in")
        if event["run"]["runId"] == run:
            before = found.setdefault(event["eventType"], event)
            assert before["eventTime"] == event["eventTime"]
    return found


def test_a_run_is_told_to_openlineage_with_its_datasets_and_columns(watched: Stack, receiver: Web) -> None:
    run = watched.wait(started(watched))["id"]
    watched.until(lambda: "COMPLETE" in lineage(receiver, run), 20, "the event")
    found = lineage(receiver, run)
    assert set(found) == {"START", "COMPLETE"}
    assert found["START"]["eventTime"] < found["COMPLETE"]["eventTime"]
    told = found["COMPLETE"]
    assert told["job"]["name"] == "default.watched"
    assert told["job"]["facets"]["sql"]["query"] == "-- shape\nSELECT id, upper(name) AS name FROM read"
    assert told["job"]["facets"]["sourceCodeLocation"]["path"] == "default/Pipeline/watched.yaml"
    assert told["run"]["facets"]["processing_engine"]["name"] == "duckdb"
    ((read,), (written,)) = told["inputs"], told["outputs"]
    port = watched.home.read("ports.json")["postgres"]
    assert (read["namespace"], read["name"]) == ("file", str(watched.files / "in.csv"))
    assert (written["namespace"], written["name"]) == (f"postgres://127.0.0.1:{port}", "demo.public.watched")
    assert read["inputFacets"]["inputStatistics"]["rowCount"] == written["outputFacets"]["outputStatistics"]["rowCount"] == 2
    fields = written["facets"]["columnLineage"]["fields"]
    (name,) = fields["name"]["inputFields"]
    assert (name["name"], name["field"], name["transformations"][0]["subtype"]) == (read["name"], "name", "TRANSFORMATION")
    assert fields["id"]["inputFields"][0]["transformations"][0]["subtype"] == "IDENTITY"
    assert [one["name"] for one in written["facets"]["schema"]["fields"]] == ["id", "name"]
    assert watched.home.secrets()["demo"] not in json.dumps([json.loads(got.body) for got in receiver.got])


def test_a_mistake_fails_its_run_in_openlineage_and_is_no_incident_and_a_bug_is_one(watched: Stack, receiver: Web, sentry: Web) -> None:
    watched.apply(
        RECIPE.replace("name: watched", "name: mistaken").replace("retries: 2", "retries: 0").replace("path: in.csv", "path: not.csv")
    )
    failed = watched.wait(watched.start("mistaken"))
    assert failed["status"] == "FAILED"
    watched.until(lambda: "FAIL" in lineage(receiver, failed["id"]), 20, "the event")
    assert "not.csv" in lineage(receiver, failed["id"])["FAIL"]["run"]["facets"]["errorMessage"]["message"]
    assert [one for got in list(sentry.got) for one in incidents(got.body, got.headers)] == []
    # A plan that no planner makes.
    watched.apply(RECIPE.replace("name: watched", "name: broken").replace("retries: 2", "retries: 0"))
    watched.sql(SPOILT, database="penstock")
    broken = watched.wait(watched.start("broken"))
    watched.sql("DROP TRIGGER spoil ON programs", database="penstock")
    assert broken["status"] == "FAILED"
    watched.until(lambda: [one for got in list(sentry.got) for one in incidents(got.body, got.headers)], 20, "the incident")
    (incident,) = [one for got in list(sentry.got) for one in incidents(got.body, got.headers)]
    assert (incident["tags"]["service"], incident["tags"]["run"]) == ("worker", broken["id"])
    said = json.dumps(incident)
    assert watched.home.secrets()["demo"] not in said and "zoe-quill" not in said.lower()


def incidents(body: bytes, headers: dict[str, str]) -> list[dict[str, Any]]:
    """Events in an envelope of Sentry's."""
    text = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
    lines = [json.loads(line) for line in text.splitlines() if line.startswith(b"{")]
    return [line for line in lines if "exception" in line or "logentry" in line]
