"""From the end of a run to a message that has come: the conclusion, what is settled, the worker's part, and how it is listed.

Real PostgreSQL, real receivers; the scheduler's and the worker's functions are called as those services call them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from services.scheduler.ended import conclude
from services.scheduler.late import tell_late
from services.scheduler.notify import deliver
from services.scheduler.settings import Settings
from shared.attempts.answers import record
from shared.attempts.connectors import Resolution
from shared.attempts.keys import unsealer
from shared.engines import telling
from shared.engines.control import Control
from shared.engines.work import Job, Limits
from shared.store import endings, partitions, quality, requests
from shared.store.identifiers import least_id, new_id
from tests.support.receivers import Web, web

# Of conftest, which cannot be imported.
Api = Any
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


@pytest.fixture(autouse=True, scope="module")
def keys() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PENSTOCK_MASTER_KEY", base64.b64encode(b"k" * 32).decode())
        patch.setenv("PENSTOCK_PUBLIC_URL", "https://penstock.example")
        yield


@pytest.fixture(scope="module")
def settings(api: Api) -> Settings:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PENSTOCK_DATABASE_URL", api.database.url)
        patch.setenv("PENSTOCK_REDIS_URL", "redis://127.0.0.1:1/0")
        patch.setenv("PENSTOCK_STAGING_URL", "file:///tmp/penstock-no-staging")
        return Settings.from_environment()


@pytest.fixture
def far() -> Iterator[Web]:
    with web() as server:
        yield server


class Told:
    """A pipeline of its own, whose people listen at `far`."""

    def __init__(self, api: Api, settings: Settings, far: Web, name: str, notifications: str, more: str = "", secret: bool = False) -> None:
        self.api, self.settings, self.far, self.name = api, settings, far, name
        signed = f", secret: {SECRET}" if secret else ""
        api.apply(
            f"""
apiVersion: penstock/v1
kind: Connector
metadata: {{name: {name}-hook}}
spec: {{type: http_push, config: {{url: "{far.url}/in"{signed}}}}}
---
apiVersion: penstock/v1
kind: Pipeline
metadata: {{name: {name}}}
spec:
  {more}
  notifications: {notifications}
  nodes:
    - {{id: read, type: connector_source, config: {{connector: files, path: orders.csv}}}}
    - {{id: keep, type: connector_sink, config: {{connector: files, path: kept.csv, writeMode: INSERT}}}}
  edges: [{{from: read, to: keep}}]
"""
        )

    def ends(
        self,
        status: str,
        *,
        error: dict[str, Any] | None = None,
        rejects: dict[str, int] | None = None,
        broken: tuple[str, ...] = (),
        figures: dict[str, dict[str, Any]] | None = None,
    ) -> str:
        """A run of it, which has ended so. `rejects`: rows by reason."""
        run = new_id()
        figures = figures or {
            "read": {"rowsIn": 10, "rowsOut": 10, "rowsRejected": sum((rejects or {}).values())},
            "keep": {"rowsIn": 8, "rowsOut": 8, "rowsRejected": 0},
        }
        with self.api.database.transaction() as tx:
            tx.execute(
                """
                INSERT INTO runs (id, namespace, pipeline, resource_uid, version, status, trigger, logical_date, created_by, started_at,
                                  finished_at, error)
                SELECT %(id)s, 'default', %(name)s, uid, current_version, %(status)s, '{"type": "manual"}', now(), 'test',
                       clock_timestamp() - interval '61 s', clock_timestamp(), %(error)s
                  FROM resources WHERE kind = 'Pipeline' AND name = %(name)s
                """,
                {"id": run, "name": self.name, "status": status, "error": Jsonb(error) if error else None},
            )
            for at, (node, kind) in enumerate((("read", "connector_source"), ("keep", "connector_sink"))):
                failed = error is not None and error.get("node") == node
                tx.execute(
                    """
                    INSERT INTO nodes (run_id, node, ordinal, type, generation, status, figures)
                    VALUES (%(run)s, %(node)s, %(at)s, %(kind)s, %(at)s, %(status)s, %(figures)s)
                    """,
                    {
                        "run": run, "node": node, "at": at, "kind": kind, "status": "FAILED" if failed else "COMPLETED",
                        "figures": Jsonb({} if failed else figures[node]),
                    },
                )  # fmt: skip
            for reason, rows in (rejects or {}).items():
                for _ in range(rows):
                    tx.execute(
                        """
                        INSERT INTO dead_letters (run_id, id, stage, epoch, node, original_record, error_message)
                        VALUES (%(run)s, %(id)s, 1, 1, 'read', '{}', %(reason)s)
                        """,
                        {"run": run, "id": new_id(), "reason": reason},
                    )
            for at, rule in enumerate(broken):
                tx.execute(
                    """
                    INSERT INTO quality_results (run_id, stage, rule_set, rule, dataset, scope, ordinal, type, severity, passed, failing)
                    VALUES (%(run)s, 1, 'orders', %(rule)s, 'd', 'batch', %(at)s, 'NOT_NULL', 'critical', false, 3)
                    """,
                    {"run": run, "rule": rule, "at": at},
                )
            endings.add(tx, run, "default", self.name, status)
        return run

    def fails(self, node: str = "keep", code: str = "connector_denied", message: str = "db says no to <you>") -> str:
        return self.ends("FAILED", error={"code": code, "message": message, "node": node})

    def happens(self) -> list[dict[str, Any]]:
        """What schedulers and a worker do until there is nothing left for them; the bodies that have come since the last time."""
        before = len(self.far.got)
        while conclude(self.api.database, self.settings):
            pass
        deliver(self.api.database, self.settings)
        work(self.api)
        return [json.loads(one.body) for one in self.far.got[before:]]

    def listed(self, **chosen: str) -> list[dict[str, Any]]:
        query = "&".join(f"{key}={value}" for key, value in {"pipeline": f"default/{self.name}", **chosen}.items())
        found: list[dict[str, Any]] = self.api.call("GET", f"/notifications?{query}").json["items"]
        return found

    def time_passes(self) -> None:
        """Whatever waits for its next try is due."""
        self.api.all("UPDATE notifications SET retry_at = now() - interval '1 s' WHERE state = 'pending' RETURNING id")


def work(api: Api, *, dies: bool = False) -> None:
    """A worker's part in what it is asked for. `dies`: before it can say what came of it."""
    with api.database.transaction() as tx:
        asked = requests.to_send(tx)
    for request in asked:
        resolution = Resolution(unsealer(None))
        with api.database.transaction() as tx:
            taken = requests.claim(tx, request, "w1")
            assert taken is not None
            resolution.look_up(tx, taken["namespace"], taken["kind"], taken["args"])
        try:
            resolved = resolution.result()
            limits = Limits(1_000_000_000, 1, "/tmp")
            job = Job(taken["namespace"], request, 0, 1, taken["kind"], resolved.program, resolved.connectors, {}, "/tmp", limits)
            state, reply = "DONE", telling.run(job, Control()).facts or {}
        except Exception as error:  # noqa: BLE001 (as a worker's parent does)
            state, reply = "FAILED", error.to_json()  # type: ignore[attr-defined]
        # Twice, as where a connection broke and nobody knows whether it was kept.
        for _ in range(0 if dies else 2):
            with api.database.transaction() as tx:
                record(tx, taken, state, reply, worker="w1")


BY_HOOK = "[{{on: [{on}], type: webhook, connector: {name}-hook{more}}}]"


def by_hook(name: str, on: str, more: str = "") -> str:
    return BY_HOOK.format(name=name, on=on, more=more)


def test_a_failure_is_told_with_pipeline_run_node_error_rows_and_link_signed_and_once(api: Api, settings: Settings, far: Web) -> None:
    told = Told(api, settings, far, "loads", by_hook("loads", "failure"), secret=True)
    run = told.fails()
    (message,) = told.happens()
    assert message["type"] == "pipeline.failure"
    data = message["data"]
    assert (data["pipeline"], data["run_id"], data["node"], data["error_code"]) == ("default/loads", run, "keep", "connector_denied")
    assert (data["error_message"], data["count"], data["duration"]) == ("db says no to <you>", "10", "1m 01s")
    assert data["link"] == f"https://penstock.example/api/v1/runs/{run}"
    assert "Failed at: keep" in data["text"]
    got = far.got[0]
    headers = got.headers
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + got.body
    right = base64.b64encode(hmac.new(b"0123456789abcdef0123456789abcdef", signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{right}"
    assert told.happens() == []
    (listed,) = told.listed(state="sent")
    assert (listed["event"], listed["run"], listed["tries"], listed["target"]["connector"]) == ("failure", run, 1, "loads-hook")
    assert SECRET not in json.dumps(api.all("SELECT * FROM notifications"), default=str) + json.dumps(
        api.all("SELECT * FROM requests"), default=str
    )


def test_a_receiver_that_fails_twice_is_told_the_third_time_under_the_same_id(api: Api, settings: Settings, far: Web) -> None:
    told = Told(api, settings, far, "retried", by_hook("retried", "failure"))
    far.answers = [(503, "busy", {}), (429, "", {"Retry-After": "600"})]
    told.fails()
    told.happens()
    (listed,) = told.listed()
    assert (listed["state"], listed["tries"], listed["error"]["code"]) == ("pending", 1, "connector_overloaded")
    told.happens()
    assert len(far.got) == 1, "it is not its time"
    told.time_passes()
    told.happens()
    (row,) = api.all("SELECT extract(epoch FROM retry_at - now()) AS wait FROM notifications WHERE pipeline = 'retried'")
    assert row["wait"] > 500, "what the far side asked for is heeded"
    told.time_passes()
    told.happens()
    assert len(far.got) == 3
    assert len({one.headers["webhook-id"] for one in far.got}) == 1
    (listed,) = told.listed()
    assert (listed["state"], listed["tries"], listed["error"]) == ("sent", 3, None)
    whole = api.call("GET", f"/notifications/{listed['id']}").json
    promised = api.client.get("/api/v1/openapi.json").json["components"]["schemas"]
    assert set(listed) == set(promised["Notification"]["properties"])
    assert set(whole) == set(promised["NotificationInFull"]["properties"])
    tries = whole["attempts"]
    assert [(one["ok"], one["status"]) for one in tries] == [(False, 503), (False, 429), (True, 200)]


def test_after_six_tries_it_has_failed_and_a_person_may_send_it_again(api: Api, settings: Settings, far: Web) -> None:
    told = Told(api, settings, far, "given-up", by_hook("given-up", "failure"))
    far.answers = [(500, "", {})] * 6
    told.fails()
    for _ in range(6):
        told.happens()
        told.time_passes()
    (listed,) = told.listed(state="failed")
    assert (listed["tries"], len(far.got)) == (6, 6)
    path = f"/notifications/{listed['id']}/resend"
    assert api.call("POST", path, role="viewer").status_code == 403
    assert api.call("POST", path).status_code == 202
    assert api.call("POST", path).status_code == 409
    told.happens()
    assert told.listed()[0]["state"] == "sent"


def test_what_the_far_side_will_never_take_is_tried_once(api: Api, settings: Settings, far: Web) -> None:
    told = Told(api, settings, far, "refused", by_hook("refused", "failure"))
    far.answers = [(404, "no such hook", {})]
    told.fails()
    told.happens()
    (listed,) = told.listed()
    assert (listed["state"], listed["tries"]) == ("failed", 1)
    assert "404" in listed["error"]["message"] and "/in" not in listed["error"]["message"]


def test_a_worker_that_dies_after_it_has_sent_is_asked_again_for_the_same_id(api: Api, settings: Settings, far: Web) -> None:
    told = Told(api, settings, far, "twice", by_hook("twice", "failure"))
    told.fails()
    conclude(api.database, settings)
    deliver(api.database, settings)
    work(api, dies=True)
    assert len(far.got) == 1
    deliver(api.database, settings)
    work(api)
    assert len(far.got) == 1, "it may still be at it"
    told.time_passes()
    told.happens()
    assert len(far.got) == 2
    assert len({one.headers["webhook-id"] for one in far.got}) == 1


def test_recovery_is_the_first_success_after_a_failure_and_says_what_was_held_back(api: Api, settings: Settings, far: Web) -> None:
    told = Told(api, settings, far, "recovers", by_hook("recovers", "failure, recovery"))
    told.ends("SUCCEEDED")
    assert told.happens() == []
    told.fails()
    told.fails()
    (failure,) = told.happens()
    assert failure["data"]["event"] == "failure"
    (held,) = told.listed(state="held")
    assert held["held"] == "repeated"
    told.ends("CANCELLED")
    told.ends("SUCCEEDED")
    (recovery,) = told.happens()
    assert recovery["type"] == "pipeline.recovery"
    assert "1 more like it" in recovery["data"]["text"]
    told.ends("SUCCEEDED")
    assert told.happens() == []
    told.fails()
    (again,) = told.happens()
    assert again["type"] == "pipeline.failure", "after it has worked again a failure is news"


def test_a_success_in_between_counts_however_long_ago_its_run_began_within_a_week(api: Api, settings: Settings, far: Web) -> None:
    for name, days, news in (("week", 6, 1), ("ages", 8, 0)):
        told = Told(api, settings, far, name, by_hook(name, "failure"))
        told.fails()
        assert len(told.happens()) == 1
        long = told.ends("SUCCEEDED")
        told.happens()
        began = datetime.now(UTC) - timedelta(days=days)
        with api.database.transaction() as tx:
            partitions.ensure(tx, began)
        api.all("UPDATE runs SET id = %(new)s WHERE id = %(id)s RETURNING id", id=long, new=least_id(began))
        told.fails()
        assert len(told.happens()) == news


def test_another_error_is_no_repetition_and_past_the_hour_nothing_is(api: Api, settings: Settings, far: Web) -> None:
    told = Told(api, settings, far, "others", by_hook("others", "failure"))
    told.fails()
    told.fails(code="connector_not_found")
    told.fails()
    assert len(told.happens()) == 2
    api.all("UPDATE notifications SET created_at = created_at - interval '61 min' WHERE pipeline = 'others' RETURNING id")
    told.fails()
    (after,) = told.happens()
    assert "1 more like it" in after["data"]["text"]


def test_past_the_limit_of_a_day_they_are_counted_and_the_next_says_how_many(api: Api, settings: Settings, far: Web) -> None:
    told = Told(api, settings, far, "limited", by_hook("limited", "success", ", limit: 2"))
    for _ in range(5):
        told.ends("SUCCEEDED")
    assert len(told.happens()) == 2
    assert {one["held"] for one in told.listed(state="held")} == {"limit"}
    api.all("UPDATE notifications SET created_at = created_at - interval '25 hours' WHERE pipeline = 'limited' RETURNING id")
    told.ends("SUCCEEDED")
    (next_one,) = told.happens()
    assert "3 more like it" in next_one["data"]["text"]
    assert told.listed(state="held")[0]["toldIn"] == told.listed(state="sent")[0]["id"]


def test_rejects_over_a_share_list_the_most_frequent_reasons(api: Api, settings: Settings, far: Web) -> None:
    told = Told(api, settings, far, "rejects", by_hook("rejects", "rejects", ', over: "20%", text: "{{count}}: {{reasons}}"'))
    told.ends("SUCCEEDED", rejects={"no date": 2})
    assert told.happens() == [], "20 % is not over 20 %"
    told.ends("SUCCEEDED", rejects={"no date": 1, "no number": 2})
    (message,) = told.happens()
    assert message["data"]["text"] == "3: 2 × no number (read)\n1 × no date (read)"


def test_broken_rules_are_told_by_name(api: Api, settings: Settings, far: Web) -> None:
    told = Told(api, settings, far, "rules", by_hook("rules", "quality"))
    told.ends("SUCCEEDED", broken=("has-id", "has-date"))
    (message,) = told.happens()
    assert message["data"]["rules"] == "orders: has-id (critical), 3 rows\norders: has-date (critical), 3 rows"


def test_a_rule_that_could_not_be_measured_and_a_budget_that_is_used_up_are_told(api: Api, settings: Settings, far: Web) -> None:
    told = Told(api, settings, far, "budget", by_hook("budget", "quality"))
    api.apply(
        """
apiVersion: penstock/v1
kind: DataQualityRuleSet
metadata: {name: promised}
spec:
  dataset: {connector: db, table: promised}
  objective: {score: 90, windowDays: 7}
  rules: [{name: there, type: NOT_NULL, column: id}]
"""
    )

    def ends_with(score: float, *results: dict[str, Any]) -> list[dict[str, Any]]:
        run = told.ends("SUCCEEDED")
        said = {
            "ruleSet": "promised", "dataset": "default/db:promised", "scope": "batch", "score": score, "passed": 1, "failed": 0,
            "formula": {}, "results": list(results),
        }  # fmt: skip
        with api.database.transaction() as tx:
            quality.insert(tx, run, 2, "default", said)
        return told.happens()

    assert ends_with(100.0) == []
    assert ends_with(85.0) == [], "92.5 on average"
    (message,) = ends_with(70.0)
    assert "has used up an error budget" in message["data"]["subject"]
    assert "the mean score of default/db:promised is 85 over 7 days, and 90 is promised" in message["data"]["details"]
    lost = {"rule": "there", "type": "NOT_NULL", "severity": "high", "status": "ERROR", "passed": False, "error": "no column id"}
    (message,) = ends_with(70.0, lost)
    assert message["data"]["rules"] == "promised: there (high), could not be measured: no column id"
    assert "used up" not in message["data"]["subject"], "it was before"
    with api.database.transaction() as tx:
        tx.execute("UPDATE quality_scores SET at = at - interval '9 days', score = 100 WHERE dataset = 'default/db:promised'")
        # The last check saw a hundred points; since then they have grown too old to count, and what is left is short of it.
        tx.execute(
            """
            UPDATE quality_scores SET score = 85, at = at + interval '3 days'
             WHERE at = (SELECT max(at) FROM quality_scores WHERE dataset = 'default/db:promised') AND dataset = 'default/db:promised'
            """
        )
    (message,) = ends_with(85.0)
    assert "has used up an error budget" in message["data"]["subject"], "good checks no longer count"


def test_a_test_message_goes_through_each_way_whatever_it_is_for(api: Api, settings: Settings, far: Web) -> None:
    told = Told(api, settings, far, "tests", by_hook("tests", "late", ", limit: 1"), more="schedule: '@daily'\n  deadline: 2h")
    assert api.call("POST", "/pipelines/default/tests/notifications/test", role="editor").status_code == 403
    for _ in range(2):
        assert len(api.call("POST", "/pipelines/default/tests/notifications/test").json["items"]) == 1
    assert [one["type"] for one in told.happens()] == ["pipeline.test"] * 2
    assert api.call("POST", "/pipelines/default/nobody/notifications/test").status_code == 404


def fired(api: Api, name: str, minutes_ago: int, outcome: str, run: str | None = None) -> str:
    """A fire time of its schedule, as the scheduler records it."""
    (row,) = api.all(
        """
        INSERT INTO firings (trigger_id, key, run_id, outcome)
        SELECT id, to_char((date_trunc('minute', now()) - make_interval(mins => %(ago)s)) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
               %(run)s, %(outcome)s
          FROM triggers WHERE pipeline = %(name)s AND name = 'schedule' RETURNING key
        """,
        ago=minutes_ago, run=run, outcome=outcome, name=name,
    )  # fmt: skip
    if run:
        api.all("UPDATE runs SET logical_date = %(at)s::timestamptz WHERE id = %(run)s RETURNING id", at=row["key"], run=run)
    return str(row["key"])


def test_what_has_not_succeeded_by_its_deadline_is_late_once_with_or_without_a_run(api: Api, settings: Settings, far: Web) -> None:
    told = Told(api, settings, far, "late", by_hook("late", "late"), more="schedule: '@daily'\n  deadline: 10m")
    tell_late(api.database, settings)
    api.all("UPDATE lateness SET checked_to = '2020-01-01T00:00:00Z' RETURNING trigger_id")
    failed, good = told.fails(), told.ends("SUCCEEDED")
    fires = [fired(api, "late", 40, "missed"), fired(api, "late", 30, "run", failed), fired(api, "late", 20, "run", good)]
    fired(api, "late", 3, "run")
    api.all("UPDATE runs SET finished_at = %(at)s::timestamptz + interval '10 min' WHERE id = %(run)s RETURNING id", at=fires[2], run=good)
    for _ in range(2):
        tell_late(api.database, settings)
    messages = sorted(told.happens(), key=lambda one: str(one["data"]["logical_date"]))
    assert [one["data"]["logical_date"] for one in messages] == fires[:2]
    assert "there is no run: the fire time was missed, and is not made up for" in messages[0]["data"]["text"]
    assert messages[1]["data"]["run_id"] == failed
    assert "its run is FAILED" in messages[1]["data"]["text"]


def test_a_deadline_and_a_limit_beyond_all_counting_stop_nobody(api: Api, settings: Settings, far: Web) -> None:
    endless = "schedule: '@daily'\n  deadline: 99999999999d"
    told = Told(api, settings, far, "endless", by_hook("endless", "failure, late"), more=endless)
    tell_late(api.database, settings)
    told.fails()
    assert len(told.happens()) == 1


def test_what_follows_from_one_end_does_not_wait_for_another_whose_text_is_away(api: Api, settings: Settings, far: Web) -> None:
    away, there = (Told(api, settings, far, name, by_hook(name, "failure")) for name in ("away", "there"))
    of_away = "uid = (SELECT uid FROM resources WHERE kind = 'Pipeline' AND name = 'away')"
    (kept,) = api.all(f"SELECT document FROM resource_versions WHERE {of_away}")
    away.fails()
    there.fails()
    api.all(f"UPDATE resource_versions SET document = NULL WHERE {of_away} RETURNING uid")
    assert [one["data"]["pipeline"] for one in there.happens()] == ["default/there"]
    api.all(f"UPDATE resource_versions SET document = %(text)s WHERE {of_away} RETURNING uid", text=kept["document"])
    assert [one["data"]["pipeline"] for one in away.happens()] == ["default/away"]


def test_an_answer_that_cannot_be_kept_is_one_try(api: Api, settings: Settings, far: Web) -> None:
    told = Told(api, settings, far, "nul", by_hook("nul", "failure"))
    far.answers.append((200, "taken\0", {}))
    told.fails()
    assert len(told.happens()) == 1
    assert [one["state"] for one in told.listed()] == ["sent"]


def test_a_fire_time_of_long_ago_is_no_news_when_a_deadline_is_first_looked_at(api: Api, settings: Settings, far: Web) -> None:
    told = Told(api, settings, far, "old", by_hook("old", "late"), more="schedule: '@daily'\n  deadline: 10m")
    fired(api, "old", 60, "missed")
    recent = fired(api, "old", 10, "missed")
    tell_late(api.database, settings)
    assert [one["data"]["logical_date"] for one in told.happens()] == [recent]


def test_what_is_not_known_of_a_run_is_null_in_the_metrics(api: Api, settings: Settings, far: Web) -> None:
    told = Told(api, settings, far, "metrics", by_hook("metrics", "late"))
    good = told.ends("SUCCEEDED", rejects={"no date": 2})
    unknown = told.ends(
        "SUCCEEDED", figures={"read": {"rowsOut": None, "rowsRejected": 0}, "keep": {"rowsIn": 4, "rowsOut": None, "rowsRejected": None}}
    )
    bad = told.fails(node="keep")
    rows = {str(row["run_id"]): row for row in api.all("SELECT * FROM pipeline_metrics WHERE pipeline_id = 'default/metrics'")}
    columns = ("records_extracted", "records_transformed", "records_loaded", "errors_count", "status")
    figures = {run: tuple(rows[run][column] for column in columns) for run in (good, unknown, bad)}
    assert figures == {
        good: (10, 8, 8, 2, "success"),
        unknown: (None, 4, None, None, "success"),
        bad: (10, None, None, 1, "failure"),
    }


def test_a_list_is_of_what_was_asked_for_page_by_page(api: Api, settings: Settings, far: Web) -> None:
    told = Told(api, settings, far, "paged", by_hook("paged", "success"))
    runs = [told.ends("SUCCEEDED") for _ in range(3)]
    told.happens()
    first = api.call("GET", "/notifications?pipeline=default/paged&limit=2").json
    second = api.call("GET", f"/notifications?pipeline=default/paged&limit=2&cursor={first['nextCursor']}").json
    assert [one["run"] for one in first["items"] + second["items"]] == runs[::-1]
    assert [one["run"] for one in told.listed(run=runs[1], event="success")] == [runs[1]]
    for wrong in ("state=gone", "event=x", "limit=0", "cursor=x"):
        assert api.call("GET", f"/notifications?{wrong}").status_code == 422, wrong
    assert api.call("GET", "/notifications?run=x").status_code == 404
    assert api.call("GET", f"/notifications/{new_id()}").status_code == 404


def test_mail_and_urls_are_shown_masked(api: Api, settings: Settings, far: Web) -> None:
    here = far.url.replace("//", "//u:p@")
    ways = f"[{{on: [success], type: email, to: [jane@example.com]}}, {{on: [success], type: webhook, url: '{here}/secret'}}]"
    told = Told(api, settings, far, "masked", ways)
    told.ends("SUCCEEDED")
    conclude(api.database, settings)
    shown = {one["type"]: one["target"] for one in told.listed()}
    assert (shown["email"]["to"], shown["webhook"]["url"]) == (["j***@example.com"], f"{far.url}/…")
    told.happens()
    (mail,) = [one for one in told.listed() if one["type"] == "email"]
    assert mail["state"] == "failed"
    assert "PENSTOCK_SMTP_URL" in mail["error"]["message"]
