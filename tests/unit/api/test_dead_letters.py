"""What people do with dead letters, and what is refused, against a real PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest

CSV = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: shops}
spec:
  nodes:
    - {id: read, type: connector_source, config: {connector: files, path: in.csv, schema: {id: BIGINT, name: TEXT, n: BIGINT}}}
    - {id: write, type: connector_sink, config: {connector: db, table: t, writeMode: UPSERT, upsertKeys: [id]}}
  edges: [{from: read, to: write}]
"""
READING = {"reads": [{"node": "read", "options": {"path": "in.csv", "options": {"delimiter": ","}}}]}


@pytest.fixture(scope="module")
def shops(api: Any) -> Any:
    api.apply(CSV)
    return api


def line(text: str) -> dict[str, str]:
    return {"file": "in.csv", "line": text}


def test_a_corrected_line_that_would_take_in_those_after_it_is_refused(shops: Any) -> None:
    letter = shops.letter(shops.run("shops", READING), "read", line("8,Smith,J,12"))
    answer = shops.call("PATCH", f"/dead-letters/{letter}", {"record": {"line": '8,"Smith,12'}})
    assert (answer.status_code, "is not closed" in answer.json["detail"]) == (422, True)
    answer = shops.call("PATCH", f"/dead-letters/{letter}", {"record": {"line": ""}})
    assert (answer.status_code, "blank" in answer.json["detail"]) == (422, True)
    assert shops.call("PATCH", f"/dead-letters/{letter}", {"record": {"line": '8,"Smith, J",12'}}).status_code == 200


def test_a_letter_with_an_open_quote_is_named_and_no_other_is_replayed_with_it(shops: Any) -> None:
    run = shops.run("shops", READING)
    first, bad = shops.letter(run, "read", line("x,a,1")), shops.letter(run, "read", line('9,"open,1'))
    answer = shops.call("POST", "/dead-letters/replay", {"run": run})
    assert (answer.status_code, answer.json["detail"].startswith(f"letter {bad} cannot be replayed: a quote")) == (409, True)
    assert {row["replay_run"] for row in shops.all("SELECT replay_run FROM dead_letters WHERE run_id = %(run)s", run=run)} == {None}
    assert shops.call("POST", "/dead-letters/waive", {"ids": [bad]}).json == {"letters": 1}
    answer = shops.call("POST", "/dead-letters/replay", {"run": run})
    assert (answer.status_code, answer.json["letters"]) == (202, 1)
    assert shops.call("GET", f"/dead-letters/{first}").json["replayRun"] == answer.json["runs"][0]["id"]
