"""Stages of one run on two machines' worth of workers, which share nothing but PostgreSQL, Redis and a bucket."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from infra.local import postgres, redis
from tests.support.buckets import SECRET, Store
from tests.support.stack import SHORT, Stack, running

pytestmark = pytest.mark.stack

BUCKET = "apart"
STAGED = "staged/here/"


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory, s3: Store) -> Iterator[Stack]:
    """A stack with one worker of one slot, and beside it another such one with folders of its own."""
    s3.bucket(BUCKET)
    key = base64.b64encode(os.urandom(32)).decode()
    shared = {**SHORT, **s3.environment, "PENSTOCK_STAGING_URL": f"s3://{BUCKET}/{STAGED}", "PENSTOCK_MASTER_KEY": key}
    with running(tmp_path_factory.mktemp("near") / "home", PENSTOCK_WORKERS="1", PENSTOCK_WORKER_SLOTS="1", **shared) as stack:
        stack.connectors()
        stack.sql("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(2); RETURN NULL; END $$")
        root, ports = f"s3://{BUCKET}/data", stack.home.read("ports.json")
        port = ports["postgres"]
        stack.apply(f"""
apiVersion: penstock/v1
kind: Connector
metadata: {{name: bucket}}
spec: {{type: files, config: {{root: {root}, endpoint: "{s3.endpoint}", region: eu-central-1}}}}
---
apiVersion: penstock/v1
kind: Connector
metadata: {{name: other}}
spec: {{type: postgres, config: {{host: 127.0.0.1, port: {port}, database: demo, user: demo, password: "{stack.home.secrets()["demo"]}"}}}}
""")
        for table in ("apart", "apart_too"):
            stack.sql(f"CREATE TABLE {table} (id bigint, kind text)")
            # While one worker is held up here, the other one has to take what is next.
            stack.sql(f"CREATE TRIGGER slow BEFORE INSERT ON {table} FOR EACH STATEMENT EXECUTE FUNCTION slow()")
        far = tmp_path_factory.mktemp("far")
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("PENSTOCK_", "PIPELINE_"))},
            **shared,
            "PENSTOCK_HOME": str(far / "home"),
            "PENSTOCK_SCRATCH": str(far / "scratch"),
            "PENSTOCK_WORKER_NAME": "far-1",
            "PENSTOCK_WORKER_SLOTS": "1",
            "PENSTOCK_DATABASE_URL": postgres.url(stack.home, "penstock", ports["postgres"]),
            "PENSTOCK_REDIS_URL": redis.url(stack.home, ports["redis"]),
        }
        log = (far / "worker.log").open("wb")
        worker = subprocess.Popen([sys.executable, "-m", "services.worker"], env=environment, stdout=log, stderr=log)
        try:
            there = "SELECT 1 FROM workers WHERE name = 'far-1'"
            stack.until(lambda: stack.sql(there, database="penstock"), 60, "the far worker to be there")
            yield stack
        finally:
            worker.terminate()
            worker.wait(30)
            assert SECRET.encode() not in (far / "worker.log").read_bytes()


RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: apart}
spec:
  staging: all
  nodes:
    - {id: read, type: connector_source, config: {connector: bucket, path: "in/*.jsonl", schema: {id: BIGINT}}}
    - {id: even, type: filter, config: {condition: id % 2 = 0}}
    - {id: table, type: connector_sink, config: {connector: db, table: apart, writeMode: INSERT}}
    - {id: other, type: connector_sink, config: {connector: other, table: apart_too, writeMode: INSERT}}
    - id: out
      type: connector_sink
      config: {connector: bucket, path: out, format: parquet, writeMode: INSERT, partitionBy: [kind]}
  edges:
    - {from: read, to: even}
    - {from: even, to: table}
    - {from: even, to: other}
    - {from: even, to: out}
---
apiVersion: penstock/v1
kind: DataQualityRuleSet
metadata: {name: apart-rules}
spec:
  dataset: {pipeline: apart, node: table}
  rules: [{name: ids, type: NOT_NULL, column: id}]
"""


def took(stack: Stack, run: str) -> dict[str, set[str]]:
    asked = "SELECT kind, attempts.worker FROM stages JOIN attempts USING (run_id, stage) WHERE run_id = %s"
    rows = stack.sql(asked, run, database="penstock")
    found: dict[str, set[str]] = {}
    for kind, worker in rows:
        found.setdefault(kind, set()).add(worker)
    return found


def test_one_run_is_spread_over_workers_that_share_a_bucket(apart: Stack, s3: Store, tmp_path: Path) -> None:
    for number in range(2):
        lines = "".join(f'{{"id": {at}, "kind": "k{at % 3}"}}\n' for at in range(number, 2000, 2))
        s3.client.put_object(Bucket=BUCKET, Key=f"data/in/{number}.jsonl", Body=(lines + '{"id": "bad"}\n').encode())
    apart.apply(RECIPE)
    run = apart.start("apart")
    ended = apart.wait(run, 120)
    assert ended["status"] == "SUCCEEDED", ended
    for table in ("apart", "apart_too"):
        assert apart.sql(f"SELECT count(*), sum(id) FROM {table}") == [(1000, sum(range(0, 2000, 2)))]
    names = sorted(key.split("/")[2] for key in s3.keys(BUCKET, "data/out/"))
    assert names == ["kind=k0", "kind=k1", "kind=k2"]
    assert took(apart, run)["work"] == {"far-1", "worker-1"}
    # The rejected lines went by way of the bucket into the dead letters.
    letters = apart.sql("SELECT original_record FROM dead_letters WHERE run_id = %s ORDER BY 1", run, database="penstock")
    assert [record["file"] for (record,) in letters] == ["in/0.jsonl", "in/1.jsonl"]
    # Nothing was staged on either machine.
    assert list(apart.home.staging.iterdir()) == []
    uris = apart.sql("SELECT uri FROM datasets WHERE run_id = %s", run, database="penstock")
    assert uris
    assert all(uri.startswith(f"s3://{BUCKET}/{STAGED}{run}/") for (uri,) in uris)
    assert s3.keys(BUCKET, f"{STAGED}{run}/")
    # Whatever worker makes it, and wherever the API is that sends it.
    taken = tmp_path / "taken.duckdb"
    taken.write_bytes(b"".join(apart.client.download(f"/runs/{run}/staging.duckdb")))
    with duckdb.connect(str(taken), read_only=True) as connection:
        assert connection.execute("SELECT count(*), sum(id) FROM even").fetchall() == [(1000, sum(range(0, 2000, 2)))]


def test_what_was_staged_in_a_bucket_goes_with_success(apart: Stack, s3: Store) -> None:
    s3.client.put_object(Bucket=BUCKET, Key="data/in/0.jsonl", Body=b'{"id": 1, "kind": "a"}\n')
    apart.apply(RECIPE.replace("staging: all", "staging: auto").replace("name: apart}", "name: swept}").split("---")[0])
    run = apart.start("swept")
    # An upload that a killed attempt had begun goes too.
    s3.client.create_multipart_upload(Bucket=BUCKET, Key=f"{STAGED}{run}/1/1/half.parquet")
    assert apart.wait(run, 60)["status"] == "SUCCEEDED"
    apart.until(lambda: not s3.keys(BUCKET, f"{STAGED}{run}/"), 30, "the staged rows to be removed")
    apart.until(lambda: not uploads(s3, f"{STAGED}{run}/"), 10, "the unfinished upload to be removed")


def uploads(s3: Store, prefix: str) -> list[Any]:
    return list(s3.client.list_multipart_uploads(Bucket=BUCKET, Prefix=prefix).get("Uploads", []))


def test_no_secret_of_the_store_is_shown(apart: Stack, s3: Store) -> None:
    s3.client.put_object(Bucket=BUCKET, Key="data/broken.parquet", Body=b"PAR1 no")
    apart.apply(
        RECIPE.replace("in/*.jsonl", "broken.parquet")
        .replace(", schema: {id: BIGINT}", "")
        .replace("name: apart}", "name: broken}")
        .split("---")[0]
    )
    run = apart.start("broken")
    ended = apart.wait(run, 60)
    assert ended["status"] == "FAILED"
    shown = json.dumps(ended) + str(apart.sql("SELECT * FROM logs WHERE run_id = %s", run, database="penstock"))
    logs = "".join(Path(file).read_text(errors="replace") for file in apart.home.logs.iterdir())
    assert SECRET not in shown + logs
    assert "broken.parquet" in shown


BEHIND = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: behind-in-a-bucket}
spec:
  retries: 0
  nodes:
    - {id: read, type: connector_source, config: {connector: db, query: "SELECT i AS id FROM generate_series(1, 40) AS i"}}
    - {id: load, type: connector_sink, config: {connector: db, table: apart_few, writeMode: INSERT}}
    - {id: file, type: connector_sink, config: {connector: bucket, path: behind.parquet, writeMode: OVERWRITE}}
  edges: [{from: read, to: load}, {from: load, to: file}]
"""


def test_what_a_sink_wrote_goes_on_by_way_of_the_bucket(apart: Stack, s3: Store) -> None:
    apart.sql("CREATE TABLE apart_few (id bigint CHECK (id % 10 <> 3))")
    apart.apply(BEHIND)
    ended = apart.wait(apart.start("behind-in-a-bucket"), 60)
    assert ended["status"] == "SUCCEEDED", ended["error"]
    assert {node["id"]: node["rowsOut"] for node in ended["nodes"]} == {"read": 40, "load": 36, "file": 36}
