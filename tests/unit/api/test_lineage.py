"""Where a pipeline's data comes from and goes, its page, long lists line by line, and what an installation has."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.worker.stage import _ENGINES
from shared.engines.duckdb.rows import _FORMATS, _WRITERS
from shared.store import tokens

# Of conftest, which cannot be imported.
Api = Any
PIPELINE = """
apiVersion: penstock/v1
kind: Pipeline
metadata:
  name: NAME
  namespace: SPACE
  annotations: {description: "What | of it", owner: data-team, contacts: [a@example.com]}
spec:
  schedule: "0 6 * * 1-5"
  timezone: Europe/Warsaw
  parameters: [{name: day, type: date, default: "2026-01-01"}]
  nodes:
    - {id: read, type: connector_source, config: {connector: default/files, path: "FROM", columns: [id, amount]}}
    - {id: twice, type: expression, config: {columns: [{name: doubled, expression: amount * 2}]}}
    - {id: write, type: connector_sink, config: {connector: default/files, path: "TO", writeMode: OVERWRITE}}
  edges: [{from: read, to: twice}, {from: twice, to: write}]
"""


@pytest.fixture(scope="module")
def chain(api: Api) -> None:
    """first hands over to second, which hands over to hidden, in a namespace of its own."""
    for name, space, begin, end in (("first", "default", "a.csv", "b.csv"), ("second", "default", "b*.csv", "c.csv"),
                                    ("hidden", "far", "c.csv", "d.csv")):  # fmt: skip
        api.apply(PIPELINE.replace("NAME", name).replace("SPACE", space).replace("FROM", begin).replace("TO", end))
    with api.database.transaction() as tx:
        tokens.put(tx, "near-token", "near", "viewer", ["default"])


def lineage(api: Api, name: str, role: str = "viewer") -> Any:
    answer = api.call("GET", f"/pipelines/default/{name}/lineage", role=role)
    assert answer.status_code == 200, answer.text
    return answer.json


@pytest.mark.usefixtures("chain")
def test_tables_columns_and_neighbours_are_told(api: Api) -> None:
    found = lineage(api, "first")
    assert [one["dataset"] for one in found["inputs"] + found["outputs"]] == ["default/files:a.csv", "default/files:b.csv"]
    (doubled,) = [one for one in found["columns"] if one["column"] == "doubled"]
    assert doubled["from"] == [{"node": "read", "dataset": "default/files:a.csv", "column": "amount"}]
    assert (doubled["known"], doubled["copied"], doubled["dataset"]) == (True, False, "default/files:b.csv")
    assert "nobody has looked at read" in found["why"]
    assert [(one["pipeline"], one["distance"]) for one in found["downstream"]] == [("default/second", 1), ("far/hidden", 2)]
    assert [one["pipeline"] for one in lineage(api, "second")["upstream"]] == ["default/first"]


@pytest.mark.usefixtures("chain")
def test_pipelines_that_the_caller_may_not_see_are_not_told(api: Api) -> None:
    assert [one["pipeline"] for one in lineage(api, "first", "near")["downstream"]] == ["default/second"]
    assert "far/hidden" not in api.call("GET", "/pipelines/default/second/docs", role="near").text
    assert "far/hidden" in api.call("GET", "/pipelines/default/second/docs").text
    assert api.call("GET", "/pipelines/far/hidden/lineage", role="near").status_code == 403


@pytest.mark.usefixtures("chain")
def test_a_page_says_what_people_ask(api: Api) -> None:
    answer = api.call("GET", "/pipelines/default/second/docs")
    assert answer.mimetype == "text/markdown"
    for said in (
        "# default/second", "What \\| of it", "Schedule `0 6 * * 1-5`", "| day | date | `2026-01-01` |", "`b*.csv`",
        "reads what default/first writes", "is read by far/hidden", "contact: a@example.com", "n0 --> n1",
    ):  # fmt: skip
        assert said in answer.text, said


def test_what_is_not_there_or_not_valid_has_neither(api: Api) -> None:
    assert api.call("GET", "/pipelines/default/unheard-of/lineage").status_code == 404
    text = PIPELINE.replace("NAME", "draft").replace("SPACE", "default").replace("type: expression", "type: expresion")
    headers = {"Authorization": "Bearer admin-token", "Content-Type": "application/yaml"}
    assert api.client.put("/api/v1/pipelines/default/draft", headers=headers, data=text).status_code == 201
    for page in ("lineage", "docs"):
        assert api.call("GET", f"/pipelines/default/draft/{page}").status_code == 409


def test_a_connector_that_has_gone_leaves_the_columns_unknown(api: Api) -> None:
    api.apply("apiVersion: penstock/v1\nkind: Connector\nmetadata: {name: brief}\nspec: {type: files, config: {root: /tmp}}\n")
    api.apply(PIPELINE.replace("NAME", "lone").replace("SPACE", "default").replace("default/files", "default/brief"))
    api.all("UPDATE resources SET deleted_at = now() WHERE kind = 'Connector' AND name = 'brief' RETURNING name")
    found = lineage(api, "lone")
    assert found["columns"] is None
    assert "brief" in found["why"]


@pytest.mark.usefixtures("chain")
def test_long_lists_come_line_by_line_for_who_asks(api: Api) -> None:
    for number in range(3):
        api.run(f"listed-{number}", {})
    for path in ("/runs?limit=2", "/pipelines?limit=1", "/connectors?limit=1", "/pipelines/default/first/versions?limit=1"):
        headers = {"Authorization": "Bearer viewer-token", "Accept": "application/x-ndjson"}
        answer = api.client.get(f"/api/v1{path}", headers=headers)
        assert answer.mimetype == "application/x-ndjson"
        items = []
        cursor = ""
        while True:
            page = api.call("GET", f"{path}{cursor}").json
            items += page["items"]
            if page["nextCursor"] is None:
                break
            cursor = f"&cursor={page['nextCursor']}"
        assert [json.loads(line) for line in answer.text.splitlines()] == items
        assert len(items) > 0
    headers = {"Authorization": "Bearer viewer-token", "Accept": "*/*"}
    assert api.client.get("/api/v1/runs", headers=headers).mimetype == "application/json"
    headers["Accept"] = "application/x-ndjson"
    assert api.client.get("/api/v1/runs?status=DONE", headers=headers).status_code == 422


def test_engines_and_formats_are_as_workers_have_them(api: Api) -> None:
    engines = {one["name"]: one["available"] for one in api.call("GET", "/engines").json["items"]}
    assert {name for name, available in engines.items() if available} == set(_ENGINES)
    formats = {one["name"]: one for one in api.call("GET", "/formats").json["items"]}
    assert {name for name, one in formats.items() if one["written"]} == {*_FORMATS, *_WRITERS}
    assert formats["parquet"]["typed"] is True
    assert formats["csv"]["compressions"] == ["gzip", "zstd", "bz2"]
