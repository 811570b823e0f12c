"""Events of OpenLineage on their way out: in order, until they are taken, and a run that is asked for again is another one."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from services.scheduler.ended import conclude
from services.scheduler.lineage import Sender, begun
from services.scheduler.receiver import Receiver
from services.scheduler.settings import Settings
from shared.process.settings import BadSetting
from shared.rules.facets import facets
from shared.store import endings
from tests.support.openlineage import check
from tests.support.receivers import Web, web

# Of conftest, which cannot be imported.
Api = Any
PIPELINE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: told}
spec:
  nodes:
    - {id: read, type: connector_source, config: {connector: db, query: "SELECT a.id FROM s.a JOIN b USING (id)", schema: {id: BIGINT}}}
    - {id: write, type: connector_sink, config: {connector: db, table: t, writeMode: INSERT}}
  edges: [{from: read, to: write}]
"""


@pytest.fixture
def settings(api: Api, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("PENSTOCK_DATABASE_URL", api.database.url)
    monkeypatch.setenv("PENSTOCK_REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("PENSTOCK_STAGING_URL", "file:///tmp/penstock-no-staging")
    return Settings.from_environment()


def goes(api: Api, settings: Settings, run: str, status: str) -> None:
    """A run begins and ends."""
    with api.database.transaction() as tx:
        tx.execute("UPDATE runs SET started_at = clock_timestamp() WHERE id = %s", (run,))
        begun(tx, [run], settings)
    with api.database.transaction() as tx:
        endings.add(tx, run, "default", "told", status)
        tx.execute(
            "INSERT INTO events (run_id, seq, type) SELECT %(r)s, count(*) + 1, 'run.finished' FROM events WHERE run_id = %(r)s",
            {"r": run},
        )
    while conclude(api.database, settings):
        pass


def sent(api: Api, settings: Settings, far: Web, many: int) -> list[dict[str, Any]]:
    """So many requests, as events."""
    assert settings.openlineage is not None
    sender = Sender(api.database, settings, settings.openlineage)
    sender.leads.set()
    sender.start()
    try:
        return [json.loads(got.body) for got in far.wait(many)]
    finally:
        sender.close()


def test_events_leave_in_order_and_are_sent_again_until_they_are_taken_or_refused(api: Api, settings: Settings) -> None:
    api.apply(PIPELINE)
    with web() as far:
        settings = replace(settings, openlineage=Receiver(f"{far.url}/in", "here"))
        run = api.run("told", {}, status="FAILED")
        api.all("""UPDATE runs SET error = '{"message": "it broke"}' WHERE id = %(r)s RETURNING id""", r=run)
        goes(api, settings, run, "FAILED")
        goes(api, settings, run, "CANCELLED")
        skipped = api.run("told", {}, status="SKIPPED")
        with api.database.transaction() as tx:
            endings.add(tx, skipped, "default", "told", "SKIPPED")
        while conclude(api.database, settings):
            pass
        # Away, then the first is taken; the second is refused for good, so that it is in nobody's way.
        far.answers = [(503, "", {}), (201, "", {}), (422, "", {})]
        events = sent(api, settings, far, 5)
    assert [one["eventType"] for one in events] == ["START", "START", "FAIL", "START", "ABORT"]
    assert events[0] == events[1]
    assert [one["run"]["runId"] == run for one in events] == [True, True, True, False, False]
    assert events[3]["run"]["runId"] == events[4]["run"]["runId"]
    for one in events:
        check(one)
    assert events[2]["run"]["facets"]["errorMessage"]["message"] == "it broke"
    assert (events[2]["job"]["namespace"], events[2]["job"]["name"]) == ("here", "default.told")
    assert [one["name"] for one in events[2]["inputs"]] == ["demo.s.a", "demo.public.b"]
    assert [one["name"] for one in events[2]["outputs"]] == ["demo.public.t"]
    assert api.all("SELECT id FROM lineage_events") == []


def test_what_checks_found_is_told_of_what_was_read(api: Api, settings: Settings) -> None:
    api.apply(PIPELINE.replace("name: told", "name: checked").replace('query: "SELECT a.id FROM s.a JOIN b USING (id)"', "table: s.a"))
    found = facets({"results": [{"rule": "there", "type": "NOT_NULL", "passed": False}]}, [{"name": "there", "column": "id"}])
    with web() as far:
        settings = replace(settings, openlineage=Receiver(far.url, "here"))
        run = api.run("checked", {})
        with api.database.transaction() as tx:
            tx.execute(
                """
                INSERT INTO events (run_id, seq, type, node, stage, epoch, data) VALUES (%s, 1, 'quality.result', 'read', 2, 1, %s)
                """,
                (run, Jsonb({"facets": found})),
            )
        goes(api, settings, run, "SUCCEEDED")
        start, complete = sent(api, settings, far, 2)
    check(complete)
    assert start["inputs"][0]["inputFacets"] == {}
    (assertion,) = complete["inputs"][0]["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert assertion == {"assertion": "not_null: there", "success": False, "column": "id"}


def test_nothing_is_kept_where_nobody_is_told(api: Api, settings: Settings) -> None:
    api.apply(PIPELINE)
    goes(api, settings, api.run("told", {}), "SUCCEEDED")
    assert api.all("SELECT id FROM lineage_events") == []


@pytest.mark.parametrize(
    ("url", "posted"),
    [
        ("http://marquez:5000", "http://marquez:5000/api/v1/lineage"),
        ("https://x/", "https://x/api/v1/lineage"),
        ("https://x/in/", "https://x/in"),
    ],
)
def test_the_receiver_is_named_as_openlineages_clients_name_it(url: str, posted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENSTOCK_OPENLINEAGE_URL", url)
    found = Receiver.from_environment()
    assert found is not None and found.url == posted


def test_an_address_that_is_none_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENSTOCK_OPENLINEAGE_URL", "user:hunter2@x")
    with pytest.raises(BadSetting) as refused:
        Receiver.from_environment()
    assert "hunter2" not in refused.value.message
