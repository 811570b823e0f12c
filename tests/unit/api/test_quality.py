"""Data quality by the API: datasets, their past, checks on demand, offenders, and rules that are suggested; and what follows from runs.

Real PostgreSQL; the scheduler's and the quality service's own functions are called as those services call them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml

from services.scheduler.ended import conclude
from services.scheduler.settings import Settings
from shared.attempts.answers import record
from shared.datasets import Dataset
from shared.engines.program import CheckProgram
from shared.store import endings, quality, requests
from shared.store.identifiers import new_id

# Of conftest, which cannot be imported.
Api = Any
RULES = """
apiVersion: penstock/v1
kind: DataQualityRuleSet
metadata: {{name: {name}}}
spec:
  dataset: {dataset}
  objective: {{score: 95, windowDays: 7}}
  rules:
    - {{name: there, type: NOT_NULL, column: amount}}
"""


def verdict(rule: str, status: str = "PASSED", **more: Any) -> dict[str, Any]:
    return {
        "rule": rule, "type": "NOT_NULL", "severity": "high", "status": status, "passed": status in {"PASSED", "LEARNING"},
        "blocks": False, "checked": 10, "failing": 0, "failingPercent": 0.0, "observed": {}, "expected": {}, "offenders": [],
        "error": None, "durationMs": 3, **more,
    }  # fmt: skip


def measured(dataset: str, *results: dict[str, Any], rule_set: str | None = "sales", score: float | None = 90.0, **more: Any) -> Any:
    return {
        "ruleSet": rule_set, "dataset": dataset, "scope": "batch", "score": score, "partial": False,
        "passed": sum(r["passed"] for r in results), "failed": sum(r["status"] == "FAILED" for r in results),
        "errors": sum(r["status"] == "ERROR" for r in results), "formula": {"text": "f"}, "rows": 10, "metrics": {},
        "results": list(results), "profile": None, "drift": None, "blocked": [], **more,
    }  # fmt: skip


def check(api: Api, said: dict[str, Any], namespace: str = "default") -> str:
    run = new_id()
    with api.database.transaction() as tx:
        quality.insert(tx, run, 2, namespace, said)
    return run


def answered(api: Api, request: str, said: dict[str, Any], state: str = "DONE") -> dict[str, Any]:
    """The quality service's part. What it was asked for."""
    with api.database.transaction() as tx:
        assert requests.to_send(tx).get(request) == "check"
        taken = requests.claim(tx, request, "q1")
    assert taken is not None
    # Twice, as where a connection broke and nobody knows whether it was kept.
    for _ in range(2):
        with api.database.transaction() as tx:
            record(tx, taken, state, said, worker="q1")
    return dict(taken["args"])


@pytest.mark.parametrize("encoded", [False, True])
def test_a_dataset_is_told_with_its_newest_check_and_its_past(api: Api, encoded: bool) -> None:
    named = f"default/db:told_{encoded}"
    failed = verdict("there", "FAILED", failing=3, failingPercent=30.0, offenders=[{"id": 1}])
    drift = {"status": "drifted", "history": 9, "findings": []}
    api.apply(RULES.format(name="sales", dataset="{connector: db, table: told}"))
    for score in (100.0, 80.0):
        last = check(api, measured(named, failed, score=score, profile={"rows": 10, "columns": []}, drift=drift))
    check(api, measured(named, rule_set=None, score=None))
    found = api.call("GET", f"/quality/default/{quote(named, safe='') if encoded else named}", role="viewer").json
    # A connector of the address' own namespace, as in a recipe.
    assert api.call("GET", f"/quality/default/{named.removeprefix('default/')}").json == found
    assert (found["check"], found["score"], found["ruleSet"]) == ({"run": last, "stage": 2}, 80.0, "sales")
    assert found["results"][0]["failingPercent"] == 30.0
    assert (found["drift"]["status"], found["profile"]["rows"]) == ("drifted", 10)
    assert [(one["score"], one["drift"]) for one in found["history"]] == [(80.0, "drifted"), (100.0, "drifted")]
    assert {one["ruleSet"] for one in found["subjects"]} == {"sales", None}
    objective = found["objective"]
    assert {key: objective[key] for key in ("checks", "below", "mean", "usedUp", "remainingPercent")} == {
        "checks": 2, "below": 1, "mean": 90.0, "usedUp": True, "remainingPercent": 0.0,
    }  # fmt: skip
    alone = api.call("GET", f"/quality/default/{named}?ruleSet=").json
    assert (alone["ruleSet"], alone["objective"], len(alone["history"])) == (None, None, 1)


def test_what_is_not_there_is_told_with_what_is(api: Api) -> None:
    check(api, measured("default/db:there"))
    missing = api.call("GET", "/quality/default/default/db:there?scope=dataset")
    assert (missing.status_code, "scope=batch&ruleSet=sales" in missing.json["detail"]) == (404, True)
    assert api.call("GET", "/quality/default/default/db:nowhere").status_code == 404
    assert api.call("GET", "/quality/default/default/db:there?limit=0").status_code == 422
    assert api.call("GET", f"/checks/{new_id()}").status_code == 404
    assert api.call("GET", "/checks/nonsense").status_code == 404
    assert api.call("GET", "/quality?cursor=nonsense").status_code == 422


def test_datasets_are_listed_in_pages(api: Api) -> None:
    for name in ("a", "b", "c"):
        check(api, measured(f"paged/db:{name}"), namespace="paged")
    first = api.call("GET", "/quality?namespace=paged&limit=2", role="viewer").json
    assert [one["dataset"] for one in first["items"]] == ["paged/db:a", "paged/db:b"]
    rest = api.call("GET", f"/quality?namespace=paged&limit=2&cursor={first['nextCursor']}").json
    assert ([one["dataset"] for one in rest["items"]], rest["nextCursor"]) == (["paged/db:c"], None)
    assert [one["dataset"] for one in api.call("GET", "/quality?dataset=paged/db:b").json["items"]] == ["paged/db:b"]


def test_a_rule_set_runs_on_demand_and_its_check_is_kept_once(api: Api) -> None:
    api.apply(RULES.format(name="asked", dataset="{connector: db, table: orders}"))
    asked = api.call("POST", "/quality/default/asked/run", role="operator")
    assert asked.status_code == 202
    request = asked.json["request"]
    assert asked.headers["Location"] == f"/api/v1/checks/{request}"
    assert api.call("GET", f"/checks/{request}").status_code == 202
    said = measured("default/db:orders", verdict("there"), rule_set="asked", scope="dataset", profile={"rows": 1, "columns": []})
    program = CheckProgram.from_json(answered(api, request, said))
    assert (program.dataset, program.scope, program.rule_set) == ("default/db:orders", "dataset", "asked")
    assert (program.this.connector, program.this.options, program.this.columns) == ("default/db", {"table": "orders"}, ())
    assert program.profile == {"histogramBins": 20, "topValues": 10, "sampleAbove": None}
    assert program.drift == {"zScore": 3, "minHistory": 5, "window": 30}
    found = api.call("GET", f"/checks/{request}", role="viewer")
    assert found.status_code == 200
    (one,) = found.json["items"]
    assert (one["check"], one["score"], one["results"][0]["status"]) == ({"run": request, "stage": 0}, 90.0, "PASSED")
    assert api.call("GET", f"/checks/{request}/0").json == one
    assert api.call("GET", "/quality/default/default/db:orders?scope=dataset").json["check"]["run"] == request


def test_a_check_that_cannot_be_made_says_why(api: Api) -> None:
    api.apply(RULES.format(name="down", dataset="{connector: db, table: orders}"))
    request = api.call("POST", "/quality/default/down/run").json["request"]
    answered(api, request, {"code": "connector_unavailable", "message": "db is away", "retryable": True}, "FAILED")
    assert (api.call("GET", f"/checks/{request}").status_code, api.all("SELECT 1 FROM quality_scores WHERE run_id = %(r)s", r=request)) == (
        503, [],
    )  # fmt: skip
    assert api.call("POST", "/quality/default/nobody/run").status_code == 404
    assert api.call("POST", "/quality/default/down/run", role="viewer").status_code == 403
    api.apply(RULES.format(name="inside", dataset="{pipeline: nobody, node: middle}"))
    refused = api.call("POST", "/quality/default/inside/run")
    assert (refused.status_code, "only while a run goes on" in refused.json["detail"]) == (409, True)


def test_a_rule_set_of_a_sink_runs_on_what_the_sink_writes(api: Api) -> None:
    api.apply(
        PIPELINE.format(name="writes", more="", table="facts")
        + "---"
        + RULES.format(name="of-sink", dataset="{pipeline: writes, node: keep}")
    )
    request = api.call("POST", "/quality/default/of-sink/run").json["request"]
    with api.database.transaction() as tx:
        args = requests.read(tx, [request])[request]["args"]
    assert CheckProgram.from_json(args).this.options == {"table": "facts"}


def test_offenders_come_as_json_and_as_files(api: Api) -> None:
    rows = [{"id": 1, "name": "Zażółć"}, {"id": 2, "name": "***"}]
    failed = [verdict("a", "FAILED", offenders=rows), verdict("b", "FAILED", offenders=rows[:1])]
    run = check(api, measured("default/db:bad", *failed))
    assert len(api.call("GET", f"/checks/{run}/2/offenders", role="viewer").json["items"]) == 3
    lines = api.call("GET", f"/checks/{run}/2/offenders?rule=a&format=jsonl")
    assert [json.loads(line)["row"] for line in lines.text.splitlines()] == rows
    assert api.call("GET", f"/checks/{run}/2/offenders?rule=b&format=csv").text.splitlines()[0] == "rule,row"
    missing = api.call("GET", f"/checks/{run}/2/offenders?rule=c")
    assert (missing.status_code, "a, b" in missing.json["detail"]) == (404, True)
    assert api.call("GET", f"/checks/{run}/3/offenders").status_code == 404


def test_all_rows_that_break_a_rule_are_collected_on_demand(api: Api, tmp_path: Path) -> None:
    api.apply(RULES.format(name="collect", dataset="{connector: db, table: orders}"))
    missing = api.call("POST", "/quality/default/collect/run?export=nothing")
    assert (missing.status_code, "it has there" in missing.json["detail"]) == (404, True)
    request = api.call("POST", "/quality/default/collect/run?export=there").json["request"]
    file = tmp_path / "offenders.parquet"
    file.write_bytes(b"PAR1" * 300_000)
    args = answered(api, request, {"export": Dataset("offenders", str(file), (), 7, 1_200_000).to_json()})
    assert (args["export"], args["profile"]) == ("there", None)
    told = api.call("GET", f"/checks/{request}", role="viewer").json
    assert told == {"id": request, "items": [], "export": {"rows": 7, "sizeBytes": 1_200_000}}
    assert api.call("GET", f"/checks/{request}/export", role="operator").data == file.read_bytes()
    assert api.call("GET", f"/checks/{request}/export", role="viewer").status_code == 403
    file.unlink()
    assert api.call("GET", f"/checks/{request}/export").status_code == 404
    assert api.call("GET", f"/checks/{new_id()}/export").status_code == 404


def test_pipelines_are_listed_with_the_lowest_score_of_their_last_run(api: Api) -> None:
    api.apply(PIPELINE.format(name="scored", more="", table="facts"))
    run = api.run("scored", {"reads": [], "sinks": []})
    with api.database.transaction() as tx:
        for stage, score in enumerate((88.0, 71.5, None)):
            quality.insert(tx, run, stage, "default", measured("default/db:scored", score=score))
    listed = {one["name"]: one["qualityScore"] for one in api.call("GET", "/pipelines", role="viewer").json["items"]}
    assert listed["scored"] == 71.5
    (told,) = [one for one in api.call("GET", f"/runs/{run}").json["quality"] if one["stage"] == 1]
    assert (told["score"], told["partial"], told["errors"], told["scope"]) == (71.5, False, 0, "batch")


def test_rules_are_suggested_as_a_rule_set_that_can_be_applied(api: Api) -> None:
    columns = [{"name": "id", "type": "BIGINT", "rows": 50, "nulls": 0, "nullPercent": 0.0, "distinct": 50, "distinctExact": True}]
    check(api, measured("default/db:orders2", profile={"rows": 50, "columns": columns}))
    check(api, measured("default/db:orders2"))
    found = api.call("POST", "/quality/default/default/db:orders2/suggest", role="viewer").json
    assert found["rules"] == 3
    assert [rule["type"] for rule in yaml.safe_load(found["document"])["spec"]["rules"]] == ["ROW_COUNT", "NOT_NULL", "UNIQUE"]
    assert api.call("POST", "/quality/default/default/db:nothing/suggest").status_code == 404
    check(api, measured("default/db:unprofiled"))
    assert api.call("POST", "/quality/default/default/db:unprofiled/suggest").status_code == 409


PIPELINE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {{name: {name}}}
spec:
  {more}
  nodes:
    - {{id: read, type: connector_source, config: {{connector: files, path: orders.csv}}}}
    - {{id: keep, type: connector_sink, config: {{connector: db, table: {table}, writeMode: INSERT}}}}
  edges: [{{from: read, to: keep}}]
"""
SINK = {"node": "keep", "connector": "default/db", "target": "facts", "writeMode": "INSERT", "options": {}}


@pytest.fixture(scope="module")
def settings(api: Api) -> Settings:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PENSTOCK_DATABASE_URL", api.database.url)
        patch.setenv("PENSTOCK_REDIS_URL", "redis://127.0.0.1:1/0")
        patch.setenv("PENSTOCK_STAGING_URL", "file:///tmp/penstock-no-staging")
        return Settings.from_environment()


def ends(api: Api, settings: Settings, pipeline: str, sink: dict[str, Any]) -> list[dict[str, Any]]:
    """A run of it ends; the profiles that are asked for."""
    run = api.run(pipeline, {"reads": [], "sinks": [sink]})
    with api.database.transaction() as tx:
        endings.add(tx, run, "default", pipeline, "SUCCEEDED")
    before = {row["id"] for row in api.all("SELECT id FROM requests")}
    while conclude(api.database, settings):
        pass
    return [row["args"] for row in api.all("SELECT id, args FROM requests WHERE kind = 'profile'") if row["id"] not in before]


def test_what_a_run_writes_is_profiled_once_at_a_time_and_not_where_that_is_off(api: Api, settings: Settings) -> None:
    api.apply(PIPELINE.format(name="profiled", more="", table="facts"))
    (args,) = ends(api, settings, "profiled", SINK)
    program = CheckProgram.from_json(args)
    assert (program.dataset, program.rule_set, program.rules, program.scope) == ("default/db:facts", None, (), "dataset")
    assert program.this.options == {"table": "facts"}
    assert ends(api, settings, "profiled", SINK) == []
    (folder,) = ends(api, settings, "profiled", {**SINK, "connector": "default/files", "target": "out"})
    assert CheckProgram.from_json(folder).this.options == {"path": "out/**/*", "format": "parquet"}
    assert ends(api, settings, "profiled", {**SINK, "connector": "default/gone"}) == []
    api.apply(PIPELINE.format(name="quiet", more="qualityDefault: off", table="facts"))
    assert ends(api, settings, "quiet", {**SINK, "target": "others"}) == []


def test_a_sink_that_a_rule_set_looks_at_is_not_profiled_as_well(api: Api, settings: Settings) -> None:
    api.apply(PIPELINE.format(name="checked", more="", table="facts"))
    run = api.run("checked", {"reads": [], "sinks": [{**SINK, "target": "checked"}]})
    with api.database.transaction() as tx:
        tx.execute(
            "INSERT INTO stages (run_id, stage, kind, nodes, inputs, generation, queue, status, epoch)"
            " VALUES (%(run)s, 2, 'check', '{keep}', '{1}', 2, 'quality', 'COMPLETED', 1)",
            {"run": run},
        )
        endings.add(tx, run, "default", "checked", "SUCCEEDED")
    while conclude(api.database, settings):
        pass
    assert api.all("SELECT 1 FROM requests WHERE args ->> 'dataset' = 'default/db:checked'") == []
