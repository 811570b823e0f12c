"""Runs found by what is known of them, changed many at once, and compared with one another."""

from __future__ import annotations

from typing import Any

import pytest

from shared.store import tokens
from shared.store.identifiers import new_id

# Of conftest, which cannot be imported.
Api = Any
PIPELINE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: NAME}
spec:
  nodes:
    - {id: read, type: connector_source, config: {connector: files, path: PATH, schema: {id: BIGINT}}}
    - {id: write, type: connector_sink, config: {connector: db, table: t, writeMode: INSERT}}
  edges: [{from: read, to: write}]
"""
PROGRAM = {"reads": [{"node": "read", "connector": "default/files", "options": {"surveyed": [["id", "BIGINT"]]}, "columns": []}]}


def listed(api: Api, query: str, *, role: str = "viewer") -> list[str]:
    answer = api.call("GET", f"/runs?{query}", role=role)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json["items"]]


def changed(api: Api, what: str, body: dict[str, Any], *, role: str = "operator") -> Any:
    answer = api.call("POST", f"/runs/{what}", body, role=role)
    assert answer.status_code == 202, answer.text
    return answer.json


def status(api: Api, run: str) -> str:
    found: str = api.call("GET", f"/runs/{run}").json["status"]
    return found


@pytest.fixture(scope="module")
def made(api: Api) -> dict[str, str]:
    """One failed run that a schedule asked for, one cancelled, one that succeeded, in this order; all of one pipeline."""
    api.apply(PIPELINE.replace("NAME", "sorted").replace("PATH", "in.csv"))
    return {
        "failed": api.run("sorted", PROGRAM, status="FAILED", trigger={"type": "schedule"}),
        "cancelled": api.run("sorted", PROGRAM, status="CANCELLED"),
        "succeeded": api.run("sorted", PROGRAM),
    }


def test_runs_are_found_by_status_trigger_and_time(api: Api, made: dict[str, str]) -> None:
    of = "namespace=default&pipeline=sorted"
    assert listed(api, of) == [made["succeeded"], made["cancelled"], made["failed"]]
    assert listed(api, f"{of}&status=FAILED,CANCELLED") == [made["cancelled"], made["failed"]]
    assert listed(api, f"{of}&trigger=schedule") == [made["failed"]]
    assert listed(api, f"{of}&from=2100-01-01T00:00:00Z") == listed(api, f"{of}&to=2020-01-01") == []
    assert listed(api, f"{of}&from=2020-01-01&to=2100-01-01") == listed(api, of)
    assert listed(api, f"{of}&from=0167-06-16") == listed(api, of)
    assert listed(api, f"{of}&to=0167-06-16") == []


@pytest.mark.parametrize(
    ("query", "words"), [("status=DONE", "status"), ("status=FAILED,", "status"), ("trigger=me", "trigger"), ("label=x", "label"),
                         ("from=soon", "soon")],
)  # fmt: skip
def test_a_filter_that_says_nothing_is_refused(api: Api, query: str, words: str) -> None:
    answer = api.call("GET", f"/runs?{query}")
    assert answer.status_code == 422
    assert words in answer.json["detail"]


def test_labels_are_set_found_and_removed(api: Api, made: dict[str, str]) -> None:
    ids = [made["failed"], made["succeeded"]]
    assert changed(api, "label", {"ids": ids, "set": {"case": "4711", "team": "a"}}, role="editor")["done"] == 2
    assert listed(api, "label=case:4711") == [made["succeeded"], made["failed"]]
    assert listed(api, "label=case:4711,team:b") == []
    changed(api, "label", {"query": {"label": "case:4711", "status": "FAILED"}, "remove": ["case"]}, role="editor")
    assert listed(api, "label=case:4711") == [made["succeeded"]]
    assert api.call("GET", f"/runs/{made['failed']}").json["labels"] == {"team": "a"}
    many = {"ids": ids, "set": {f"l{number}": "" for number in range(21)}}
    assert [one["done"] for one in changed(api, "label", many, role="editor")["items"]] == [False, False]


def test_those_that_can_be_are_cancelled_and_the_others_say_why(api: Api, made: dict[str, str]) -> None:
    waiting = [api.run("sorted", PROGRAM, status="QUEUED") for _ in range(2)]
    unheard = new_id()
    found = changed(api, "cancel", {"ids": [waiting[0], made["succeeded"], unheard, waiting[0]]})
    assert [(one["run"], one["done"]) for one in found["items"]] == [(waiting[0], True), (made["succeeded"], False), (unheard, False)]
    assert [one["detail"] for one in found["items"]] == [None, "it has ended", f"there is no run {unheard}"]
    assert (status(api, waiting[0]), status(api, waiting[1])) == ("CANCELLED", "QUEUED")
    assert changed(api, "cancel", {"query": {"pipeline": "sorted", "status": "QUEUED,RUNNING"}})["done"] == 1
    assert status(api, waiting[1]) == "CANCELLED"


def test_failed_runs_are_asked_for_again_by_query(api: Api) -> None:
    api.apply(PIPELINE.replace("NAME", "again").replace("PATH", "in.csv"))
    failed = [api.run("again", PROGRAM, status="FAILED") for _ in range(3)]
    skipped = api.run("again", PROGRAM, status="SKIPPED")
    found = changed(api, "retry", {"query": {"pipeline": "again", "status": "FAILED,SKIPPED"}, "reason": "the source is back"})
    assert (found["done"], found["refused"], found["nextCursor"]) == (3, 1, None)
    assert {status(api, run) for run in failed} == {"QUEUED"}
    (refused,) = [one for one in found["items"] if not one["done"]]
    assert refused["run"] == skipped
    assert "was skipped" in refused["detail"]


def test_the_same_key_changes_them_once(api: Api) -> None:
    run = api.run("again", PROGRAM, status="QUEUED")
    headers = {"Authorization": "Bearer operator-token", "Idempotency-Key": new_id()}
    first, again = (api.client.post("/api/v1/runs/cancel", headers=headers, json={"ids": [run]}) for _ in range(2))
    assert first.json == again.json
    assert again.headers["Idempotency-Replayed"] == "true"


def test_runs_of_namespaces_that_the_caller_may_not_see_are_not_there(api: Api, made: dict[str, str]) -> None:
    with api.database.transaction() as tx:
        tokens.put(tx, "far-token", "far", "operator", ["far"])
    run = api.run("sorted", PROGRAM, status="QUEUED")
    found = api.call("POST", "/runs/cancel", {"ids": [run]}, role="far").json
    assert found["items"] == [{"run": run, "done": False, "status": None, "detail": f"there is no run {run}"}]
    assert api.call("POST", "/runs/cancel", {"query": {"pipeline": "sorted"}}, role="far").json["items"] == []
    assert status(api, run) == "QUEUED"
    assert api.call("POST", "/runs/cancel", {"ids": [run]}, role="viewer").status_code == 403


UNSAID: list[dict[str, Any]] = [
    {},
    {"query": {}},
    {"ids": []},
    {"ids": ["x"], "query": {"pipeline": "p"}},
    {"query": {"status": "DONE"}},
    {"query": {"colour": "red"}},
]


@pytest.mark.parametrize("body", UNSAID, ids=str)
def test_a_call_that_does_not_say_which_is_refused(api: Api, body: dict[str, Any]) -> None:
    assert api.call("POST", "/runs/cancel", body).status_code == 422


def compared(api: Api, run: str, other: str | None = None, *, role: str = "viewer") -> Any:
    return api.call("GET", f"/runs/{run}/diff{'?with=' + other if other else ''}", role=role)


def node(api: Api, run: str, name: str, rows: int, kind: str = "connector_source") -> None:
    api.all(
        """
        INSERT INTO nodes (run_id, node, ordinal, type, generation, stage, status, figures)
        VALUES (%(run)s, %(node)s, 1, %(kind)s, 1, 1, 'COMPLETED', jsonb_build_object('rowsOut', %(rows)s::bigint)) RETURNING node
        """,
        run=run, node=name, kind=kind, rows=rows,
    )  # fmt: skip


def test_a_run_is_compared_with_the_last_that_succeeded(api: Api) -> None:
    api.apply(PIPELINE.replace("NAME", "today").replace("PATH", "in.csv"))
    first = api.run("today", PROGRAM)
    node(api, first, "read", 100)
    api.run("today", PROGRAM, status="FAILED")
    api.run("today", PROGRAM, trigger={"type": "replay"})
    api.apply(PIPELINE.replace("NAME", "today").replace("PATH", "other.csv"))
    other = {"reads": [{**PROGRAM["reads"][0], "options": {"surveyed": [["id", "BIGINT"], ["at", "DATE"]]}}]}
    last = api.run("today", other)
    api.all("UPDATE runs SET version = 2, parameters = '{\"day\": 2}' WHERE id = %(r)s RETURNING id", r=last)
    node(api, last, "read", 5)
    answer = compared(api, last)
    assert answer.status_code == 200, answer.text
    found = answer.json
    assert found["comparedWith"]["id"] == first
    assert [one["kind"] for one in found["findings"]] == ["version", "parameters", "columns", "rows"]
    assert [one["told"] for one in found["findings"]][2:] == ["read reads other columns: at is new", "read: 5 rows out instead of 100"]
    assert [(one["path"], one["node"], one["after"]) for one in found["recipe"]] == [("/spec/nodes/0/config/path", "read", "other.csv")]
    (read,) = found["nodes"]
    assert (read["id"], read["before"]["rowsOut"], read["after"]["rowsOut"]) == ("read", 100, 5)
    assert compared(api, first, last).json["findings"][0]["told"] == "version 1 ran instead of 2"


def test_only_runs_of_one_pipeline_are_compared(api: Api, made: dict[str, str]) -> None:
    other = api.run("again", PROGRAM)
    assert compared(api, made["succeeded"], other).status_code == 422
    answer = compared(api, made["failed"])
    assert answer.status_code == 404
    assert "with=" in answer.json["detail"]
    assert compared(api, made["succeeded"], "nonsense").status_code == 404


def test_a_page_of_filtered_runs_goes_on_behind_the_last(api: Api) -> None:
    found: list[str] = []
    cursor = ""
    while True:
        page = api.call("GET", f"/runs?pipeline=again&status=QUEUED,FAILED,CANCELLED&limit=2{cursor}").json
        found += [one["id"] for one in page["items"]]
        if page["nextCursor"] is None:
            break
        cursor = f"&cursor={page['nextCursor']}"
    assert len(found) == len(set(found)) > 2
    assert found == sorted(found, reverse=True)
