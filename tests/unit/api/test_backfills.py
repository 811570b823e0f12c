"""Fire times that have passed, run on demand: asked for through the API, run by the scheduler's functions on a real store."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from werkzeug.serving import make_server

from services.api.cli.__main__ import cli
from services.scheduler import backfills as loop
from services.scheduler.backfills import start_backfills
from services.scheduler.ended import conclude
from shared.runs.states import RunStatus
from shared.store import backfills, triggers
from shared.store.database import Database, StoreUnavailable
from shared.triggers.told import told
from tests.support import starts
from tests.support.starts import Scheduler, at, recipe

FIRST = at("2026-01-01T06:00:00")
DAYS = [FIRST + timedelta(days=n) for n in range(90)]
RANGE = {"from": "2026-01-01", "to": "2026-03-31"}


class Backfills(Scheduler):
    def queue(self, pipeline: str) -> list[str]:
        """Ids of its runs that have not ended."""
        return [run["id"] for run in self.runs(pipeline) if run["status"] in {"QUEUED", "RUNNING"}]

    def until_over(self, pipeline: str, most: int) -> int:
        """Ends its runs as they come; the largest number that there was at once."""
        widest = 0
        for _ in range(200):
            self.turn()
            going = self.queue(pipeline)
            if not going:
                return widest
            widest = max(widest, len(going))
            assert widest <= most
            self.end(going[0])
        raise AssertionError("it goes on and on")


@pytest.fixture
def scheduler(api: Any, monkeypatch: pytest.MonkeyPatch) -> Backfills:
    return Backfills(api.database, starts.settings(api.database.url, monkeypatch))


def scheduled(api: Any, name: str, *more: str) -> None:
    api.apply(recipe(name, schedule="0 6 * * *", more=more))


def asked(api: Any, name: str, **body: Any) -> Any:
    return api.call("POST", f"/pipelines/default/{name}/backfill", {**RANGE, **body})


def preview(api: Any, name: str, **body: Any) -> Any:
    found = api.call("POST", f"/pipelines/default/{name}/backfill/preview", {**RANGE, **body}, role="viewer")
    assert found.status_code == 200, found.text
    return found.json


def meant(found: Any) -> list[datetime]:
    return [datetime.fromisoformat(one["logicalDate"]) for one in found["dates"] if one["runs"]]


def test_ninety_days_of_which_thirty_succeeded_and_five_failed(api: Any, scheduler: Backfills) -> None:
    scheduled(api, "ninety")
    good, bad = DAYS[10:40], DAYS[50:55]
    for date in good:
        scheduler.end(scheduler.fires("ninety", date))
    for n, date in enumerate(bad):
        scheduler.end(scheduler.fires("ninety", date), (RunStatus.FAILED, RunStatus.TIMED_OUT, RunStatus.CANCELLED)[n % 3])
    scheduler.turn()
    missing = preview(api, "ninety")
    assert [one["logicalDate"] for one in missing["dates"]] == [f"{date:%Y-%m-%dT%H:%M:%SZ}" for date in DAYS]
    assert meant(missing) == [date for date in DAYS if date not in good]
    assert (missing["runs"], missing["leftOut"]) == (60, 30)
    assert "has succeeded" in missing["dates"][10]["why"]
    assert meant(preview(api, "ninety", which="failed")) == bad
    assert meant(preview(api, "ninety", which="all", order="newest")) == DAYS[::-1]
    assert len(scheduler.runs("ninety")) == 35

    begun = asked(api, "ninety", maxParallel=7)
    assert begun.status_code == 202
    assert begun.json["dates"]["total"] == 60
    # Half of it by one scheduler, which then dies in the middle of a turn; the rest by another.
    for _ in range(25):
        scheduler.turn()
        scheduler.end(scheduler.queue("ninety")[0])
    dies_in_its_turn(scheduler)
    assert scheduler.until_over("ninety", most=7) == 7
    by_date: dict[datetime, list[Any]] = {}
    for run in scheduler.runs("ninety"):
        by_date.setdefault(run["logical_date"], []).append(run)
    assert sorted(by_date) == DAYS
    assert {date: len(found) for date, found in by_date.items() if len(found) != 1} == dict.fromkeys(bad, 2)
    assert {run["trigger"]["id"] for date in DAYS[:10] for run in by_date[date]} == {begun.json["id"]}
    ended = api.call("GET", f"/backfills/{begun.json['id']}").json
    assert (ended["state"], ended["dates"]["succeeded"], ended["dates"]["waiting"]) == ("finished", 60, 0)
    assert meant(preview(api, "ninety")) == []


def dies_in_its_turn(scheduler: Backfills) -> None:
    """All that a turn does, but its commit: its session ends before."""
    conclude(scheduler.database, scheduler.settings)
    before = len(scheduler.runs("ninety"))
    other = Database(scheduler.database.url, name="dies", size=1)
    with pytest.raises(StoreUnavailable), other.transaction() as tx:
        for one in backfills.with_room(tx, 5):
            loop._fill(tx, one, scheduler.settings)
        made = tx.execute("SELECT count(*) AS n FROM runs WHERE pipeline = 'ninety'").fetchone()
        assert made is not None
        assert made["n"] > before
        tx.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    other.close()
    assert len(scheduler.runs("ninety")) == before


def test_two_schedulers_start_no_date_twice_and_no_more_than_allowed(api: Any, scheduler: Backfills) -> None:
    scheduled(api, "two-at-once")
    asked(api, "two-at-once", to="2026-01-10", maxParallel=4)
    other = Database(scheduler.database.url, name="other", size=2)
    with scheduler.database.transaction() as tx:
        for one in backfills.with_room(tx, 5):
            loop._fill(tx, one, scheduler.settings)
        start_backfills(other, scheduler.settings)
    start_backfills(other, scheduler.settings)
    other.close()
    assert [run["logical_date"] for run in scheduler.runs("two-at-once")] == DAYS[:4]


def test_a_date_that_somebody_else_ran_since_is_left_out(api: Any, scheduler: Backfills) -> None:
    scheduled(api, "meanwhile")
    begun = asked(api, "meanwhile", to="2026-01-03", order="newest").json
    scheduler.turn()
    assert [run["logical_date"] for run in scheduler.runs("meanwhile")] == [DAYS[2]]
    scheduler.end(scheduler.fires("meanwhile", DAYS[0], by="manual"))
    scheduler.until_over("meanwhile", most=1)
    assert [run["logical_date"] for run in scheduler.runs("meanwhile")] == DAYS[:3]
    dates = api.call("GET", f"/backfills/{begun['id']}/dates").json["items"]
    assert [one["state"] for one in dates] == ["left_out", "started", "started"]
    assert "has succeeded" in dates[0]["detail"]["message"]
    assert [one["status"] for one in dates] == [None, "SUCCEEDED", "SUCCEEDED"]


def test_a_text_that_is_away_leaves_its_dates_to_be_run_and_is_told_of_once_a_minute(
    api: Any, scheduler: Backfills, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("text-away", "text-there"):
        scheduled(api, name)
    begun = asked(api, "text-away", to="2026-01-02").json
    asked(api, "text-there", to="2026-01-02")
    (row,) = api.all(
        "UPDATE resource_versions v SET document = NULL FROM resources r, resource_versions o"
        " WHERE r.uid = v.uid AND o.uid = v.uid AND o.version = v.version AND r.name = 'text-away' RETURNING v.uid, o.document"
    )
    for _ in range(3):
        scheduler.turn()
    assert (scheduler.runs("text-away"), len(scheduler.runs("text-there"))) == ([], 1)
    told_of = [record for record in caplog.records if "cannot be done now" in record.getMessage()]
    assert [begun["id"] in record.getMessage() for record in told_of] == [True]
    api.all("UPDATE resource_versions SET document = %(d)s WHERE uid = %(u)s RETURNING uid", d=row["document"], u=row["uid"])
    scheduler.until_over("text-away", most=1)
    dates = api.call("GET", f"/backfills/{begun['id']}/dates").json["items"]
    assert [one["status"] for one in dates] == ["SUCCEEDED", "SUCCEEDED"]


def test_dates_that_cannot_be_run_now_hold_up_neither_other_dates_nor_other_backfills(
    api: Any, scheduler: Backfills, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.scheduler.backfills.AT_ONCE", 1)
    for name in ("stuck", "newer"):
        scheduled(api, name)
    begun = asked(api, "stuck", to="2026-01-02").json
    asked(api, "newer", to="2026-01-02")
    (row,) = api.all(
        "UPDATE resource_versions v SET document = NULL FROM resources r, resource_versions o"
        " WHERE r.uid = v.uid AND o.uid = v.uid AND o.version = v.version AND r.name = 'stuck' RETURNING v.uid, o.document"
    )
    scheduler.turn()
    assert (scheduler.runs("stuck"), len(scheduler.runs("newer"))) == ([], 1)
    api.apply(recipe("stuck", schedule="0 6 * * *", more=("description: another text",)))
    api.all(
        "UPDATE backfill_dates SET version = 2 WHERE backfill_id = %(id)s AND logical_date = %(date)s RETURNING version",
        id=begun["id"], date=DAYS[1],
    )  # fmt: skip
    scheduler.turn()
    assert len(scheduler.runs("stuck")) == 1
    states = api.all("SELECT state FROM backfill_dates WHERE backfill_id = %(id)s ORDER BY logical_date", id=begun["id"])
    assert [one["state"] for one in states] == ["waiting", "started"]
    api.all(
        "UPDATE resource_versions SET document = %(d)s WHERE uid = %(u)s AND version = 1 RETURNING uid", d=row["document"], u=row["uid"]
    )
    for name in ("stuck", "newer"):
        scheduler.until_over(name, most=1)


def test_paused_resumed_and_cancelled_do_what_they_say(api: Any, scheduler: Backfills) -> None:
    scheduled(api, "held")
    one = f"/backfills/{asked(api, 'held', to='2026-01-10', maxParallel=2).json['id']}"
    scheduler.turn()
    first, second = scheduler.queue("held")
    assert api.call("POST", f"{one}/pause", {}).json["state"] == "paused"
    assert api.call("POST", f"{one}/pause", {}).status_code == 200
    scheduler.end(first)
    scheduler.turn()
    assert scheduler.queue("held") == [second]
    assert api.call("POST", f"{one}/resume", {}, role="operator").json["state"] == "running"
    scheduler.turn()
    assert len(scheduler.queue("held")) == 2
    gone = api.call("POST", f"{one}/cancel", {}).json
    assert (gone["state"], gone["dates"]["cancelled"], gone["dates"]["running"]) == ("cancelled", 7, 2)
    assert {run["status"] for run in scheduler.runs("held")} == {"SUCCEEDED", "RUNNING", "QUEUED"}
    assert api.call("POST", f"{one}/cancel", {"runs": True}).status_code == 200
    assert [run["status"] for run in scheduler.runs("held")] == ["SUCCEEDED", "CANCELLED", "CANCELLED"]
    again = api.call("POST", f"{one}/resume", {})
    assert (again.status_code, "is cancelled" in again.json["detail"]) == (409, True)
    assert api.call("POST", f"{one}/pause", {}, role="viewer").status_code == 403


def test_each_date_by_the_version_of_then_or_all_by_the_one_of_now(api: Any, scheduler: Backfills) -> None:
    scheduled(api, "aged", "description: first")
    scheduled(api, "aged", "description: second")
    with api.database.transaction() as tx:
        for number, saved in ((1, DAYS[1]), (2, DAYS[3])):
            tx.execute(
                "UPDATE resource_versions v SET created_at = %(at)s FROM resources r"
                " WHERE r.uid = v.uid AND r.name = 'aged' AND v.version = %(n)s",
                {"at": saved, "n": number},
            )
    then = preview(api, "aged", to="2026-01-05", version="then")
    assert [(one["runs"], one["version"]) for one in then["dates"]] == [(False, None), (True, 1), (True, 1), (True, 2), (True, 2)]
    assert "no valid version" in then["dates"][0]["why"]
    assert [one["version"] for one in preview(api, "aged", to="2026-01-05")["dates"]] == [2] * 5
    asked(api, "aged", to="2026-01-05", version="then", maxParallel=9)
    scheduler.turn()
    assert [(run["version"], run["trigger"]["version"]) for run in scheduler.runs("aged")] == [(n, "then") for n in (1, 1, 2, 2)]


def test_what_a_schedule_has_yet_to_come_to_is_left_to_it(api: Any, scheduler: Backfills) -> None:
    scheduled(api, "soon")
    with api.database.transaction() as tx:
        tx.execute("UPDATE triggers SET handled_to = %(d)s WHERE pipeline = 'soon'", {"d": DAYS[1]})
    found = preview(api, "soon", to="2026-01-04")
    assert meant(found) == DAYS[:2]
    assert found["dates"][3]["why"] == "its schedule has yet to come to it"


def test_what_waits_to_be_caught_up_is_left_to_the_schedule(api: Any, scheduler: Backfills) -> None:
    scheduled(api, "behind", "catchUp: all")
    with api.database.transaction() as tx:
        (trigger,) = triggers.of_pipeline(tx, "default", "behind")
        triggers.fired(tx, trigger, told(DAYS[1]), run=None, outcome=triggers.BEHIND)
    found = preview(api, "behind", to="2026-01-03")
    assert meant(found) == [DAYS[0], DAYS[2]]
    assert found["dates"][1]["why"] == "its schedule has yet to come to it"
    # One that falls behind after the backfill has begun is left to it, too.
    asked(api, "behind", to="2026-01-03", maxParallel=9)
    with api.database.transaction() as tx:
        triggers.fired(tx, trigger, told(DAYS[2]), run=None, outcome=triggers.BEHIND)
    scheduler.turn()
    assert [run["logical_date"] for run in scheduler.runs("behind")] == [DAYS[0]]


def test_backfilled_runs_wait_in_the_queue_where_the_policy_forbids_two_and_skip_no_scheduled_one(api: Any, scheduler: Backfills) -> None:
    scheduled(api, "polite")
    asked(api, "polite", to="2026-01-02", maxParallel=2)
    scheduler.turn()
    scheduler.turn()
    assert sorted(run["status"] for run in scheduler.runs("polite")) == ["QUEUED", "RUNNING"]
    fired = scheduler.fires("polite", DAYS[40])
    scheduler.turn()
    assert scheduler.run(fired)["status"] == "QUEUED"
    assert scheduler.run(fired)["waiting_for"]["reason"] == "pipeline"


def test_parameters_are_checked_when_it_is_asked_for_and_given_to_every_run(api: Any, scheduler: Backfills) -> None:
    scheduled(api, "told-what", "parameters: [{name: region, required: true}, {name: day, default: '{{today}}'}]")
    assert asked(api, "told-what").status_code == 422
    assert asked(api, "told-what", to="2026-01-02", parameters={"region": "PL"}, maxParallel=2, reason="new tariff").status_code == 202
    scheduler.turn()
    assert [run["parameters"]["region"] for run in scheduler.runs("told-what")] == ["PL", "PL"]
    assert {run["parameters"]["day"] for run in scheduler.runs("told-what")} == {"2026-01-01", "2026-01-02"}


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"from": "yesterday"}, 422, "from is wrong: 'yesterday' must be a day or time"),
        ({"to": "2025-12-31"}, 422, "'to' lies before 'from'"),
        ({"which": "some"}, 422, "missing, failed, all"),
        ({"maxParallel": 0}, 422, "from 1 to 100"),
        ({"order": "odd"}, 422, "oldest, newest"),
        ({"until": "2026-01-01"}, 422, "until is not known here; there is from, to"),
        ({"which": "failed"}, 409, "there is nothing to fill: none of the 90 fire times in this range is to be run (failed)"),
        ({"from": "2026-01-01T07:00:00Z", "to": "2026-01-01T08:00:00Z"}, 409, "it holds no fire time"),
    ],
)
def test_what_cannot_be_filled_is_refused_with_the_remedy(api: Any, body: dict[str, Any], status: int, words: str) -> None:
    scheduled(api, "refused")
    found = asked(api, "refused", **body)
    assert (found.status_code, words in found.json["detail"]) == (status, True), found.text


def test_ranges_schedules_and_second_backfills(api: Any) -> None:
    api.apply(recipe("by-hand"))
    none = asked(api, "by-hand")
    assert (none.status_code, "has no schedule" in none.json["detail"]) == (409, True)
    assert asked(api, "nowhere").status_code == 404
    api.apply(recipe("often", schedule="* * * * *"))
    many = asked(api, "often")
    assert (many.status_code, "more than 10,000 fire times" in many.json["detail"]) == (422, True)
    scheduled(api, "once")
    first = asked(api, "once", to="2026-01-05").json["id"]
    second = asked(api, "once", **{"from": "2026-01-05", "to": "2026-01-09"})
    assert (second.status_code, first in second.json["detail"]) == (409, True)
    assert asked(api, "once", **{"from": "2026-01-06", "to": "2026-01-09"}).status_code == 202
    assert asked(api, "once", dryRun=True).status_code == 200
    listed = api.call("GET", "/backfills?pipeline=once&limit=1").json
    assert [len(listed["items"]), listed["nextCursor"] is not None] == [1, True]
    assert api.call("DELETE", "/pipelines/default/once").status_code == 204
    assert {one["state"] for one in api.call("GET", "/backfills?pipeline=once").json["items"]} == {"cancelled"}
    with api.database.transaction() as tx:
        tx.execute("UPDATE backfills SET finished_at = now() - interval '3 days' WHERE id = %(id)s", {"id": first})
        backfills.prune(tx, timedelta(days=2))
    assert len(api.call("GET", "/backfills?pipeline=once").json["items"]) == 1


def test_the_same_key_begins_one_backfill(api: Any) -> None:
    scheduled(api, "keyed")
    headers = {"Authorization": "Bearer operator-token", "Content-Type": "application/json", "Idempotency-Key": "fill-january"}
    said = [api.client.post("/api/v1/pipelines/default/keyed/backfill", headers=headers, json=RANGE) for _ in range(2)]
    assert [one.status_code for one in said] == [202, 202]
    assert said[0].json["id"] == said[1].json["id"]
    assert said[0].headers["Location"] == f"/api/v1/backfills/{said[0].json['id']}"
    pages, cursor = [], ""
    while cursor is not None:
        page = api.call("GET", f"/backfills/{said[0].json['id']}/dates?limit=40" + (f"&cursor={cursor}" if cursor else "")).json
        pages, cursor = [*pages, *page["items"]], page["nextCursor"]
    assert [one["logicalDate"] for one in pages] == [f"{date:%Y-%m-%dT%H:%M:%SZ}" for date in DAYS]
    assert api.call("GET", f"/backfills/{said[0].json['id']}/dates?cursor=x").status_code == 422


@pytest.fixture
def penstock(api: Any) -> Iterator[Callable[..., str]]:
    """The command line against this API; what it prints."""
    server = make_server("127.0.0.1", 0, api.client.application, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def call(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(cli, ["--url", f"http://127.0.0.1:{server.server_port}", "--token", "admin-token", "backfill", *words])
        assert done.exit_code == code, done.output
        return done.output

    yield call
    server.shutdown()


def test_the_command_line_previews_begins_shows_and_ends_one(api: Any, scheduler: Backfills, penstock: Callable[..., str]) -> None:
    scheduled(api, "typed")
    span = ("default/typed", "--from", "2026-01-01", "--to", "2026-01-02")
    previewed = penstock("preview", *span).splitlines()
    assert previewed == [
        "2026-01-01T06:00:00Z  run by version 1    it has no run",
        "2026-01-02T06:00:00Z  run by version 1    it has no run",
        "2 to be run, 0 left out",
    ]
    assert penstock(*span, "--dry-run") == "\n".join(previewed) + "\n"
    begun = penstock(*span, "--order", "newest").split()
    assert begun[1:] == ["running", "default/typed", "2", "to", "come"]
    assert begun[0] in penstock("list", "typed", "--state", "running")
    assert "paused" in penstock("pause", begun[0])
    assert "running" in penstock("resume", begun[0])
    scheduler.turn()
    shown = penstock("show", begun[0])
    assert "2026-01-01T06:00:00Z  version 1  waiting" in shown
    assert f"2026-01-02T06:00:00Z  version 1  RUNNING    {scheduler.queue('typed')[0]}" in shown
    assert "1 cancelled" in penstock("cancel", begun[0])
    assert "is cancelled" in penstock("resume", begun[0], code=2)
