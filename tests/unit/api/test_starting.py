"""Schedules from their recipe to their runs: the API saves and switches, two schedulers fire, on one PostgreSQL."""

from __future__ import annotations

import base64
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.scheduler.admission import admit
from services.scheduler.due import MOST, fire_due
from services.scheduler.expand import plan_run
from services.scheduler.settings import Settings
from services.scheduler.starts import adopt
from services.scheduler.tidy import tidy
from shared.store.database import Database
from shared.store.partitions import Keep

RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: NAME}
spec:
  MORE
  nodes:
    - {id: read, type: connector_source, config: {connector: files, path: PATH, schema: {id: BIGINT}}}
    - {id: write, type: connector_sink, config: {connector: db, table: t, writeMode: INSERT}}
  edges: [{from: read, to: write}]
"""


class Schedules:
    def __init__(self, api: Any, settings: Settings) -> None:
        self.api, self.settings = api, settings
        self.schedulers = [Database(api.database.url, name=f"scheduler-{number}", size=2) for number in (1, 2)]

    def save(self, name: str, schedule: str = "0 * * * *", more: str = "", path: str = "in.csv") -> None:
        spec = f'schedule: "{schedule}"\n  timezone: UTC\n  {more}' if schedule else more
        self.api.apply(RECIPE.replace("NAME", name).replace("MORE", spec).replace("PATH", path))

    def asleep(self, name: str, **ago: float) -> datetime:
        """As if nobody had looked since then; that time."""
        since = datetime.now(UTC) - timedelta(**ago)
        self.api.all(
            "UPDATE triggers SET handled_to = %(since)s, look_at = %(since)s WHERE pipeline = %(p)s RETURNING id", since=since, p=name
        )
        return since

    def fire(self, scheduler: int = 0, **settings: Any) -> None:
        while fire_due(self.schedulers[scheduler], replace(self.settings, **settings)):
            pass

    def runs(self, name: str) -> list[dict[str, Any]]:
        return self.api.all("SELECT *, id::text AS id FROM runs WHERE pipeline = %(p)s ORDER BY logical_date", p=name)  # type: ignore[no-any-return]

    def outcomes(self, name: str) -> Counter[str]:
        found = self.api.all("SELECT f.outcome FROM firings f JOIN triggers t ON t.id = f.trigger_id WHERE t.pipeline = %(p)s", p=name)
        return Counter(row["outcome"] for row in found)

    def get(self, path: str) -> Any:
        answer = self.api.call("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json

    def schedule(self, name: str) -> Any:
        (one,) = self.get(f"/pipelines/default/{name}/triggers")["items"]
        return one


@pytest.fixture(scope="module")
def schedules(api: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Schedules]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PENSTOCK_DATABASE_URL", api.database.url)
        patch.setenv("PENSTOCK_REDIS_URL", "redis://127.0.0.1:1/0")
        patch.setenv("PENSTOCK_STAGING_URL", (tmp_path_factory.mktemp("staging")).as_uri())
        settings = Settings.from_environment()
    made = Schedules(api, settings)
    yield made
    for database in made.schedulers:
        database.close()


def hours(since: datetime) -> list[datetime]:
    first = since.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return [first + timedelta(hours=n) for n in range(1000) if first + timedelta(hours=n) <= datetime.now(UTC)]


def at(fire: datetime) -> str:
    return fire.isoformat().replace("+00:00", "Z")


def test_a_saved_schedule_starts_runs_for_its_fire_times_and_says_so(schedules: Schedules) -> None:
    schedules.save("hourly", more="catchUp: last")
    one = schedules.schedule("hourly")
    assert (one["type"], one["active"], one["lastFiring"], one["behind"]) == ("schedule", True, None, 0)
    schedules.fire()
    assert schedules.runs("hourly") == [], "nothing before it was saved is made up for"
    *missed, newest = hours(schedules.asleep("hourly", hours=30))
    schedules.fire()
    (run,) = schedules.runs("hourly")
    assert (run["logical_date"], run["data_interval_start"], run["status"]) == (newest, newest - timedelta(hours=1), "QUEUED")
    shown = schedules.get(f"/runs/{run['id']}")
    assert (shown["trigger"], shown["createdBy"]) == ({"type": "schedule", "fireAt": at(newest)}, "schedule")
    one = schedules.schedule("hourly")
    assert one["nextFireAt"] == at(newest + timedelta(hours=1))
    assert (one["lastFiring"]["outcome"], one["lastFiring"]["run"], one["problem"]) == ("run", run["id"], None)
    page = schedules.get("/pipelines/default/hourly/triggers/schedule/firings?limit=20")
    more = schedules.get(f"/pipelines/default/hourly/triggers/schedule/firings?limit=20&cursor={page['nextCursor']}")
    assert more["nextCursor"] is None
    assert {one["key"]: one["outcome"] for one in page["items"] + more["items"]} == {at(newest): "run", **{at(f): "missed" for f in missed}}
    refused = schedules.get("/pipelines/default/hourly/triggers/schedule/firings?outcome=refused")
    assert refused == {"items": [], "nextCursor": None}
    assert schedules.api.call("GET", "/pipelines/default/hourly/triggers/schedule/firings?cursor=x").status_code == 422
    answer = schedules.api.call("GET", "/pipelines/default/hourly/triggers/other/firings")
    assert (answer.status_code, "there is schedule" in answer.json["detail"]) == (404, True)
    assert schedules.api.call("GET", "/pipelines/default/nobody/triggers").status_code == 404


def test_two_schedulers_at_once_start_each_fire_time_once(schedules: Schedules) -> None:
    names = [f"both-{number}" for number in range(60)]
    for name in names:
        schedules.save(name, "*/10 * * * *", "catchUp: all")
    since = {name: schedules.asleep(name, hours=2) for name in names}
    until = datetime.now(UTC)
    together = threading.Barrier(2)

    def fire(scheduler: int) -> None:
        together.wait(20)
        schedules.fire(scheduler, catch_up_per_minute=100)

    threads = [threading.Thread(target=fire, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert schedules.api.all("SELECT 1 AS one FROM triggers WHERE active AND look_at <= now()") == []
    tens = [fire + timedelta(minutes=m) for fire in hours(until - timedelta(hours=4)) for m in range(0, 60, 10)]
    for name in names:
        dates = [run["logical_date"] for run in schedules.runs(name)]
        assert [fire for fire in dates if fire <= until] == [fire for fire in tens if since[name] < fire <= until]
        assert len(dates) == len(set(dates))
    # A clock that was put back: what is on record is not run again.
    schedules.asleep("both-0", hours=1)
    schedules.fire()
    dates = [run["logical_date"] for run in schedules.runs("both-0")]
    assert len(dates) == len(set(dates))


def test_all_that_were_missed_are_run_in_order_so_many_in_a_minute_and_what_is_on_time_does_not_wait(schedules: Schedules) -> None:
    schedules.save("every", "* * * * *", "catchUp: all")
    began = schedules.asleep("every", minutes=30)
    schedules.fire(catch_up_per_minute=4)
    late = [run for run in schedules.runs("every") if "catchUp" in run["trigger"]]
    assert len(late) == 4
    assert late[0]["logical_date"] - began <= timedelta(minutes=1), "the oldest first"
    on_time = [run for run in schedules.runs("every") if "catchUp" not in run["trigger"]]
    assert on_time
    waiting = schedules.schedule("every")["behind"]
    assert waiting == schedules.outcomes("every")["behind"] > 20
    schedules.fire(catch_up_per_minute=4)
    assert schedules.schedule("every")["behind"] == waiting, "not before the minute is over"
    for _ in range(20):
        # A minute later.
        schedules.api.all("""UPDATE triggers SET look_at = now(), state = '{"catchUpAt": "2026-01-01T00:00:00+00:00"}'
                              WHERE pipeline = 'every' RETURNING id""")  # fmt: skip
        schedules.fire(catch_up_per_minute=4)
    assert schedules.schedule("every")["behind"] == 0
    dates = [run["logical_date"] for run in schedules.runs("every")]
    assert dates == [dates[0] + timedelta(minutes=n) for n in range(len(dates))]
    assert len(dates) >= 30


def test_those_that_are_caught_up_wait_for_one_another_and_nothing_is_skipped_for_their_sake(schedules: Schedules) -> None:
    schedules.save("turns", "* * * * *", "catchUp: all")
    schedules.asleep("turns", minutes=10)
    schedules.fire()
    with schedules.schedulers[0].transaction() as tx:
        admit(tx, replace(schedules.settings, max_concurrent_runs=1000))
    found = Counter(run["status"] for run in schedules.runs("turns"))
    assert (found["RUNNING"], found["SKIPPED"]) == (1, 0)
    assert found["QUEUED"] >= 9
    (running,) = [run["id"] for run in schedules.runs("turns") if run["status"] == "RUNNING"]
    waiting = {run["waiting_for"]["reason"]: run["waiting_for"]["detail"] for run in schedules.runs("turns") if run["waiting_for"]}
    assert list(waiting) == ["pipeline"]
    assert running in waiting["pipeline"]


def test_a_fire_time_whose_pipeline_still_runs_is_recorded_as_a_skipped_run(schedules: Schedules) -> None:
    schedules.save("busy")
    other = schedules.api.run("busy", {}, status="RUNNING")
    schedules.api.all("UPDATE runs SET started_at = now() WHERE id = %(r)s RETURNING id", r=other)
    schedules.asleep("busy", hours=1)
    schedules.fire()
    with schedules.schedulers[0].transaction() as tx:
        admit(tx, schedules.settings)
    (skipped,) = [run for run in schedules.runs("busy") if run["id"] != other]
    assert (skipped["status"], other in skipped["error"]["message"]) == ("SKIPPED", True)


def test_a_schedule_whose_run_cannot_be_made_says_why_and_goes_on_with_the_next_fire_time(schedules: Schedules) -> None:
    schedules.save("lacking", more="parameters: [{name: day, required: true}]", path='"{{day}}.csv"')
    schedules.save("sound", more="parameters: [{name: day, default: x}]", path='"{{day}}.csv"')
    newest = hours(schedules.asleep("lacking", hours=1))[-1]
    schedules.asleep("sound", hours=1)
    schedules.fire()
    assert schedules.runs("lacking") == []
    assert len(schedules.runs("sound")) == 1, "the others of the same transaction are not held up"
    one = schedules.schedule("lacking")
    assert (one["lastFiring"]["key"], one["lastFiring"]["outcome"], one["lastFiring"]["run"]) == (at(newest), "refused", None)
    assert "day" in one["problem"]["message"] == one["lastFiring"]["detail"]["message"]
    assert one["nextFireAt"] == at(newest + timedelta(hours=1))
    schedules.fire()
    assert schedules.outcomes("lacking") == {"refused": 1}


def test_a_schedule_that_cannot_be_read_does_not_hold_up_the_others(schedules: Schedules) -> None:
    schedules.save("odd")
    schedules.save("even")
    schedules.api.all("""UPDATE triggers SET config = config || '{"timezone": "Mars/Olympus"}' WHERE pipeline = 'odd' RETURNING id""")
    for name in ("odd", "even"):
        schedules.asleep(name, hours=1)
    schedules.fire()
    assert (len(schedules.runs("odd")), len(schedules.runs("even"))) == (0, 1)
    (odd,) = schedules.api.all("SELECT problem, look_at > now() AS later FROM triggers WHERE pipeline = 'odd'")
    assert "Mars" in odd["problem"]["message"]
    assert odd["later"]
    schedules.api.all("UPDATE triggers SET active = false WHERE pipeline = 'odd' RETURNING id")


@pytest.mark.parametrize("catch_up", ["none", "last"])
def test_weeks_of_minutes_that_were_slept_through_are_decided_in_steps(schedules: Schedules, catch_up: str) -> None:
    name = f"weeks-{catch_up}"
    schedules.save(name, "* * * * *", f"catchUp: {catch_up}")
    schedules.asleep(name, minutes=MOST * 3 + 10)
    schedules.fire()
    found, dates = schedules.outcomes(name), [run["logical_date"] for run in schedules.runs(name)]
    assert sum(found.values()) >= MOST * 3 + 10 - 1
    assert found["run"] == len(dates) <= 3
    assert dates == [dates[0] + timedelta(minutes=n) for n in range(len(dates))], "the newest"


def test_a_person_switches_it_off_and_on_and_what_was_missed_meanwhile_is_not_made_up_for(schedules: Schedules) -> None:
    schedules.save("switched")
    path = "/pipelines/default/switched"
    assert (schedules.get(path)["enabled"], schedules.get(path)["switched"]) == (True, None)
    off = schedules.api.call("POST", f"{path}/disable", {"reason": "moving house"}, role="operator")
    assert (off.status_code, off.json["enabled"], off.json["version"]) == (200, False, 1)
    shown = schedules.get(path)["switched"]
    assert (shown["by"], shown["reason"]) == ("operator", "moving house")
    schedules.asleep("switched", hours=5)
    schedules.fire()
    assert schedules.runs("switched") == []
    schedules.save("switched", "30 * * * *")
    assert schedules.get(path)["enabled"] is False, "a version that says nothing else of it leaves it off"
    assert schedules.schedule("switched")["nextFireAt"] is None
    on = schedules.api.call("POST", f"{path}/enable", {}, role="operator")
    assert (on.json["enabled"], on.json["switched"]["by"]) == (True, "operator")
    schedules.fire()
    assert schedules.runs("switched") == []
    assert datetime.fromisoformat(schedules.schedule("switched")["nextFireAt"]) > datetime.now(UTC)
    schedules.save("switched", "30 * * * *", "enabled: false")
    shown = schedules.get(path)
    assert (shown["enabled"], shown["switched"]) == (False, None), "the recipe has changed its mind since"
    schedules.save("switched", "30 * * * *", "enabled: true")
    shown = schedules.get(path)
    assert (shown["enabled"], shown["switched"]) == (True, None)
    schedules.save("switched", "30 * * * *", "enabled: false")
    listed = {one["name"]: one["enabled"] for one in schedules.get("/pipelines?limit=500")["items"]}
    assert (listed["switched"], listed["hourly"]) == (False, True)


def test_who_may_not_and_what_cannot_be_switched(schedules: Schedules) -> None:
    schedules.save("fixed")
    post = schedules.api.call
    assert post("POST", "/pipelines/default/fixed/disable", {}, role="editor").status_code == 403
    assert post("POST", "/pipelines/default/nobody/disable", {}).status_code == 404
    wrong = post("POST", "/pipelines/default/fixed/disable", {"why": "x"})
    assert (wrong.status_code, "why" in wrong.json["detail"]) == (422, True)
    headers = {"Authorization": "Bearer admin-token", "Content-Type": "application/yaml"}
    text = RECIPE.replace("NAME", "draft").replace("MORE", "").replace("type: connector_sink", "type: sink_hole")
    assert schedules.api.client.put("/api/v1/pipelines/default/draft", headers=headers, data=text).status_code == 201
    answer = post("POST", "/pipelines/default/draft/enable", {})
    assert (answer.status_code, "draft" in answer.json["detail"]) == (409, True)
    assert schedules.get("/pipelines/default/draft")["enabled"] is None
    schedules.api.call("DELETE", "/pipelines/default/fixed")
    assert schedules.api.client.put(
        "/api/v1/pipelines/default/fixed", headers=headers, data=text.replace("draft", "fixed")
    ).status_code == 201  # fmt: skip
    assert post("POST", "/pipelines/default/fixed/enable", {}).status_code == 409, "what it was before it was deleted does not come back"


def test_what_is_behind_is_given_up_when_the_schedule_changes_and_kept_when_something_else_does(schedules: Schedules) -> None:
    schedules.save("changing", "* * * * *", "catchUp: all")
    schedules.asleep("changing", minutes=30)
    schedules.fire(catch_up_per_minute=2)
    waiting = schedules.outcomes("changing")["behind"]
    assert waiting > 20
    schedules.save("changing", "* * * * *", "catchUp: all\n  jitterSeconds: 5")
    assert schedules.outcomes("changing")["behind"] == waiting
    schedules.save("changing", "*/2 * * * *", "catchUp: all")
    assert (schedules.outcomes("changing")["behind"], schedules.outcomes("changing")["missed"]) == (0, waiting)


def test_a_fire_time_that_jitter_puts_off_survives_a_save_that_leaves_the_schedule(schedules: Schedules) -> None:
    schedules.save("kept", more="jitterSeconds: 3000")
    since = schedules.asleep("kept", minutes=1)
    (first,) = schedules.api.all("SELECT since FROM triggers WHERE pipeline = 'kept'")
    schedules.save("kept", more="jitterSeconds: 2000")
    (row,) = schedules.api.all("SELECT handled_to, since FROM triggers WHERE pipeline = 'kept'")
    assert (row["handled_to"], row["since"]) == (since, first["since"])


def test_a_text_that_is_away_puts_its_fire_times_off_and_loses_none(schedules: Schedules) -> None:
    schedules.save("away")
    schedules.asleep("away", hours=1)
    row = schedules.api.all(
        "UPDATE resource_versions v SET document = NULL FROM resources r, resource_versions o"
        " WHERE r.uid = v.uid AND o.uid = v.uid AND o.version = v.version AND r.name = 'away' RETURNING v.uid, o.document"
    )
    schedules.fire()
    assert (schedules.runs("away"), schedules.outcomes("away")) == ([], {})
    assert "PENSTOCK_DEFINITIONS" in schedules.schedule("away")["problem"]["message"]
    schedules.api.all(
        "UPDATE resource_versions SET document = %(d)s WHERE uid = %(u)s RETURNING uid", d=row[0]["document"], u=row[0]["uid"]
    )
    schedules.api.all("UPDATE triggers SET look_at = now() WHERE pipeline = 'away' RETURNING id")
    schedules.fire()
    assert len(schedules.runs("away")) == 1
    assert schedules.schedule("away")["problem"] is None


def test_a_calendar_whose_text_is_away_puts_fire_times_off_for_a_moment_only(schedules: Schedules) -> None:
    schedules.api.apply("{apiVersion: penstock/v1, kind: Calendar, metadata: {name: lost}, spec: {include: [2026-01-02]}}")
    schedules.save("by-lost", more="calendar: lost")
    schedules.asleep("by-lost", hours=1)
    schedules.api.all(
        "UPDATE resource_versions v SET document = NULL FROM resources r WHERE r.uid = v.uid AND r.name = 'lost' RETURNING v.uid"
    )
    schedules.fire()
    (row,) = schedules.api.all("SELECT look_at < now() + interval '1 minute' AS soon, problem FROM triggers WHERE pipeline = 'by-lost'")
    assert (row["soon"], row["problem"]["code"]) == (True, "definition_missing")
    assert schedules.runs("by-lost") == []
    for statement in (
        "UPDATE triggers SET active = false WHERE pipeline = 'by-lost' RETURNING id",
        "UPDATE resources SET deleted_at = now() WHERE name = 'lost' RETURNING uid",
    ):
        schedules.api.all(statement)


def test_a_calendar_of_what_a_run_waits_for_that_is_away_puts_its_fire_times_off_and_no_others(schedules: Schedules) -> None:
    all_ = schedules.api.all
    schedules.api.apply("{apiVersion: penstock/v1, kind: Calendar, metadata: {name: above}, spec: {include: [2026-01-02]}}")
    schedules.save("upstream", "30 * * * *", more="calendar: above")
    all_("UPDATE triggers SET since = now() - interval '2 days', look_at = 'infinity' WHERE pipeline = 'upstream' RETURNING id")
    for name in ("downstream", "beside"):
        schedules.save(name, more="catchUp: all")
    schedules.api.apply(
        "{apiVersion: penstock/v1, kind: PipelineDependency, metadata: {name: on-upstream},"
        " spec: {pipeline: downstream, dependsOn: [{pipeline: upstream}]}}"
    )
    for name in ("downstream", "beside"):
        schedules.asleep(name, hours=3)
    (row,) = all_(
        "UPDATE resource_versions v SET document = NULL FROM resources r, resource_versions o"
        " WHERE r.uid = v.uid AND o.uid = v.uid AND o.version = v.version AND r.name = 'above' RETURNING v.uid, o.document"
    )
    schedules.fire()
    assert (schedules.runs("downstream"), schedules.outcomes("downstream")) == ([], {})
    (looked,) = all_("SELECT look_at < now() + interval '1 minute' AS soon, problem FROM triggers WHERE pipeline = 'downstream'")
    assert (looked["soon"], looked["problem"]["code"]) == (True, "definition_missing")
    assert schedules.outcomes("beside") == {"run": 3}
    all_("UPDATE resource_versions SET document = %(d)s WHERE uid = %(u)s RETURNING uid", d=row["document"], u=row["uid"])
    all_("UPDATE triggers SET look_at = now() WHERE pipeline = 'downstream' RETURNING id")
    schedules.fire()
    assert schedules.outcomes("downstream") == {"run": 3}
    assert len(schedules.runs("downstream")) == 3
    assert schedules.schedule("downstream")["problem"] is None


def test_a_run_is_planned_by_the_connectors_of_triggers_and_notifications_too(
    schedules: Schedules, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PENSTOCK_MASTER_KEY", base64.b64encode(b"k" * 32).decode())
    connectors = {
        "files": "type: files, config: {root: /tmp}",
        "db": "type: sqlite, config: {path: /tmp/none.db}",
        "events": 'type: kafka, config: {bootstrapServers: "kafka:9092"}',
        "ops": 'type: http_push, config: {url: "https://ops.example/in"}',
    }
    for name, said in connectors.items():
        schedules.api.apply(f"{{apiVersion: penstock/v1, kind: Connector, metadata: {{name: {name}}}, spec: {{{said}}}}}")
    more = "triggers: [{type: kafka, connector: events, topic: t}]\n  notifications: [{on: [failure], type: webhook, connector: ops}]"
    schedules.save("by-others", more=more)
    schedules.asleep("by-others", hours=1)
    schedules.fire()
    (admitted,) = schedules.api.all("UPDATE runs SET status = 'RUNNING' WHERE pipeline = 'by-others' RETURNING id::text AS id")
    with schedules.schedulers[0].transaction() as tx:
        plan_run(tx, admitted["id"], schedules.settings)
    (run,) = schedules.runs("by-others")
    assert (run["status"], run["planning"], run["error"]) == ("RUNNING", "surveying", None)


def test_pipelines_of_an_older_release_start_by_themselves_once_a_scheduler_has_read_them(schedules: Schedules) -> None:
    schedules.save("older")
    schedules.api.all("DELETE FROM triggers WHERE pipeline = 'older' RETURNING id")
    schedules.api.all("UPDATE resources SET triggers_of = NULL, enabled = NULL WHERE name = 'older' RETURNING uid")
    while adopt(schedules.schedulers[0]):
        pass
    assert schedules.schedule("older")["active"]
    assert schedules.get("/pipelines/default/older")["enabled"] is True


def test_firings_are_forgotten_with_their_runs_and_those_that_wait_are_not(schedules: Schedules) -> None:
    schedules.save("forgotten", "* * * * *", "catchUp: all")
    schedules.asleep("forgotten", minutes=10)
    schedules.fire(catch_up_per_minute=1)
    waiting = schedules.outcomes("forgotten")["behind"]
    aged = "UPDATE firings SET at = now() - interval '100 days' FROM triggers t WHERE t.id = trigger_id AND pipeline = 'forgotten'"
    schedules.api.all(f"{aged} RETURNING key")
    tidy(schedules.schedulers[0], replace(schedules.settings, keep=Keep(timedelta(days=80), None)))
    assert sum(schedules.outcomes("forgotten").values()) > waiting, "not yet"
    tidy(schedules.schedulers[0], replace(schedules.settings, keep=Keep(timedelta(days=60), None)))
    assert schedules.outcomes("forgotten") == {"behind": waiting}
