"""When pipelines fire and which days count, as the API and the command line tell it; and what the scheduler makes of calendars."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from werkzeug.serving import make_server

from services.api.cli.__main__ import cli
from services.scheduler import due
from services.scheduler.settings import Settings
from shared.store import triggers

CALENDAR = """
apiVersion: penstock/v1
kind: Calendar
metadata: {name: %s}
spec: {%s}
"""
PIPELINE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: %s}
spec:
  %s
  nodes:
    - {id: read, type: connector_source, config: {connector: files, path: in.csv, schema: {id: BIGINT}}}
    - {id: write, type: connector_sink, config: {connector: files, path: out.csv, writeMode: OVERWRITE}}
  edges: [{from: read, to: write}]
"""


def pipeline(api: Any, name: str, settings: str) -> None:
    api.apply(PIPELINE % (name, settings))


def get(api: Any, path: str, status: int = 200) -> Any:
    answer = api.call("GET", path)
    assert answer.status_code == status, answer.text
    return answer.json


def test_the_next_times_are_shown_with_what_is_left_out(api: Any) -> None:
    pipeline(api, "daily", "schedule: 0 12 * * * !PL_HOLIDAY")
    found = get(api, "/pipelines/default/daily/next?count=400")
    assert found["pipeline"] == {
        "namespace": "default", "name": "daily", "version": 1, "enabled": True, "schedule": "0 12 * * * !PL_HOLIDAY",
        "timezone": "Europe/Warsaw",
    }  # fmt: skip
    assert found["notes"] == []
    fires = [one for one in found["items"] if one["skipped"] is None]
    skipped = {one["local"][5:10]: one["skipped"] for one in found["items"] if one["skipped"] is not None}
    assert len(fires) == 400
    assert skipped["12-24"] == {"name": "Christmas Eve", "calendar": "PL_HOLIDAY", "version": None}
    assert len(skipped) >= 14
    assert [one["at"] for one in found["items"]] == sorted(one["at"] for one in found["items"])


def test_many_times_of_a_day_that_is_left_out_are_one_line(api: Any) -> None:
    today = datetime.now(UTC).date()
    days = ", ".join(str(today + timedelta(days=number)) for number in range(3))
    api.apply(CALENDAR % ("shut", f"dates: [{days}]"))
    pipeline(api, "dense", "schedule: '*/10 * * * *'\n  timezone: UTC\n  calendar: shut")
    found = get(api, "/pipelines/default/dense/next?count=2")["items"]
    # What is left of today is a line of its own, or none: from the end, whatever the hour.
    assert [(one["times"], one["skipped"] is None) for one in found[-3:]] == [(144, False), (1, True), (1, True)]
    assert found[-3]["skipped"] == {"name": "day off", "calendar": "default/shut", "version": 1}


def test_a_disabled_one_and_a_draft_say_so(api: Any) -> None:
    pipeline(api, "resting", "schedule: '@daily'\n  enabled: false")
    found = get(api, "/pipelines/default/resting/next?count=1")
    assert found["pipeline"]["enabled"] is False and len(found["items"]) == 1
    assert found["notes"] == ["it is disabled: it would fire at these times if it were enabled"]
    wrong = PIPELINE % ("resting", "schedule: '@hourly'\n  timezone: Mars/Olympus")
    assert api.call("PUT", "/pipelines/default/resting", text=wrong).status_code == 200
    found = get(api, "/pipelines/default/resting/next?count=1")
    assert found["pipeline"]["schedule"] == "@daily"
    assert found["notes"][0] == "version 2 is a draft with errors; version 1 is in force, and this is when it fires"


def test_one_without_a_schedule_says_so(api: Any) -> None:
    pipeline(api, "by-hand", "timeout: 60")
    found = get(api, "/pipelines/default/by-hand/next")
    assert (found["items"], found["notes"]) == ([], ["version 1 has no schedule"])
    assert get(api, "/pipelines/default/by-hand/explain")["items"] == []


def test_a_calendar_that_is_not_there_is_named(api: Any) -> None:
    pipeline(api, "hopeful", "schedule: '@daily'\n  calendar: some-day")
    found = get(api, "/pipelines/default/hopeful/next?count=1")
    assert len(found["items"]) == 1
    assert found["notes"] == [
        "there is no calendar default/some-day that is valid: it fires as if that had no days off; apply a document of kind Calendar"
    ]


def test_one_that_its_calendars_leave_nothing_says_so(api: Any) -> None:
    api.apply(CALENDAR % ("trading", "exchanges: [XWAR]"))
    pipeline(api, "never", "schedule: 0 2 * * SAT\n  calendar: trading")
    said = "it never fires: its calendars leave out each of its times in the next twenty years"
    found = get(api, "/pipelines/default/never/next")
    assert (found["items"], found["notes"]) == ([], [said])
    explained = get(api, "/pipelines/default/never/explain?next=2")
    assert explained["notes"] == [said]
    assert [(one["weekday"], one["fires"], one["rule"]["name"]) for one in explained["items"]] == [
        ("Sat", 0, "no trade at the weekend, XWAR")
    ] * 2
    refused = PIPELINE % ("never", "schedule: 0 2 25 12 * !PL_HOLIDAY")
    errors = api.client.post("/api/v1/validate", headers={"Authorization": "Bearer admin-token"}, data=refused).json["errors"]
    assert "never fires; all its days are public holidays" in errors[0]["message"]


def test_each_date_is_explained_with_the_version_that_decided(api: Any) -> None:
    api.apply(CALENDAR % ("work", "countries: [PL], shift: next, halfDays: [2026-12-23]"))
    api.apply(CALENDAR % ("work", "countries: [PL], shift: next, halfDays: [2026-12-23], include: [2026-12-24]"))
    pipeline(api, "moved", "schedule: '0 2 * * *'\n  calendar: work")
    found = get(api, "/pipelines/default/moved/explain?from=2026-12-23&next=6")
    assert found["calendars"] == [{"name": "default/work", "version": 2}]
    assert [(one["date"][8:], one["fires"], one["movedTo"], one["movedFrom"]) for one in found["items"]] == [
        ("23", 1, None, []),
        ("24", 1, None, []),
        ("25", 0, "2026-12-28", []),
        ("26", 0, "2026-12-28", []),
        ("27", 1, None, []),
        ("28", 1, None, ["2026-12-25", "2026-12-26"]),
    ]
    assert found["items"][0]["halfDay"] == {"name": "half day", "calendar": "default/work", "version": 2}
    assert found["items"][1]["included"]["name"] == "included"
    assert found["items"][2]["rule"] == {"name": "Christmas Day, PL", "calendar": "default/work", "version": 2}
    moved = get(api, "/calendars/work/explain?pipeline=moved&from=2026-12-23&next=6")
    assert moved["items"] == found["items"]


def test_a_calendar_is_explained_by_itself(api: Any) -> None:
    api.apply(CALENDAR % ("plain", "subdivisions: [DE-BY]"))
    found = get(api, "/calendars/plain/explain?from=2026-01-05&days=2")
    assert [(one["date"], one["counts"], one["fires"]) for one in found["items"]] == [
        ("2026-01-05", True, None),
        ("2026-01-06", False, None),
    ]
    assert found["items"][1]["rule"] == {"name": "Epiphany, DE-BY", "calendar": "default/plain", "version": 1}
    (eve,) = get(api, "/calendars/PL_HOLIDAY/explain?from=2024-12-24&days=1")["items"]
    assert eve["counts"] is True


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/pipelines/default/nobody/next", 404, "there is no pipeline default/nobody"),
        ("/pipelines/default/nobody/explain", 404, "there is no pipeline default/nobody"),
        ("/calendars/nobody/explain", 404, "there is no calendar default/nobody that is valid"),
        ("/calendars/QQ_HOLIDAY/explain", 404, "no public holidays are known for QQ"),
        ("/pipelines/default/daily/next?count=0", 422, "a whole number from 1 to 500"),
        ("/pipelines/default/daily/explain?next=101", 422, "101 dates of a pipeline are too many"),
        ("/pipelines/default/daily/explain?from=tomorrow", 422, "must be a date as 2026-05-03"),
        ("/pipelines/default/daily/explain?from=0001-01-01", 422, "must lie in the years"),
        ("/calendars/PL_HOLIDAY/explain?pipeline=nobody", 404, "there is no pipeline default/nobody"),
        ("/calendars/DE_HOLIDAY/explain?pipeline=daily", 422, "pipeline daily does not go by calendar DE_HOLIDAY; it goes by PL_HOLIDAY"),
    ],
)
def test_what_cannot_be_told_is_refused_with_a_sentence(api: Any, path: str, status: int, said: str) -> None:
    pipeline(api, "daily", "schedule: 0 12 * * * !PL_HOLIDAY")
    assert said in get(api, path, status)["detail"]


def test_the_list_says_when_each_fires_next(api: Any) -> None:
    pipeline(api, "daily", "schedule: 0 12 * * * !PL_HOLIDAY")
    pipeline(api, "by-hand", "timeout: 60")
    listed = {one["name"]: one["nextFireAt"] for one in get(api, "/pipelines?limit=500")["items"]}
    assert listed["by-hand"] is None
    assert listed["daily"] == next(
        one["at"] for one in get(api, "/pipelines/default/daily/next?count=1")["items"] if one["skipped"] is None
    )


def test_days_that_a_calendar_includes_and_excludes_are_refused(api: Any) -> None:
    answer = api.call("PUT", "/resources/Calendar/default/torn", text=CALENDAR % ("torn", "include: [2026-01-02], exclude: [2026-01-02]"))
    if answer.status_code == 405:
        answer = api.client.post(
            "/api/v1/validate",
            headers={"Authorization": "Bearer admin-token"},
            data=CALENDAR % ("torn", "include: [2026-01-02], exclude: [2026-01-02]"),
        )
    assert "2026-01-02 is included, too" in answer.text


def test_the_scheduler_goes_by_the_calendar_of_now(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "STAGING_URL"):
        monkeypatch.setenv(f"PENSTOCK_{name}", "/not-used-here")
    pipeline(api, "by-calendar", "schedule: '0 0 * * *'\n  timezone: UTC\n  calendar: changing\n  catchUp: all")
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    days = [today - timedelta(days=number) for number in range(4)]
    api.apply(CALENDAR % ("changing", f"dates: [{days[1].date()}], include: [{days[2].date()}]"))
    api.apply(CALENDAR % ("changing", f"dates: [{days[1].date()}, {days[2].date()}]"))
    with api.database.transaction() as tx:
        tx.execute("UPDATE triggers SET look_at = NULL WHERE pipeline <> 'by-calendar'")
        tx.execute(
            "UPDATE triggers SET handled_to = %(at)s, look_at = now() WHERE pipeline = 'by-calendar'",
            {"at": days[3] - timedelta(hours=1)},
        )
    due.fire_due(api.database, Settings.from_environment())
    ran = api.all("SELECT logical_date, data_interval_start FROM runs WHERE pipeline = 'by-calendar' ORDER BY logical_date")
    assert [(one["logical_date"], one["data_interval_start"]) for one in ran] == [
        (days[3], days[3] - timedelta(days=1)),
        (days[0], days[3]),
    ]
    with api.database.transaction() as tx:
        (trigger,) = triggers.of_pipeline(tx, "default", "by-calendar")
    assert trigger.handled_to == today
    # By hand it is the same interval.
    asked = {"logicalDate": days[0].isoformat()}
    started = api.call("POST", "/pipelines/default/by-calendar/runs", asked)
    assert started.status_code == 202, started.text
    assert datetime.fromisoformat(started.json["dataIntervalStart"]) == days[3]


@pytest.fixture
def typed(api: Any) -> Iterator[Callable[..., tuple[int, str]]]:
    """What the command line answers: exit code, and all that it prints."""
    server = make_server("127.0.0.1", 0, api.client.application, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    def call(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(cli, ["--url", f"http://127.0.0.1:{server.port}", "--token", "admin-token", *words])
        return done.exit_code, done.output

    yield call
    server.shutdown()
    thread.join()


def test_the_command_line_tells_it_too(api: Any, typed: Callable[..., tuple[int, str]]) -> None:
    api.apply(CALENDAR % ("shown", "countries: [PL], shift: next, halfDays: [2026-12-23]"))
    pipeline(api, "typed", "schedule: '0 2 * * *'\n  calendar: shown\n  enabled: false")
    code, said = typed("calendar", "explain", "typed", "--from", "2026-12-23", "--next", "6")
    assert (code, said.splitlines()) == (
        0,
        [
            "2026-12-23 Wed  fires: half day (default/shown, version 1)",
            "2026-12-24 Thu  moved to 2026-12-28: Christmas Eve, PL (default/shown, version 1)",
            "2026-12-25 Fri  moved to 2026-12-28: Christmas Day, PL (default/shown, version 1)",
            "2026-12-26 Sat  moved to 2026-12-28: Second Day of Christmas, PL (default/shown, version 1)",
            "2026-12-27 Sun  fires",
            "2026-12-28 Mon  fires (with those of 2026-12-24, 2026-12-25, 2026-12-26)",
            "by default/shown, version 1",
            "it is disabled: it would fire at these times if it were enabled",
        ],
    )
    code, said = typed("next", "typed", "--count", "1")
    assert code == 0 and "T02:00:00+0" in said.splitlines()[0] and "it is disabled" in said
    assert typed("calendar", "explain", "--calendar", "PL_HOLIDAY", "--from", "2024-12-24", "--days", "2") == (
        0,
        "2024-12-24 Tue  counts\n2024-12-25 Wed  does not count: Christmas Day (PL_HOLIDAY)\nby PL_HOLIDAY, built in\n",
    )
    code, said = typed("next", "nobody")
    assert code == 2 and "there is no pipeline default/nobody" in said
