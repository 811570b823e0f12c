"""The installation as the API tells it: processes, queues, the leader, and figures for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from servers_for_tests import RedisServer

from services.api.app import create_app
from services.scheduler.ended import conclude
from services.scheduler.leadership import Session
from services.scheduler.settings import Settings
from shared.breakers import Circuit
from shared.store import endings, quality, tokens, workers
from shared.store.database import Database

# Of conftest, which cannot be imported.
Api = Any
PIPELINE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: NAME}
spec:
  nodes:
    - {id: read, type: connector_source, config: {connector: files, path: in.csv, schema: {id: BIGINT}}}
    - {id: write, type: connector_sink, config: {connector: db, table: t, writeMode: INSERT}}
  edges: [{from: read, to: write}]
"""


@pytest.fixture(scope="module")
def settings(api: Api) -> Settings:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PENSTOCK_DATABASE_URL", api.database.url)
        patch.setenv("PENSTOCK_REDIS_URL", "redis://127.0.0.1:1/0")
        patch.setenv("PENSTOCK_STAGING_URL", "file:///tmp/penstock-no-staging")
        return Settings.from_environment()


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()


def beside(api: Api, **settings: Any) -> FlaskClient:
    """The same store, through an API with other settings."""
    return create_app(replace(api.client.application.extensions["penstock.settings"], **settings)).test_client()


def get(client: FlaskClient, path: str, token: str = "viewer-token") -> Any:
    return client.get(path, headers={"Authorization": f"Bearer {token}"})


def samples(text: str) -> dict[str, float]:
    """Each sample, as it is spelled in the text without its value."""
    return {
        one.name + ("{" + ",".join(f"{key}={value}" for key, value in one.labels.items()) + "}" if one.labels else ""): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def at_work(api: Api, name: str, *, service: str = "worker", slots: int = 3, labels: tuple[str, ...] = ()) -> None:
    with api.database.transaction() as tx:
        workers.register(
            tx, name=name, boot="01a1fe7e-8fa6-71d3-be8c-fbfd46814c00", service=service, labels=labels, slots=slots, memory_bytes=10**9,
            version="1.2", dropped={"logs": 2},
        )  # fmt: skip


def test_processes_queues_and_the_leader_are_told(api: Api, broker: RedisServer) -> None:
    at_work(api, "worker-a", labels=("gpu",))
    broker.client().rpush("stages.gpu", "one", "two")
    run = api.run("nobody", {}, status="RUNNING")
    api.all("UPDATE stages SET status = 'RUNNING', worker = 'worker-a' WHERE run_id = %(r)s RETURNING stage", r=run)
    leader = Session(Database(api.database.url, name="scheduler-a", size=1), "scheduler-a", timedelta(seconds=6))
    assert leader.leads()
    found = get(beside(api, redis_url=broker.url), "/api/v1/system").json
    by_name = {one["name"]: one for one in found["services"]}
    assert (found["leader"], by_name["scheduler-a"]["leads"], by_name["worker-a"]["leads"]) == ("scheduler-a", True, False)
    worker = by_name["worker-a"]
    assert (worker["slots"], worker["busy"], worker["memoryBytes"], worker["labels"]) == (3, 1, 10**9, ["gpu"])
    assert {one["name"]: one["depth"] for one in found["queues"]}["stages.gpu"] == 2
    assert found["runs"]["running"] >= 1
    assert (found["versions"]["schema"] or "").startswith("00")
    assert found["versions"]["redis"]
    leader.close()
    api.all("UPDATE runs SET status = 'FAILED', finished_at = now() WHERE id = %(r)s RETURNING id", r=run)
    api.all("UPDATE stages SET status = 'FAILED' WHERE run_id = %(r)s RETURNING stage", r=run)


def test_what_only_redis_knows_is_null_while_it_is_away(api: Api) -> None:
    found = api.call("GET", "/system", role="viewer").json
    assert (found["queues"], found["breakersOpen"], found["versions"]["redis"]) == (None, None, None)
    told = samples(get(api.client, "/metrics").text)
    assert told["penstock_circuit_breakers_known"] == 0
    assert not [name for name in told if name.startswith(("penstock_queue_depth{queue=stages", "penstock_breaker_state"))]


def test_an_open_breaker_is_told_to_whoever_may_see_its_connector(api: Api, broker: RedisServer) -> None:
    rules = replace(api.client.application.extensions["penstock.settings"].breaker, failures=1)
    circuit = Circuit(broker.client(), "default/db", rules, "attempt-1")
    assert circuit.admit().granted
    circuit.failed("it is down")
    with api.database.transaction() as tx:
        tokens.put(tx, "elsewhere-token", "elsewhere", "viewer", ["elsewhere"])
    client = beside(api, redis_url=broker.url)
    (one,) = get(client, "/api/v1/system").json["breakersOpen"]
    assert (one["connector"], one["state"]) == ("default/db", "open")
    assert get(client, "/api/v1/system", "elsewhere-token").json["breakersOpen"] == []
    told = samples(get(client, "/metrics").text)
    assert (told["penstock_breaker_state{connection=default/db}"], told["penstock_breaker_state{connection=default/files}"]) == (2, 0)


def ended(api: Api, settings: Settings, pipeline: str, status: str, took_s: int, *, score: float | None = None) -> str:
    """A run that ended so, and whose end was concluded."""
    run: str = api.run(pipeline, {}, status=status)
    with api.database.transaction() as tx:
        tx.execute("UPDATE runs SET started_at = clock_timestamp() - make_interval(secs => %s) WHERE id = %s", (took_s, run))
        tx.execute(
            """
            INSERT INTO nodes (run_id, node, ordinal, type, generation, status, figures)
            VALUES (%(r)s, 'read', 0, 'connector_source', 1, 'COMPLETED', '{"rowsIn": 10, "rowsOut": 9, "rowsRejected": 1}'),
                   (%(r)s, 'write', 1, 'connector_sink', 2, 'COMPLETED', '{"rowsOut": null, "rowsRejected": 0}')
            """,
            {"r": run},
        )
        if score is not None:
            quality.insert(
                tx, run, 1, "default",
                {"ruleSet": "s", "dataset": "d", "scope": "batch", "score": score, "passed": 1, "failed": 0, "formula": {}, "results": [],
                 "profile": None},
            )  # fmt: skip
        endings.add(tx, run, "default", pipeline, status)
    while conclude(api.database, settings):
        pass
    return run


def test_every_end_of_a_run_is_counted_once_with_its_time_and_the_rows_that_are_known(api: Api, settings: Settings) -> None:
    api.apply(PIPELINE.replace("NAME", "counted"))
    ended(api, settings, "counted", "SUCCEEDED", 10, score=90.0)
    ended(api, settings, "counted", "SUCCEEDED", 20, score=70.5)
    ended(api, settings, "counted", "FAILED", 30)
    told = samples(get(api.client, "/metrics").text)
    assert told["penstock_runs_total{pipeline=default/counted,state=SUCCEEDED}"] == 2
    assert told["penstock_runs_total{pipeline=default/counted,state=FAILED}"] == 1
    assert told["penstock_runs_total{pipeline=default/counted,state=TIMED_OUT}"] == 0
    assert told["penstock_run_duration_seconds_count{pipeline=default/counted}"] == 3
    assert 60 <= told["penstock_run_duration_seconds_sum{pipeline=default/counted}"] < 63
    assert (told["penstock_rows_total{direction=read}"], told["penstock_rows_total{direction=rejected}"]) == (30, 3)
    # The sink counted none of its rows.
    assert told["penstock_rows_total{direction=written}"] == 0
    assert told["penstock_quality_score{pipeline=default/counted}"] == 70.5


def test_pipelines_beyond_the_limit_are_one_series(api: Api, settings: Settings) -> None:
    for name in ("aa-first", "zz-last"):
        ended(api, settings, name, "CANCELLED", 1)
    text = get(beside(api, metrics_pipelines=1), "/metrics").text
    told = samples(text)
    assert told["penstock_runs_total{pipeline=default/aa-first,state=CANCELLED}"] == 1
    assert told["penstock_runs_total{pipeline=,state=CANCELLED}"] == 1
    assert "zz-last" not in text


def test_metrics_are_for_whom_the_setting_says(api: Api) -> None:
    assert api.client.get("/metrics").status_code == 401
    with api.database.transaction() as tx:
        tokens.put(tx, "narrow-token", "narrow", "viewer", ["default"])
    assert get(api.client, "/metrics", "narrow-token").status_code == 403
    assert get(api.client, "/metrics").status_code == 200
    assert beside(api, metrics="open").get("/metrics").status_code == 200
    assert beside(api, metrics="off").get("/metrics").status_code == 404


def conclude_all(api: Api, settings: Settings) -> None:
    while conclude(api.database, settings):
        pass


def end(api: Api, settings: Settings, run: str, status: str) -> None:
    """The end of a run as it is recorded: its event, and then what is concluded of it."""
    with api.database.transaction() as tx:
        endings.add(tx, run, "default", "measured", status)
        tx.execute(
            """
            INSERT INTO events (run_id, seq, type, data)
            SELECT %(r)s, coalesce(max(seq), 0) + 1, 'run.finished', '{}' FROM events WHERE run_id = %(r)s
            """,
            {"r": run},
        )
    conclude_all(api, settings)


def test_nodes_retries_rejected_rows_and_delays_are_counted_once_though_a_run_ends_twice(api: Api, settings: Settings) -> None:
    api.apply(PIPELINE.replace("NAME", "measured"))
    before = samples(get(api.client, "/metrics").text)
    at = "2026-01-05T06:00:00+00:00"
    run: str = api.run("measured", {}, trigger={"type": "schedule", "fireAt": at})
    with api.database.transaction() as tx:
        tx.execute(
            """
            INSERT INTO nodes (run_id, node, ordinal, type, generation, status, started_at, finished_at)
            VALUES (%(r)s, 'a', 0, 'joiner', 1, 'COMPLETED', now() - interval '2 seconds', now()),
                   (%(r)s, 'b', 1, 'joiner', 1, 'FAILED', now() - interval '90 seconds', now()),
                   (%(r)s, 'c', 2, 'filter', 1, 'SKIPPED', NULL, now())
            """,
            {"r": run},
        )
        tx.execute(
            """
            INSERT INTO attempts (run_id, stage, epoch, worker, finished_at, outcome, error)
            VALUES (%(r)s, 1, 1, 'w', now(), 'RETRYING', '{"code": "unavailable"}'), (%(r)s, 1, 2, 'w', now(), 'LOST', '{}'),
                   (%(r)s, 1, 3, 'w', now(), 'COMPLETED', NULL)
            """,
            {"r": run},
        )
        tx.execute(
            """
            INSERT INTO events (run_id, seq, type, stage, epoch, at, data)
            VALUES (%(r)s, 1, 'run.started', NULL, NULL, %(at)s::timestamptz + interval '20 seconds', '{}'),
                   (%(r)s, 2, 'node.retry', 1, 4, now(), '{"reason": "breaker"}'),
                   (%(r)s, 3, 'node.retry', 1, 4, now(), '{"reason": "breaker"}')
            """,
            {"r": run, "at": at},
        )
    api.letter(run, "a", {"id": 1}, kind="line")
    api.letter(run, "a", {"id": 2}, kind="quality")
    api.all("UPDATE dead_letters SET rule = 'adults' WHERE run_id = %(r)s AND kind = 'quality' RETURNING id", r=run)
    end(api, settings, run, "FAILED")
    # Asked for again: one node was done again, one attempt more was lost.
    now = "finished_at = clock_timestamp()"
    api.all(f"UPDATE nodes SET started_at = clock_timestamp(), {now} WHERE run_id = %(r)s AND node = 'a' RETURNING node", r=run)
    api.all(f"UPDATE attempts SET outcome = 'LOST', {now} WHERE run_id = %(r)s AND epoch = 3 RETURNING epoch", r=run)
    end(api, settings, run, "SUCCEEDED")
    after = samples(get(api.client, "/metrics").text)
    told = {name: round(value - before.get(name, 0), 2) for name, value in after.items()}
    node = "{le=%s,node_type=joiner}"
    assert [told[f"penstock_node_duration_seconds_bucket{node % le}"] for le in ("0.5", "5.0", "60.0", "300.0", "+Inf")] == [1, 2, 2, 3, 3]
    assert told["penstock_node_duration_seconds_sum{node_type=joiner}"] == pytest.approx(92, abs=0.1)
    assert not [name for name in told if "node_type=filter" in name]
    assert [told[f"penstock_retry_total{{reason={why}}}"] for why in ("unavailable", "lost", "breaker")] == [1, 2, 1]
    assert [told[f"penstock_rejected_rows_total{{rule={rule}}}"] for rule in ("adults", "line")] == [1, 1]
    assert (told["penstock_schedule_delay_seconds_count"], told["penstock_schedule_delay_seconds_sum"]) == (1, 20)


def test_what_is_left_of_an_error_budget_is_told_with_the_score(api: Api, settings: Settings) -> None:
    api.apply(
        """
apiVersion: penstock/v1
kind: DataQualityRuleSet
metadata: {name: s}
spec:
  dataset: {connector: db, table: d}
  objective: {score: 90, windowDays: 30}
  rules: [{name: there, type: NOT_NULL, column: id}]
"""
    )
    api.apply(PIPELINE.replace("NAME", "budgeted"))
    ended(api, settings, "budgeted", "SUCCEEDED", 1, score=96.0)
    told = samples(get(api.client, "/metrics").text)
    left = told["penstock_quality_budget_remaining{pipeline=default/budgeted}"]
    with api.database.transaction() as tx:
        found = [row["score"] for row in tx.execute("SELECT score::float8 FROM quality_scores WHERE dataset = 'd' AND rule_set = 's'")]
    # Nobody is to be woken for a pipeline that is gone.
    assert api.call("DELETE", "/pipelines/default/budgeted").status_code < 300
    assert "default/budgeted" not in "".join(name for name in samples(get(api.client, "/metrics").text) if "quality" in name)
    assert left == pytest.approx(max(0.0, 1 - (100 - sum(found) / len(found)) / 10), abs=0.002)
