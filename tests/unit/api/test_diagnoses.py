"""A diagnosis over the API: who may ask, what is gathered, and that it changes nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from services.api.cli.diagnosis import lines
from services.api.settings import Settings
from shared.assistant import Endpoint
from shared.errors import ConfigurationError
from shared.store import schemas
from tests.support.language_model import model

RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: %s}
spec:
  nodes:
    - {id: read, type: connector_source, config: {connector: db, table: %s_in}}
    - {id: net, type: expression, config: {columns: [{name: net, expression: amount - tax}]}}
    - {id: write, type: connector_sink, config: {connector: db, table: out, writeMode: INSERT}}
  edges: [{from: read, to: net}, {from: net, to: write}]
"""
DUPLICATE = {
    "code": "connector_rejected_data",
    "message": 'h:5432/d, table out: duplicate key value violates unique constraint "out_pkey" (Key (id)=(7) already exists.)',
    "fault": "data",
}


def failed(api: Any, pipeline: str, error: dict[str, Any] | None, status: str = "FAILED") -> str:
    program = {"reads": [{"node": "read"}, {"node": "net"}], "sinks": [{"node": "write"}]}
    run: str = api.run(pipeline, program, status=status)
    if error is not None:
        told = Jsonb({**error, "stage": 1, "node": error.get("node") or "net"})
        api.all("UPDATE runs SET error = %(e)s, started_at = now() WHERE id = %(run)s RETURNING id", e=told, run=run)
        api.all("UPDATE stages SET error = %(e)s, status = 'FAILED' WHERE run_id = %(run)s RETURNING stage", e=Jsonb(error), run=run)
    return run


def diagnosed(api: Any, run: str, body: Any = None, role: str = "viewer") -> Any:
    answer = api.call("POST", f"/runs/{run}/diagnose", body, role=role)
    assert answer.status_code == 200, answer.text
    return answer.json


def test_a_viewer_is_told_the_cause_and_a_correction_of_the_version_that_ran(api: Any) -> None:
    api.apply(RECIPE % ("twice", "twice"))
    well = failed(api, "twice", None, "SUCCEEDED")
    before = failed(api, "twice", DUPLICATE)
    run = failed(api, "twice", {**DUPLICATE, "message": DUPLICATE["message"].replace("(7)", "(8)")})
    found = diagnosed(api, run)
    first = found["findings"][0]
    # The run's error is charged to a node of its stage at random; a key that is there already is its sink's matter.
    assert (first["cause"], first["confidence"], first["evidence"][0]["where"]) == ("duplicate-key", "certain", "node write, stage 1")
    assert "writeMode: UPSERT" in first["fix"]["text"]
    assert found["seen"]["runs"] == [before]
    assert (found["seen"]["times"], found["seen"]["lookedAt"]) == (1, 2)
    assert (found["seen"]["lastWell"]["run"], found["seen"]["lastWell"]["version"]) == (well, 1)
    assert found["fingerprint"] == diagnosed(api, before)["fingerprint"]
    told = "\n".join(lines(found))
    assert "seen once before" in told
    assert "upsertKeys: [id]" in told


def test_a_column_that_was_renamed_is_known_from_the_history_of_its_schema(api: Any) -> None:
    api.apply(RECIPE % ("drifted", "drifted"))

    def survey(*names: str) -> None:
        columns = [[name, "NUMERIC(12, 2)", True] for name in names]
        with api.database.transaction() as tx:
            schemas.seen(tx, "default/db", {"table": "drifted_in"}, {"exists": True, "columns": columns})

    survey("id", "amount", "tax")
    failed(api, "drifted", None, "SUCCEEDED")
    survey("id", "amount_eur", "tax")
    error = {"code": "plan", "node": "net", "message": "node net: there is no column amount; there is id, amount_eur, tax"}
    first = diagnosed(api, failed(api, "drifted", error))["findings"][0]
    assert first["cause"] == "column-renamed"
    assert "expression: amount_eur - tax" in first["fix"]["text"]
    assert first["fix"]["lines"] == [8]
    # What a good run has lived with is not why a later one failed.
    failed(api, "drifted", None, "SUCCEEDED")
    later = diagnosed(api, failed(api, "drifted", error))["findings"]
    assert [one["cause"] for one in later] == ["column-unknown"]


def test_rejected_rows_are_shown_without_what_looks_secret(api: Any) -> None:
    api.apply(RECIPE % ("secretive", "secretive"))
    error = {"code": "too_many_rejects", "node": "net", "message": "node net rejected 2 of 9 rows; its rejectLimit allows 1"}
    run = failed(api, "secretive", error)
    for at in (1, 2):
        api.letter(run, "net", {"id": at, "user_password": "open sesame"}, kind="row", position=at)
    told = [one["what"] for one in diagnosed(api, run)["findings"][0]["evidence"]]
    assert any("2 rejected rows" in one and '"user_password": "***"' in one for one in told), told
    assert "sesame" not in json.dumps(told)


def test_a_run_that_waits_says_for_what(api: Any) -> None:
    api.apply(RECIPE % ("queued", "queued"))
    run = failed(api, "queued", None, "QUEUED")
    why = Jsonb({"reason": "concurrency", "detail": "4 runs are running, the limit is 4"})
    api.all("UPDATE runs SET waiting_for = %(why)s, finished_at = NULL WHERE id = %(run)s RETURNING id", why=why, run=run)
    found = diagnosed(api, run)
    assert [one["cause"] for one in found["findings"]] == ["waits-for-place"]
    assert (found["fingerprint"], found["seen"]) == (None, None)


def test_a_run_that_went_well_has_nothing_wrong(api: Any) -> None:
    api.apply(RECIPE % ("fine", "fine"))
    found = diagnosed(api, failed(api, "fine", None, "SUCCEEDED"))
    assert (found["findings"], found["summary"]) == ([], "nothing is wrong with this run")


def test_whoever_asks_wrongly_is_told_so(api: Any) -> None:
    api.apply(RECIPE % ("asked", "asked"))
    run = failed(api, "asked", DUPLICATE)
    assert api.call("POST", "/runs/0198c2de-0000-7000-8000-000000000001/diagnose").status_code == 404
    assert api.call("POST", "/runs/nothing/diagnose").status_code == 404
    wrong = api.call("POST", f"/runs/{run}/diagnose", {"assistent": True})
    assert (wrong.status_code, "there is assistant" in wrong.json["detail"]) == (422, True)
    for said in ("yes", "true", 0, 1, 0.0, None):
        assert api.call("POST", f"/runs/{run}/diagnose", {"assistant": said}).status_code == 422, said


def test_the_language_model_is_off_unless_it_is_set_up_and_costs_no_viewer_anything(api: Any) -> None:
    api.apply(RECIPE % ("modelled", "modelled"))
    run = failed(api, "modelled", DUPLICATE)
    assert diagnosed(api, run)["assistantAvailable"] is False
    assert api.call("POST", f"/runs/{run}/diagnose", {"assistant": True}, role="viewer").status_code == 403
    answer = api.call("POST", f"/runs/{run}/diagnose", {"assistant": True}, role="editor")
    assert (answer.status_code, "PENSTOCK_ASSISTANT_URL" in answer.json["detail"]) == (409, True)


def test_what_the_language_model_proposes_stands_apart_and_its_failure_spoils_nothing(api: Any) -> None:
    api.apply(RECIPE % ("proposed", "proposed"))
    run, extensions = failed(api, "proposed", DUPLICATE), api.client.application.extensions
    settings = extensions["penstock.settings"]
    better = (RECIPE % ("proposed", "proposed")).replace("writeMode: INSERT", "writeMode: OVERWRITE")
    try:
        with model(200, json.dumps({"text": "Replace it all.", "recipe": better})) as (url, _):
            extensions["penstock.settings"] = replace(settings, assistant=Endpoint(url, "m-1", "the-key"))
            found = diagnosed(api, run, {"assistant": True}, "editor")
        assert (found["assistant"]["model"], found["assistant"]["fix"]["text"]) == ("m-1", better)
        assert "Replace it all." in "\n".join(lines(found))
        assert found["findings"][0]["cause"] == "duplicate-key"
        with model(500, None) as (url, _):
            extensions["penstock.settings"] = replace(settings, assistant=Endpoint(url, "m-1", "the-key"))
            found = diagnosed(api, run, {"assistant": True}, "editor")
        assert (found["assistant"]["fix"], "answered 500" in found["assistant"]["refused"]) == (None, True)
        assert found["findings"][0]["cause"] == "duplicate-key"
    finally:
        extensions["penstock.settings"] = settings


def test_its_settings_are_read_and_its_key_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "DATABASE_URL": "postgresql://h/d",
        "REDIS_URL": "redis://h",
        "ASSISTANT_URL": "https://models.example.com/v1",
        "ASSISTANT_MODEL": "m-1",
        "ASSISTANT_KEY": "the-key",
    }.items():
        monkeypatch.setenv(f"PENSTOCK_{name}", value)
    made = Settings.from_environment()
    assert made.assistant is not None
    assert (made.assistant.url, made.assistant.model, made.assistant.key) == ("https://models.example.com/v1", "m-1", "the-key")
    assert "the-key" not in repr(made)
    monkeypatch.delenv("PENSTOCK_ASSISTANT_MODEL")
    with pytest.raises(ConfigurationError, match="PENSTOCK_ASSISTANT_MODEL is not set"):
        Settings.from_environment()
    monkeypatch.setenv("PENSTOCK_ASSISTANT_URL", "models.example.com")
    with pytest.raises(ConfigurationError, match="must begin with https"):
        Settings.from_environment()
