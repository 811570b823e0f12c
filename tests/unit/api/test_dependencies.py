"""Pipelines that wait for, and are started by, others: saved through the API, decided by the scheduler's functions on a real store."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from services.scheduler.admission import admit
from shared.runs.states import RunStatus
from shared.store import dependencies, resources, tokens, triggers
from shared.triggers.told import told
from tests.support import starts
from tests.support.starts import Scheduler, at, dependency, recipe

DAY = at("2026-03-02T06:00:00")


@pytest.fixture
def scheduler(api: Any, monkeypatch: pytest.MonkeyPatch) -> Scheduler:
    return Scheduler(api.database, starts.settings(api.database.url, monkeypatch))


def daily(api: Any, scheduler: Scheduler, *names: str) -> None:
    api.apply("".join(recipe(name, schedule="0 6 * * *") for name in names))
    for name in names:
        scheduler.since(name, DAY - timedelta(days=9))


def status(scheduler: Scheduler, run: str) -> str:
    return str(scheduler.run(run)["status"])


def test_a_scheduled_run_waits_and_says_for_what_until_the_other_has_succeeded_for_the_same_date(api: Any, scheduler: Scheduler) -> None:
    daily(api, scheduler, "wait-a", "wait-b")
    api.apply(dependency("wait-dep", "wait-b", "wait-a"))
    run = scheduler.fires("wait-b", DAY)
    scheduler.turn()
    assert scheduler.run(run)["waiting_for"] == {
        "reason": "dependency",
        "detail": "waits for default/wait-a of 2026-03-02T06:00:00Z (dependency default/wait-dep)",
    }
    other_day = scheduler.fires("wait-a", DAY + timedelta(days=1))
    scheduler.end(other_day)
    scheduler.turn()
    assert status(scheduler, run) == "QUEUED"
    upstream = scheduler.fires("wait-a", DAY)
    scheduler.turn()
    assert (status(scheduler, upstream), status(scheduler, run)) == ("RUNNING", "QUEUED")
    scheduler.end(upstream)
    scheduler.turn()
    assert status(scheduler, run) == "RUNNING"
    assert api.all("SELECT run_id FROM waits WHERE run_id = %(run)s", run=run) == []


def test_runs_by_hand_do_not_wait_and_waiting_ones_hold_up_no_others_of_the_queue(api: Any, scheduler: Scheduler) -> None:
    daily(api, scheduler, "hand-a", "hand-b")
    api.apply(dependency("hand-dep", "hand-b", "hand-a"))
    waiting = [scheduler.fires("hand-b", DAY - timedelta(days=n)) for n in range(3)]
    scheduler.turn()
    by_hand = scheduler.fires("hand-b", DAY, by="manual")
    scheduler.turn()
    assert [status(scheduler, run) for run in waiting] == ["QUEUED"] * 3
    assert status(scheduler, by_hand) == "RUNNING"


def test_a_daily_run_needs_all_hourly_ones_of_its_interval(api: Any, scheduler: Scheduler) -> None:
    api.apply(recipe("hourly", schedule="30 * * * *") + recipe("nightly", schedule="0 6 * * *") + dependency("hours", "nightly", "hourly"))
    scheduler.since("hourly", DAY - timedelta(days=9))
    run = scheduler.fires("nightly", DAY)
    (wait,) = api.all("SELECT dates FROM waits WHERE run_id = %(run)s", run=run)
    first = at("2026-03-01T06:30:00")
    assert wait["dates"] == [first + timedelta(hours=n) for n in range(24)]
    for n, date in enumerate(wait["dates"]):
        scheduler.turn()
        assert status(scheduler, run) == "QUEUED", n
        scheduler.end(scheduler.fires("hourly", date, timedelta(hours=1)))
    scheduler.turn()
    assert status(scheduler, run) == "RUNNING"


def test_times_before_the_other_had_its_schedule_are_not_waited_for(api: Any, scheduler: Scheduler) -> None:
    api.apply(recipe("young", schedule="30 * * * *") + recipe("old", schedule="0 6 * * *") + dependency("youth", "old", "young"))
    scheduler.since("young", at("2026-03-02T04:00:00"))
    run = scheduler.fires("old", DAY)
    (wait,) = api.all("SELECT dates FROM waits WHERE run_id = %(run)s", run=run)
    assert wait["dates"] == [at("2026-03-02T04:30:00"), at("2026-03-02T05:30:00")]


@pytest.mark.parametrize(("then", "ends"), [("fail", "FAILED"), ("skip", "SKIPPED")])
def test_a_wait_that_is_too_long_ends_the_run_with_what_it_waited_for(api: Any, scheduler: Scheduler, then: str, ends: str) -> None:
    daily(api, scheduler, f"late-a-{then}", f"late-b-{then}")
    entry = f"pipeline: late-a-{then}, maxWaitMinutes: 30"
    api.apply(dependency(f"late-{then}", f"late-b-{then}", entry, more=f", onTimeout: {then}"))
    run = scheduler.fires(f"late-b-{then}", DAY)
    scheduler.turn()
    assert status(scheduler, run) == "QUEUED"
    (left,) = api.all("SELECT expires_at - clock_timestamp() AS left FROM waits WHERE run_id = %(run)s", run=run)
    assert timedelta(minutes=20) < left["left"] <= timedelta(minutes=30)
    with api.database.transaction() as tx:
        tx.execute("UPDATE waits SET expires_at = clock_timestamp() - interval '1 second' WHERE run_id = %(run)s", {"run": run})
    scheduler.turn()
    found = scheduler.run(run)
    assert found["status"] == ends
    assert found["error"]["code"] == "dependency_timeout"
    assert f"default/late-a-{then} of 2026-03-02T06:00:00Z" in found["error"]["message"]


def test_a_failure_resolves_all_descendants_in_one_turn(api: Any, scheduler: Scheduler) -> None:
    """a -> b -> c, c -> d, and a -> e -> f where nothing but its dependency starts e."""
    daily(api, scheduler, "chain-a", "chain-b", "chain-c", "chain-d", "chain-f")
    api.apply(recipe("chain-e"))
    for up, down in ("ab", "bc", "cd", "ae", "ef"):
        api.apply(dependency(f"chain-{up}{down}", f"chain-{down}", f"chain-{up}"))
    waiting = [scheduler.fires(f"chain-{name}", DAY) for name in "bcdf"]
    upstream = scheduler.fires("chain-a", DAY)
    scheduler.turn()
    scheduler.end(upstream, RunStatus.FAILED)
    scheduler.turn()
    assert [status(scheduler, run) for run in waiting] == ["FAILED"] * 4
    why = scheduler.run(waiting[0])["error"]
    assert why["code"] == "dependency_failed"
    assert "default/chain-a of 2026-03-02T06:00:00Z ended as FAILED" in why["message"]
    assert "default/chain-e of 2026-03-02T06:00:00Z cannot start" in scheduler.run(waiting[3])["error"]["message"]
    assert scheduler.runs("chain-e") == []
    # What failed is made good: what nothing has started yet starts.
    scheduler.end(scheduler.fires("chain-a", DAY, by="manual"))
    scheduler.turn()
    assert [run["trigger"]["type"] for run in scheduler.runs("chain-e")] == ["dependency"]


def test_a_run_that_failed_is_no_loss_while_another_of_its_date_may_succeed(api: Any, scheduler: Scheduler) -> None:
    daily(api, scheduler, "again-a", "again-b")
    api.apply(dependency("again-dep", "again-b", "again-a"))
    first, second = scheduler.fires("again-a", DAY), scheduler.fires("again-a", DAY, by="manual")
    run = scheduler.fires("again-b", DAY)
    scheduler.end(first, RunStatus.CANCELLED)
    scheduler.turn()
    assert status(scheduler, run) == "QUEUED"
    scheduler.end(second)
    scheduler.turn()
    assert status(scheduler, run) == "RUNNING"


@pytest.mark.parametrize(("condition", "ends"), [("success", "FAILED"), ("success-or-skipped", "RUNNING")])
def test_a_skipped_run_is_ready_only_where_that_is_asked_for(api: Any, scheduler: Scheduler, condition: str, ends: str) -> None:
    a, b = f"skip-a-{condition}", f"skip-b-{condition}"
    daily(api, scheduler, a, b)
    api.apply(dependency(f"skip-{condition}", b, f"pipeline: {a}, condition: {condition}"))
    run = scheduler.fires(b, DAY)
    scheduler.end(scheduler.fires(a, DAY), RunStatus.SKIPPED)
    scheduler.turn()
    assert status(scheduler, run) == ends


@pytest.mark.parametrize(("condition", "ends"), [("success", "FAILED"), ("success-or-skipped", "RUNNING")])
def test_a_fire_time_that_was_missed_counts_as_skipped_until_it_is_filled(
    api: Any, scheduler: Scheduler, condition: str, ends: str
) -> None:
    a, b = f"missed-a-{condition}", f"missed-b-{condition}"
    daily(api, scheduler, a, b)
    api.apply(dependency(f"missed-{condition}", b, f"pipeline: {a}, condition: {condition}"))
    with api.database.transaction() as tx:
        (trigger,) = triggers.of_pipeline(tx, "default", a)
        for day in (DAY, DAY + timedelta(days=1)):
            triggers.fired(tx, trigger, told(day), run=None, outcome="missed")
    run = scheduler.fires(b, DAY)
    scheduler.turn()
    assert status(scheduler, run) == ends
    if ends == "FAILED":
        assert "was missed" in scheduler.run(run)["error"]["message"]
        # One that is being filled may yet succeed.
        scheduler.fires(a, DAY + timedelta(days=1), by="backfill")
        later = scheduler.fires(b, DAY + timedelta(days=1))
        scheduler.turn()
        assert status(scheduler, later) == "QUEUED"


def test_what_waits_for_a_pipeline_without_fire_times_goes_by_those_above_it(api: Any, scheduler: Scheduler) -> None:
    api.apply(recipe("top", schedule="0 2,4 * * *") + recipe("other-top", schedule="0 4 * * *") + recipe("end", schedule="0 6 * * *"))
    api.apply(recipe("both") + recipe("either"))
    for name in ("top", "other-top"):
        scheduler.since(name, DAY - timedelta(days=9))
    api.apply(
        dependency("via-both", "both", "top", "other-top") + dependency("via-either", "either", "top", "other-top", more=", mode: any")
    )
    api.apply(dependency("via-end", "end", "both", "either"))
    run = scheduler.fires("end", DAY)
    waits = api.all("SELECT upstream, dates FROM waits WHERE run_id = %(run)s ORDER BY 1", run=run)
    two, four = at("2026-03-02T02:00:00"), at("2026-03-02T04:00:00")
    assert [(wait["upstream"], wait["dates"]) for wait in waits] == [("both", [four]), ("either", [two, four])]
    scheduler.end(scheduler.fires("top", two, timedelta(hours=22)))
    scheduler.turn()
    assert (len(scheduler.runs("both")), len(scheduler.runs("either"))) == (0, 1)


def test_one_of_several_is_enough_where_any_is_asked_for_and_all_documents_hold(api: Any, scheduler: Scheduler) -> None:
    daily(api, scheduler, "any-a", "any-b", "any-c", "any-d")
    api.apply(dependency("any-of", "any-d", "any-a", "any-b", more=", mode: any") + dependency("any-too", "any-d", "any-c"))
    run = scheduler.fires("any-d", DAY)
    scheduler.end(scheduler.fires("any-a", DAY), RunStatus.FAILED)
    scheduler.turn()
    assert "default/any-b of" in scheduler.run(run)["waiting_for"]["detail"]
    scheduler.end(scheduler.fires("any-b", DAY))
    scheduler.turn()
    assert status(scheduler, run) == "QUEUED"
    assert scheduler.run(run)["waiting_for"]["detail"].startswith("waits for default/any-c of")
    scheduler.end(scheduler.fires("any-c", DAY))
    scheduler.turn()
    assert status(scheduler, run) == "RUNNING"


def test_fan_out_a_to_b_and_c_to_d_starts_each_once_for_a_date(api: Any, scheduler: Scheduler) -> None:
    daily(api, scheduler, "fan-a")
    api.apply("".join(recipe(f"fan-{name}") for name in "bcd"))
    api.apply(
        dependency("fan-1", "fan-b", "fan-a") + dependency("fan-2", "fan-c", "fan-a") + dependency("fan-3", "fan-d", "fan-b", "fan-c")
    )
    scheduler.end(scheduler.fires("fan-a", DAY))
    scheduler.turn()
    (b,), (c,) = scheduler.runs("fan-b"), scheduler.runs("fan-c")
    assert (b["status"], b["logical_date"], b["trigger"]) == ("RUNNING", DAY, {"type": "dependency", "upstreams": ["default/fan-a"]})
    scheduler.end(b["id"])
    scheduler.turn()
    assert scheduler.runs("fan-d") == []
    scheduler.end(c["id"])
    scheduler.turn()
    (d,) = scheduler.runs("fan-d")
    assert d["logical_date"] == DAY
    # A second run of a for that date starts none of them again.
    scheduler.end(scheduler.fires("fan-a", DAY, by="manual"))
    scheduler.turn()
    assert [len(scheduler.runs(f"fan-{name}")) for name in "bcd"] == [1, 1, 1]


def test_a_dependency_takes_effect_when_saved_and_ends_when_deleted(api: Any, scheduler: Scheduler) -> None:
    daily(api, scheduler, "gone-a")
    # It may come before its pipeline.
    api.apply(dependency("gone-dep", "gone-b", "gone-a"))
    api.apply(recipe("gone-b"))
    scheduler.end(scheduler.fires("gone-a", DAY))
    scheduler.turn()
    assert len(scheduler.runs("gone-b")) == 1
    assert api.call("DELETE", "/resources/PipelineDependency/default/gone-dep").status_code == 204
    scheduler.end(scheduler.fires("gone-a", DAY + timedelta(days=1)))
    scheduler.turn()
    assert len(scheduler.runs("gone-b")) == 1


def test_a_dependency_starts_no_pipeline_that_is_deleted_and_brings_no_older_version_back(api: Any, scheduler: Scheduler) -> None:
    daily(api, scheduler, "back-a")
    api.apply(recipe("back-b", schedule="0 6 * * *") + recipe("back-c"))
    api.apply(recipe("back-b", schedule="0 7 * * *"))
    with api.database.transaction() as tx:
        resources.delete(tx, "Pipeline", "default", "back-c")
    api.apply(dependency("back-1", "back-b", "back-a") + dependency("back-2", "back-c", "back-a"))
    with api.database.transaction() as tx:
        assert [(one.version, one.active) for one in triggers.of_pipeline(tx, "default", "back-b")] == [(2, True)]
        assert triggers.of_pipeline(tx, "default", "back-c") == []


def test_a_pipeline_that_is_saved_beside_its_dependency_waits_for_it(api: Any, scheduler: Scheduler) -> None:
    with api.database.transaction() as tx:
        dependencies.lock(tx)
        dependencies.sync(
            tx, "default", "beside", {"dependsOn": [{"maxWaitMinutes": 5}], "mode": "all", "onTimeout": "skip"},
            "default/beside-b", [("default/beside-a", "success")],
        )  # fmt: skip
        saving = threading.Thread(target=api.apply, args=(recipe("beside-b"),))
        saving.start()
        saving.join(0.5)
        assert saving.is_alive(), "it waits until the dependency is saved"
    saving.join(30)
    with api.database.transaction() as tx:
        assert [one.type for one in triggers.of_pipeline(tx, "default", "beside-b")] == ["dependency"]


def test_nobody_waits_for_a_schedule_that_is_switched_off(api: Any, scheduler: Scheduler) -> None:
    daily(api, scheduler, "still-a", "still-b")
    api.apply(dependency("still-dep", "still-b", "still-a"))
    assert api.call("POST", "/pipelines/default/still-a/disable", {}).status_code == 200
    run = scheduler.fires("still-b", DAY)
    scheduler.turn()
    assert status(scheduler, run) == "RUNNING"


@pytest.mark.parametrize("again", ["twice-a", "default/twice-a"])
def test_what_is_listed_twice_is_refused(api: Any, again: str) -> None:
    said = api.call("POST", "/apply", text=dependency("twice", "twice-b", "twice-a", again))
    assert said.status_code == 422
    assert [(one["code"], one["path"]) for one in said.json["errors"] if one["severity"] == "error"] == [
        ("invalid_setting", "/spec/dependsOn/1/pipeline")
    ]


def test_a_ring_through_a_pipeline_that_is_switched_off_is_refused_too(api: Any, scheduler: Scheduler) -> None:
    api.apply(recipe("asleep-a") + recipe("asleep-b", more=["triggers: [{type: pipeline, pipeline: asleep-a}]"]))
    assert api.call("POST", "/pipelines/default/asleep-b/disable", {}).status_code == 200
    ring = recipe("asleep-a", more=["triggers: [{type: pipeline, pipeline: asleep-b}]"])
    assert "ring" in api.call("POST", "/apply", text=ring).json["detail"]
    # A trigger of a version before is none.
    api.apply(recipe("asleep-b"))
    assert api.call("POST", "/apply", text=ring).status_code == 200


def test_who_changes_what_starts_a_pipeline_may_edit_it_and_sees_what_it_goes_by(api: Any) -> None:
    with api.database.transaction() as tx:
        tokens.put(tx, "fenced-token", "fenced", "editor", ["default"])
    for text in (
        dependency("fence", "secret/b", "fence-a"),
        dependency("fence", "fence-b", "secret/a"),
        recipe("fence-b", more=["triggers: [{type: pipeline, pipeline: secret/a}]"]),
    ):
        said = api.call("POST", "/apply", text=text, role="fenced")
        assert (said.status_code, "namespace secret" in said.text) == (403, True), said.text
    fine = dependency("fence", "fence-b", "fence-a")
    assert api.call("POST", "/apply", text=fine, role="fenced").status_code == 200
    api.apply(dependency("fence", "secret/b", "fence-a"))
    assert api.call("POST", "/apply", text=fine, role="fenced").status_code == 403, "secret/b waits no more"
    path = "/resources/PipelineDependency/default/fence"
    assert api.call("DELETE", path, role="fenced").status_code == 403
    assert api.call("DELETE", path).status_code == 204


def test_a_ring_is_refused_and_named(api: Any, scheduler: Scheduler) -> None:
    daily(api, scheduler, "ring-a", "ring-b", "ring-c")
    api.apply(dependency("ring-1", "ring-b", "ring-a") + dependency("ring-2", "ring-c", "ring-b"))
    refused = api.call("POST", "/apply", text=dependency("ring-3", "ring-a", "ring-c"))
    assert refused.status_code == 422
    assert "default/ring-c -> default/ring-a -> default/ring-b -> default/ring-c" in refused.json["detail"]
    together = api.call("POST", "/apply", text=dependency("two-1", "two-b", "two-a") + dependency("two-2", "two-a", "two-b"))
    assert together.status_code == 422
    assert "default/two-a -> default/two-b -> default/two-a" in together.json["detail"]
    # A trigger is a part of the same order.
    follows = recipe("ring-a", schedule="0 6 * * *", more=["triggers: [{type: pipeline, pipeline: ring-c}]"])
    assert "ring" in api.call("POST", "/apply", text=follows).json["detail"]
    itself = api.call("POST", "/apply", text=recipe("selfish", more=["triggers: [{type: pipeline, pipeline: selfish, on: failure}]"]))
    assert itself.status_code == 422
    assert api.call("POST", "/apply", text=dependency("ring-1", "ring-b", "ring-a", more=", onTimeout: skip")).status_code == 200


def test_a_pipeline_that_is_not_there_is_told_of(api: Any) -> None:
    said = api.call("POST", "/apply", text=dependency("nobody-dep", "nobody", "nowhere"))
    assert said.status_code == 200
    assert [(one["code"], one["severity"]) for one in said.json["errors"]] == [("unknown_pipeline", "warning")] * 2


PARAMETERS = "parameters: [{name: upstream_run_id}, {name: upstream_status}, {name: day, type: date, default: '2020-01-01'}]"


@pytest.mark.parametrize(
    ("on", "status_", "starts_it"),
    [
        ("success", "SUCCEEDED", True), ("success", "FAILED", False), ("failure", "FAILED", True), ("failure", "TIMED_OUT", True),
        ("failure", "CANCELLED", False), ("any", "CANCELLED", True), ("any", "SKIPPED", True),
    ],
)  # fmt: skip
def test_the_end_of_a_run_starts_another_pipeline(api: Any, scheduler: Scheduler, on: str, status_: str, starts_it: bool) -> None:
    a, b = (f"after-{which}-{on}-{status_.lower().replace('_', '-')}" for which in "ab")
    api.apply(recipe(a, more=["parameters: [{name: day, type: date, default: '2026-01-31'}, {name: other, default: x}]"]))
    api.apply(recipe(b, more=[PARAMETERS, f"triggers: [{{type: pipeline, pipeline: {a}, on: {on}}}]"]))
    run = scheduler.fires(a, DAY)
    scheduler.end(run, RunStatus(status_))
    scheduler.turn()
    scheduler.turn()
    found = scheduler.runs(b)
    assert len(found) == starts_it
    for one in found:
        assert one["logical_date"] == DAY
        assert one["parameters"] == {"upstream_run_id": run, "upstream_status": status_, "day": "2026-01-31"}
        assert one["trigger"] == {"type": "pipeline", "name": "pipeline", "pipeline": f"default/{a}", "runId": run, "status": status_}
        (fired,) = api.all("SELECT detail FROM firings WHERE run_id = %(run)s", run=one["id"])
        assert fired["detail"]["notTaken"] == ["other", "upstream_logical_date", "upstream_pipeline"]


def away(api: Any, name: str) -> None:
    """Its text is not where it is kept."""
    api.all(
        "UPDATE resource_versions v SET document = NULL FROM resources r WHERE r.uid = v.uid AND r.name = %(n)s RETURNING v.uid", n=name
    )


def test_a_text_that_is_away_holds_up_nobody_who_asks_to_be_let_in(api: Any, scheduler: Scheduler) -> None:
    daily(api, scheduler, "text-a", "text-b", "text-z")
    api.apply(recipe("text-c") + dependency("text-1", "text-b", "text-a", more=", onTimeout: skip"))
    api.apply(dependency("text-2", "text-c", "pipeline: text-b, condition: success-or-skipped"))
    run, other = scheduler.fires("text-b", DAY), scheduler.fires("text-z", DAY)
    away(api, "text-c")
    with api.database.transaction() as tx:
        tx.execute("UPDATE waits SET expires_at = clock_timestamp() - interval '1 second' WHERE run_id = %(run)s", {"run": run})
    with api.database.transaction() as tx:
        admit(tx, scheduler.settings)
    assert (status(scheduler, run), status(scheduler, other), scheduler.runs("text-c")) == ("SKIPPED", "RUNNING", [])
    assert api.all("SELECT f.key FROM firings f JOIN triggers t ON t.id = f.trigger_id WHERE t.pipeline = 'text-c'") == [], "not lost"
    api.all("DELETE FROM endings WHERE run_id = %(run)s RETURNING id", run=run)


def test_a_dependency_of_an_older_release_whose_text_is_away_holds_up_no_other(api: Any, scheduler: Scheduler) -> None:
    from services.scheduler.starts import adopt_dependencies

    for name in ("held-1", "held-2"):
        api.apply(dependency(name, "held-b", f"{name}-a"))
    api.all("UPDATE resources SET triggers_of = NULL WHERE name IN ('held-1', 'held-2') RETURNING uid")
    away(api, "held-1")
    adopt_dependencies(api.database)
    found = api.all("SELECT name, triggers_of FROM resources WHERE name IN ('held-1', 'held-2') ORDER BY 1")
    assert [row["triggers_of"] for row in found] == [None, 1]
    api.all("UPDATE resources SET triggers_of = 1 WHERE name = 'held-1' RETURNING uid")


def test_each_end_of_a_run_starts_it_once_and_what_cannot_start_says_why(api: Any, scheduler: Scheduler) -> None:
    api.apply(recipe("ends-a"))
    api.apply(
        recipe("ends-b", more=["parameters: [{name: needed, required: true}]", "triggers: [{type: pipeline, pipeline: ends-a, on: any}]"])
    )
    api.apply(recipe("ends-c", more=["triggers: [{type: pipeline, pipeline: default/ends-a, on: any}]"]))
    run = scheduler.fires("ends-a", DAY)
    scheduler.end(run)
    scheduler.turn()
    (problem,) = api.all("SELECT problem FROM triggers WHERE pipeline = 'ends-b'")
    assert "needed" in problem["problem"]["message"]
    assert scheduler.runs("ends-b") == []
    with api.database.transaction() as tx:
        tx.execute("UPDATE runs SET status = 'RUNNING', finished_at = NULL WHERE id = %(run)s", {"run": run})
    scheduler.end(run, RunStatus.FAILED)
    scheduler.turn()
    assert [one["trigger"]["status"] for one in scheduler.runs("ends-c")] == ["SUCCEEDED", "FAILED"]


def test_the_leader_adopts_dependencies_of_an_older_release(api: Any, scheduler: Scheduler) -> None:
    from services.scheduler.starts import adopt_dependencies

    daily(api, scheduler, "adopt-a")
    api.apply(recipe("adopt-b") + dependency("adopt-dep", "adopt-b", "adopt-a"))
    with api.database.transaction() as tx:
        tx.execute("DELETE FROM dependencies WHERE name = 'adopt-dep'")
        tx.execute("UPDATE resources SET triggers_of = NULL WHERE name = 'adopt-dep'")
        tx.execute("DELETE FROM triggers WHERE pipeline = 'adopt-b'")
    adopt_dependencies(api.database)
    scheduler.end(scheduler.fires("adopt-a", DAY))
    scheduler.turn()
    assert len(scheduler.runs("adopt-b")) == 1
