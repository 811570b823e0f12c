"""A process ends itself at each named point, once: the run succeeds, and every destination holds what an undisturbed run's would.

One stack for all points, with a lease of 2 s; one point at default times.
"""

from __future__ import annotations

import ast
import csv
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.kill_points import POINTS
from tests.support.buckets import Store
from tests.support.clickhouse import Clickhouse, Server
from tests.support.kills import Points
from tests.support.stack import SHORT, Stack, running

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]

PROJECT = Path(__file__).resolve().parents[2]
ROWS, BAD = 300, 4
# Of each point whom the signal meets: the process that comes to it, or its parent too, which of a child is the whole worker.
INSIDE = {
    "scheduler.admitting": "self",
    "scheduler.admitted": "self",
    "scheduler.surveying": "self",
    "scheduler.planning": "self",
    "scheduler.planned": "self",
    "attempt.taken": "self",
    "attempt.claiming": "self",
    "attempt.claimed": "self",
    "attempt.worked": "self",
    "attempt.rejects_kept": "self",
    "attempt.recording": "self",
    "attempt.recorded": "self",
    "attempt.sent": "self",
    "child.begun": "self",
    "child.worked": "parent",
    "engine.read": "parent",
    "engine.computed": "self",
    "engine.staged": "parent",
    "sink.opened": "parent",
    "sink.written": "parent",
    "sink.committing": "self",
    "sink.committed": "parent",
    "postgres.marked": "parent",
    "dbapi.marked": "parent",
    "files.drafted": "parent",
    "files.journalled": "parent",
    "files.moved": "parent",
    "files.published": "self",
}
OBJECTS = ["objects.uploaded", "objects.journalled", "objects.completed", "objects.published"]
CLICKHOUSE = ["clickhouse.agreed", "clickhouse.published"]
FIRED = ["scheduler.firing", "scheduler.fired"]
QUALITY = ["attempt.claimed", "attempt.worked", "attempt.recording", "attempt.recorded"]
APART = {
    "api.accepting", "api.accepted", "scheduler.asked", "scheduler.recovering", "scheduler.swept", "scheduler.staging_marked",
    "scheduler.concluding", "attempt.failing", "sink.adopted", "sink.batched", "scheduler.backfilling", "watch.recording",
    "watch.recorded",
}  # fmt: skip

HEAD = "apiVersion: penstock/v1\nkind: Pipeline\nmetadata: {{name: {name}}}\nspec:\n  retryDelay: 1\n  pushDown: {{mode: off}}\n  nodes:\n"
NODES = """
    - {id: read, type: connector_source, config: {connector: db, table: src}}
    - {id: typed, type: expression, config: {columns: [{name: n, expression: CAST(t AS INTEGER)}]}}
    - {id: odd, type: filter, config: {condition: n % 7 <> 3}}
"""
EDGES = "{from: read, to: typed}, {from: typed, to: odd}"
EVERYWHERE = f"""{HEAD.format(name="everywhere")}{NODES}
    - {{id: add, type: connector_sink, config: {{connector: db, table: added, writeMode: INSERT}}}}
    - {{id: merge, type: connector_sink, config: {{connector: db, table: merged, writeMode: UPSERT, upsertKeys: [id],
        updatedAtColumn: changed}}}}
    - {{id: behind, type: connector_sink, config: {{connector: db, table: behind, writeMode: INSERT}}}}
    - {{id: lite, type: connector_sink, config: {{connector: lite, table: kept, writeMode: OVERWRITE}}}}
    - {{id: parts, type: connector_sink, config: {{connector: files, path: parts, writeMode: INSERT, format: csv}}}}
    - {{id: rest, type: connector_sink, config: {{connector: files, path: rest.csv, writeMode: OVERWRITE}}}}
  edges: [{EDGES}, {{from: odd, to: add, columns: [id, n]}}, {{from: odd, to: merge, columns: [id, n]}},
    {{from: merge, to: behind}},
    {{from: odd, to: lite, columns: [id, n]}}, {{from: odd, to: parts, columns: [id, n]}},
    {{from: odd.rejected, to: rest, columns: [id, n]}}]
---
apiVersion: penstock/v1
kind: DataQualityRuleSet
metadata: {{name: added-rules}}
spec:
  dataset: {{connector: db, table: added}}
  rules: [{{name: id-once, type: UNIQUE, column: id, severity: critical}}]
"""
OUTSIDE = f"""{HEAD.format(name="outside")}{NODES}
    - {{id: put, type: connector_sink, config: {{connector: PLACE, SINK}}}}
    - {{id: rest, type: connector_sink, config: {{connector: PLACE, REST}}}}
  edges: [{EDGES}, {{from: odd, to: put, columns: [id, n]}}, {{from: odd.rejected, to: rest, columns: [id, n]}}]
"""
BATCHED = f"""
apiVersion: penstock/v1
kind: Pipeline
metadata: {{name: batched}}
spec:
  staging: all
  pushDown: {{mode: off}}
  nodes:
    - {{id: read, type: connector_source, config: {{connector: db, query: "SELECT i AS id, i AS n FROM generate_series(1, {ROWS}) AS i"}}}}
    - {{id: add, type: connector_sink, config: {{connector: db, table: added, writeMode: INSERT}}}}
  edges: [{{from: read, to: add}}]
"""
FLAKY = f"""{HEAD.format(name="flaky")}
    - {{id: read, type: connector_source, config: {{connector: db, query: "SELECT i AS id, i AS n FROM flaky() AS i"}}}}
    - {{id: add, type: connector_sink, config: {{connector: db, table: added, writeMode: INSERT}}}}
  edges: [{{from: read, to: add}}]
"""
YEARLY = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: NAME}
spec:
  schedule: "@yearly"
  nodes:
    - {id: read, type: connector_source, config: {connector: db, query: "SELECT i AS id, i AS n FROM generate_series(1, 5) AS i"}}
    - {id: add, type: connector_sink, config: {connector: db, table: added, writeMode: INSERT}}
  edges: [{from: read, to: add}]
"""
FILLED = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: filled}
spec:
  schedule: 0 6 * * *
  timezone: UTC
  concurrencyPolicy: Allow
  nodes:
    - {id: read, type: connector_source, config: {connector: db, query: "SELECT extract(day FROM date '{{today}}')::int AS id, 1 AS n"}}
    - {id: add, type: connector_sink, config: {connector: db, table: added, writeMode: INSERT}}
  edges: [{from: read, to: add}]
"""
# Looks at triggers come soon, and again soon where their worker has died.
WATCHED = {"PENSTOCK_WATCH_SECONDS": "0.3", "PENSTOCK_WATCH_LIMIT_SECONDS": "3"}
ARRIVING = f"""{HEAD.format(name="arriving")}
    - {{id: read, type: connector_source, config: {{connector: files, path: "{{{{path}}}}"}}}}
    - {{id: add, type: connector_sink, config: {{connector: db, table: added, writeMode: INSERT}}}}
  edges: [{{from: read, to: add}}]
  parameters: [{{name: path, type: string, required: true}}]
  triggers: [{{type: file, connector: files, folder: arriving, glob: "*.csv", settleSeconds: 0.2}}]
"""
GOOD = [(i, i) for i in range(BAD + 1, ROWS + 1) if i % 7 != 3]
REST = [(i, i) for i in range(BAD + 1, ROWS + 1) if i % 7 == 3]


@dataclass(frozen=True)
class Armed:
    stack: Stack
    points: Points
    lite: Path

    def run(self, pipeline: str = "everywhere") -> dict[str, Any]:
        """One that came to its end although what is armed happened."""
        return self.ended(self.stack.start(pipeline))

    def ended(self, run: str) -> dict[str, Any]:
        ended: dict[str, Any] = self.stack.wait(run, 60)
        assert ended["status"] == "SUCCEEDED", ended["error"]
        assert self.points.left() == []
        assert ended["balanced"] in {True, None}
        told = self.stack.until(lambda: self.stack.client.follow(run, "events"), 30, "the API to tell the events")
        assert [event["seq"] for event in told] == list(range(1, len(told) + 1))
        return ended

    def holds_everything(self, ended: dict[str, Any]) -> None:
        sql = self.stack.sql
        assert sql("SELECT id, n FROM added ORDER BY id") == GOOD
        assert sql("SELECT id, n FROM merged ORDER BY id") == GOOD
        assert sql("SELECT id, n FROM behind ORDER BY id") == GOOD
        # The time of the attempt that wrote, also where a later one adopted it.
        (written,) = sql(
            "SELECT DISTINCT (outcome ->> 'epoch')::int FROM penstock_markers WHERE run = %s AND node IN ('add', 'merge')", ended["id"]
        )
        began = "SELECT a.started_at FROM attempts a JOIN stages s USING (run_id, stage) WHERE run_id = %s AND 'merge' = ANY(s.nodes)"
        times = sql(f"{began} AND s.kind = 'work' AND a.epoch = %s", ended["id"], written[0], database="penstock")
        assert sql("SELECT DISTINCT changed FROM merged") == times
        with sqlite3.connect(self.lite) as lite:
            assert lite.execute("SELECT id, n FROM kept ORDER BY id").fetchall() == GOOD
        files = self.stack.files
        assert [row for part in (files / "parts").iterdir() if part.is_file() for row in rows(part)] == GOOD
        assert rows(files / "rest.csv") == REST
        assert not list(files.rglob(".penstock-tmp-*"))
        letters = self.stack.client.call("GET", "/dead-letters", run=ended["id"], limit=100)["items"]
        assert sorted(letter["original_record"]["id"] for letter in letters) == list(range(1, BAD + 1))
        assert [(quality["score"], quality["failed"]) for quality in ended["quality"]] == [(100.0, 0)]


def rows(path: Path) -> list[tuple[int, ...]]:
    with path.open(newline="") as file:
        return sorted(tuple(map(int, row)) for row in list(csv.reader(file))[1:])


def prepare(stack: Stack, lite: Path) -> None:
    stack.connectors()
    stack.apply(f"apiVersion: penstock/v1\nkind: Connector\nmetadata: {{name: lite}}\nspec: {{type: sqlite, config: {{path: {lite}}}}}\n")
    stack.sql("CREATE TABLE added (id bigint, n bigint); CREATE TABLE merged (id bigint PRIMARY KEY, n bigint, changed timestamptz)")
    stack.sql("CREATE TABLE behind (id bigint, n bigint)")
    stack.sql(f"CREATE TABLE src AS SELECT i::bigint AS id, CASE WHEN i <= {BAD} THEN 'x' ELSE i::text END AS t"
              f" FROM generate_series(1, {ROWS}) AS i")  # fmt: skip
    with sqlite3.connect(lite) as connection:
        connection.execute("CREATE TABLE kept (id bigint, n bigint)")
    stack.apply(EVERYWHERE)


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Armed]:
    folder = tmp_path_factory.mktemp("points")
    points = Points(folder / "armed")
    with running(folder / "home", PENSTOCK_WORKERS="2", PENSTOCK_CHECKPOINT_ROWS="100", **WATCHED, **points.settings, **SHORT) as stack:
        armed = Armed(stack, points, folder / "lite.db")
        prepare(stack, armed.lite)
        armed.holds_everything(armed.run())
        yield armed


@pytest.fixture
def armed(up: Armed) -> Iterator[Armed]:
    up.stack.sql("TRUNCATE added, merged, behind")
    for part in (up.stack.files / "parts").glob("part-*"):
        part.unlink()
    yield up
    up.points.disarm()
    up.stack.ready()


def test_every_named_point_is_tried_and_no_other_stands_in_the_code() -> None:
    assert {*INSIDE, *OBJECTS, *CLICKHOUSE, *FIRED, *APART} == set(POINTS)
    found: set[str] = set()
    for path in [*(PROJECT / "shared").rglob("*.py"), *(PROJECT / "services").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"kill_point", "_then"}:
                found |= {part.value for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant) and isinstance(part.value, str)}
    assert found == set(POINTS)


@pytest.mark.parametrize("point", INSIDE)
def test_a_process_ends_at(armed: Armed, point: str) -> None:
    if point == "scheduler.surveying":
        armed.stack.sql("DELETE FROM facts", database="penstock")
    armed.points.arm(point, INSIDE[point])
    armed.holds_everything(armed.run())


@pytest.mark.parametrize("point", QUALITY)
def test_the_quality_service_ends_at(armed: Armed, point: str) -> None:
    armed.points.arm(point, only="quality-1")
    armed.holds_everything(armed.run())


@pytest.mark.parametrize("point", ["scheduler.recovering", "scheduler.swept"])
def test_the_scheduler_ends_while_it_recovers_a_lost_stage(armed: Armed, point: str) -> None:
    armed.points.arm("attempt.claimed", "self")
    armed.points.arm(point)
    armed.holds_everything(armed.run())


def test_the_next_attempt_ends_too_when_it_has_found_what_the_first_committed(armed: Armed) -> None:
    armed.points.arm("sink.committed", "parent")
    armed.points.arm("sink.adopted", "parent")
    armed.holds_everything(armed.run())


def test_a_worker_ends_between_two_batches_of_a_long_load(armed: Armed) -> None:
    armed.stack.apply(BATCHED)
    armed.points.arm("sink.batched", "parent")
    armed.run("batched")
    assert armed.stack.sql("SELECT id, n FROM added ORDER BY id") == [(i, i) for i in range(1, ROWS + 1)]


def test_the_scheduler_ends_while_it_sweeps_staged_files(armed: Armed) -> None:
    armed.points.arm("scheduler.staging_marked")
    run = armed.stack.wait(armed.stack.start("everywhere"))["id"]
    armed.stack.until(lambda: not armed.points.left(), 30, "the sweep")
    known = "SELECT 1 FROM datasets WHERE run_id = %s AND deleted_at IS NULL"
    assert armed.stack.sql("SELECT 1 FROM datasets WHERE run_id = %s", run, database="penstock")
    # Another run's may have been met first.
    armed.stack.until(lambda: not armed.stack.sql(known, run, database="penstock"), 30, "this run's rows to say so")
    armed.stack.until(lambda: not (armed.stack.home.staging / run).exists(), 30, "the files to go")


def test_the_scheduler_ends_while_it_starts_runs_of_a_backfill_and_once_more_halfway(armed: Armed) -> None:
    stack = armed.stack
    stack.apply(FILLED)
    armed.points.arm("scheduler.backfilling")
    body = {"from": "2026-01-01", "to": "2026-01-10", "maxParallel": 2}
    backfill = stack.client.call("POST", "/pipelines/default/filled/backfill", body=body)["id"]

    def told() -> Any:
        return stack.client.call("GET", f"/backfills/{backfill}")

    stack.until(lambda: told()["dates"]["succeeded"] >= 3, 180, "some dates to have run")
    stack.kill("scheduler-1")
    stack.until(lambda: told()["state"] == "finished", 180, "the backfill to be over")
    assert armed.points.left() == []
    dates = "SELECT to_char(logical_date, 'DD'), count(*) FROM runs WHERE pipeline = 'filled' GROUP BY 1 ORDER BY 1"
    assert stack.sql(dates, database="penstock") == [(f"{day:02}", 1) for day in range(1, 11)]
    assert stack.sql("SELECT id FROM added ORDER BY id") == [(day,) for day in range(1, 11)]


def test_the_scheduler_ends_with_a_question_it_has_not_sent(armed: Armed) -> None:
    armed.stack.sql("DELETE FROM facts", database="penstock")
    armed.points.arm("scheduler.asked")

    def planned() -> Any:
        plan = armed.stack.client.call("POST", "/pipelines/default/everywhere/plan", body={}, wait=10)
        return plan.get("facts") not in {None, "missing"} and plan

    assert armed.stack.until(planned, 40, "a plan")["stages"]
    assert armed.points.left() == []


@pytest.mark.parametrize("point", FIRED)
def test_the_scheduler_ends_while_it_fires(armed: Armed, point: str) -> None:
    name = point.replace(".", "-")
    armed.stack.apply(YEARLY.replace("NAME", name))
    armed.points.arm(point)
    # As if it had slept for a year: it has missed one fire time, which catchUp: last has run.
    slept = "UPDATE triggers SET handled_to = now() - interval '1 year', look_at = now() WHERE pipeline = %s"
    armed.stack.sql(slept, name, database="penstock")
    (run,) = armed.stack.until(lambda: armed.stack.client.call("GET", "/runs", pipeline=name)["items"], 90, "the run of the fire time")
    armed.ended(run["id"])
    assert armed.stack.sql("SELECT id FROM added ORDER BY id") == [(i,) for i in range(1, 6)]
    (fired,) = armed.stack.client.call("GET", f"/pipelines/default/{name}/triggers/schedule/firings")["items"]
    assert (fired["outcome"], fired["run"]) == ("run", run["id"])
    assert len(armed.stack.client.call("GET", "/runs", pipeline=name)["items"]) == 1


def test_the_scheduler_ends_while_it_draws_conclusions(armed: Armed) -> None:
    armed.points.arm("scheduler.concluding")
    run = armed.stack.start("everywhere")
    armed.stack.until(lambda: not armed.points.left(), 60, "the end of a run to be met")
    armed.holds_everything(armed.ended(run))
    ended = "SELECT 1 FROM endings WHERE run_id = %s"
    armed.stack.until(lambda: not armed.stack.sql(ended, run, database="penstock"), 30, "what follows from the end")


@pytest.mark.parametrize("point", ["api.accepting", "api.accepted"])
def test_the_api_ends_while_it_accepts_a_run_and_the_caller_asks_again(armed: Armed, point: str) -> None:
    armed.points.arm(point, "parent")
    token = armed.stack.home.api_token.read_text().strip()
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"again-{point}"}
    url = f"{armed.stack.url}/api/v1/pipelines/default/everywhere/runs"
    with pytest.raises(httpx.TransportError):
        httpx.post(url, json={}, headers=headers, timeout=20)
    run = armed.stack.until(lambda: httpx.post(url, json={}, headers=headers, timeout=20).json()["id"], 30, "the API to accept")
    armed.holds_everything(armed.stack.wait(run))
    assert armed.points.left() == []


@pytest.mark.parametrize("point", ["watch.recording", "watch.recorded"])
def test_a_worker_ends_between_seeing_a_file_and_recording_it(armed: Armed, point: str) -> None:
    call, folder = armed.stack.client.call, armed.stack.files / "arriving"
    folder.mkdir(exist_ok=True)
    armed.stack.apply(ARRIVING)
    (folder / "writing").write_text("id,n\n1,2\n")
    armed.points.arm(point)
    (folder / "writing").rename(folder / f"{point}.csv")

    def runs() -> list[str]:
        found = call("GET", "/runs", pipeline="arriving", limit=10)["items"]
        return [run["id"] for run in found if run["trigger"]["path"] == f"arriving/{point}.csv"]

    armed.stack.until(lambda: runs() and not armed.points.left(), 60, "the file to have its run, and the worker to end")
    armed.ended(runs()[0])
    # A worker has looked again, and made no other run.
    files = "/pipelines/default/arriving/triggers/file/files"
    before = call("GET", files)["lookAt"]
    armed.stack.until(lambda: call("GET", files)["lookAt"] != before, 30, "another look")
    assert len(runs()) == 1
    assert armed.stack.sql("SELECT id, n FROM added") == [(1, 2)]
    call("DELETE", "/pipelines/default/arriving")


def test_a_worker_ends_while_it_records_a_failure_that_may_be_tried_again(armed: Armed) -> None:
    armed.stack.sql("CREATE TABLE busy AS SELECT 1 AS one")
    armed.stack.sql("""
        CREATE FUNCTION flaky() RETURNS SETOF bigint LANGUAGE plpgsql AS $$ BEGIN
          IF EXISTS (SELECT FROM busy) THEN RAISE EXCEPTION 'could not serialize access' USING ERRCODE = '40001'; END IF;
          RETURN QUERY SELECT generate_series(1, 5)::bigint; END $$
    """)
    armed.stack.apply(FLAKY)
    armed.points.arm("attempt.failing")
    run = armed.stack.start("flaky")
    armed.stack.until(lambda: any(stage["status"] == "RETRYING" for stage in armed.stack.run(run)["stages"]), 30, "a failure on record")
    armed.stack.sql("TRUNCATE busy")
    ended = armed.ended(run)
    assert armed.stack.sql("SELECT id FROM added ORDER BY id") == [(i,) for i in range(1, 6)]
    assert max(stage["epoch"] for stage in ended["stages"]) > 1


@pytest.mark.parametrize("point", OBJECTS)
def test_a_worker_ends_while_it_publishes_objects(armed: Armed, s3: Store, point: str) -> None:
    bucket = s3.bucket(f"kill-{point.replace('.', '-').replace('_', '-')}")
    apply_outside(armed.stack, "files", {"root": f"s3://{bucket}/root", **s3.config}, "path: a.csv", "path: b.csv", "OVERWRITE")
    armed.points.arm(point, "parent")
    armed.run("outside")
    for name, expected in (("a.csv", GOOD), ("b.csv", REST)):
        lines = s3.client.get_object(Bucket=bucket, Key=f"root/{name}")["Body"].read().decode().splitlines()
        assert sorted(tuple(map(int, line.split(","))) for line in lines[1:]) == expected


@pytest.mark.parametrize("point", CLICKHOUSE)
def test_a_worker_ends_while_it_publishes_to_clickhouse(armed: Armed, clickhouse: Server, point: str) -> None:
    own: Clickhouse = clickhouse.database()
    for table in ("a", "b"):
        engine = "MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 1000"
        own.sql(f"CREATE TABLE {table} (id Int64, n Int64) ENGINE = {engine}")
    apply_outside(armed.stack, own.type, own.config, "table: a", "table: b", "INSERT")
    armed.points.arm(point, "parent")
    armed.run("outside")
    assert [own.sql(f"SELECT id, n FROM {table} ORDER BY id") for table in ("a", "b")] == [GOOD, REST]


def apply_outside(stack: Stack, kind: str, config: dict[str, Any], put: str, rest: str, mode: str) -> None:
    said = ", ".join(f'{key}: "{value}"' if isinstance(value, str) else f"{key}: {value}" for key, value in config.items())
    stack.apply(f"apiVersion: penstock/v1\nkind: Connector\nmetadata: {{name: place}}\nspec: {{type: {kind}, config: {{{said}}}}}\n")
    sinks = {"PLACE": "place", "SINK": f"{put}, writeMode: {mode}", "REST": f"{rest}, writeMode: {mode}"}
    recipe = OUTSIDE
    for word, text in sinks.items():
        recipe = recipe.replace(word, text)
    stack.apply(recipe)


def test_the_only_worker_ends_at_default_times_with_rows_that_are_committed_and_not_recorded(tmp_path: Path) -> None:
    points = Points(tmp_path / "armed")
    with running(tmp_path / "home", PENSTOCK_WORKERS="1", **points.settings) as stack:
        armed = Armed(stack, points, tmp_path / "lite.db")
        prepare(stack, armed.lite)
        armed.points.arm("sink.committed", "parent")
        armed.holds_everything(armed.run())
