"""Webhooks through the app and a real PostgreSQL: who is let in, what is refused, what starts a run, and that it starts it once."""

from __future__ import annotations

import base64
import json
import random
import secrets
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.api.hooks import known
from services.scheduler.batches import close_batches
from services.scheduler.settings import Settings
from shared.secrets import signing
from shared.store import deliveries
from shared.store.database import Database

KEY, TOKEN = "whsec_" + base64.b64encode(b"of the sender, 32 bytes or more.").decode(), "token-of-the-sender"

PIPELINE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {{name: {name}}}
spec:
  parameters:
    - {{name: order, type: integer, default: 0}}
    - {{name: items, type: list, default: []}}
  triggers: [{trigger}]
  nodes:
    - {{id: read, type: connector_source, config: {source}}}
    - {{id: write, type: connector_sink, config: {{connector: files, path: out.csv, writeMode: OVERWRITE}}}}
  edges: [{{from: read, to: write}}]
"""
FILE = "{connector: files, path: in.csv}"
ROWS = "{connector: payload, path: orders, schema: {id: INTEGER, amount: 'NUMERIC(12, 2)'}}"
SIGNED = "type: webhook, name: orders, secret: '{{credential:hook#key}}'"
PICKING = SIGNED + ", parameters: {order: $.order.id, items: '$.items[*].id'}"


class Hook:
    """One pipeline with one webhook."""

    def __init__(self, api: Any, name: str, trigger: str, source: str = FILE) -> None:
        self.api, self.name, self.path = api, name, f"/hooks/default/{name}/orders"
        api.apply(PIPELINE.format(name=name, trigger=f"{{{trigger}}}", source=source))

    def send(self, body: Any, headers: dict[str, str] | None = None, *, kind: str = "application/json") -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        # A client keeps what it was answered last: each thread has one of its own.
        return self.api.client.application.test_client().post(self.path, data=data, headers=headers or {}, content_type=kind)

    def signed(self, body: Any, *, id: str | None = None, at: float | None = None, **more: str) -> dict[str, str]:
        """Headers for a body: of Standard Webhooks where there is an id, else plain ones."""
        data, now = body if isinstance(body, bytes) else json.dumps(body).encode(), int(time.time() if at is None else at)
        if id is None:
            return {"X-Penstock-Timestamp": str(now), "X-Penstock-Signature": signing.sign_plain(KEY, now, data), **more}
        return {"webhook-id": id, "webhook-timestamp": str(now), "webhook-signature": signing.sign(KEY, id, now, data), **more}

    def deliver(self, body: Any, id: str | None = None, kind: str = "application/json") -> Any:
        return self.send(body, self.signed(body, id=id or f"d{secrets.token_hex(8)}"), kind=kind)

    @property
    def runs(self) -> list[dict[str, Any]]:
        return self.api.all(
            "SELECT id::text AS id, version, trigger, parameters, status FROM runs WHERE pipeline = %(p)s ORDER BY id", p=self.name
        )

    @property
    def log(self) -> list[dict[str, Any]]:
        return self.api.call("GET", f"/pipelines/default/{self.name}/triggers/orders/deliveries").json["items"]


@pytest.fixture(scope="module", autouse=True)
def credentials(api: Any) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PENSTOCK_MASTER_KEY", base64.b64encode(bytes(32)).decode())
        saved = api.call("PUT", "/credentials/default/hook", {"key": KEY, "token": TOKEN})
        assert saved.status_code < 300, saved.text
        yield


@pytest.fixture(scope="module")
def picking(api: Any) -> Hook:
    return Hook(api, "picking", PICKING)


def test_a_delivery_starts_a_run_with_what_the_paths_find(picking: Hook) -> None:
    answer = picking.deliver({"order": {"id": 7}, "items": [{"id": "a"}, {"id": "b"}]})
    assert answer.status_code == 202, answer.text
    run = picking.runs[-1]
    assert (answer.json["run"], answer.json["outcome"]) == (run["id"], "accepted")
    assert answer.headers["Location"] == f"/api/v1/runs/{run['id']}"
    assert run["parameters"] == {"order": 7, "items": ["a", "b"]}
    assert run["trigger"] == {"type": "webhook", "name": "orders", "delivery": answer.json["delivery"]}
    fired = picking.api.all("SELECT run_id::text AS run FROM firings WHERE key = %(key)s", key=answer.json["delivery"])
    assert fired == [{"run": run["id"]}]
    events = picking.api.all("SELECT type FROM events WHERE run_id = %(run)s", run=run["id"])
    assert events == [{"type": "run.queued"}]


BODY = {"order": {"id": 1}}


@pytest.mark.parametrize(
    ("what", "status"),
    [
        ("nothing", 401), ("forged", 401), ("forged plain", 401), ("other body", 401), ("stale", 401), ("of the future", 401),
        ("no time", 401), ("oversized", 413), ("malformed", 422), ("wrong type", 422), ("several", 422), ("long key", 422),
    ],
)  # fmt: skip
def test_what_is_not_as_it_should_be_starts_nothing(picking: Hook, what: str, status: int) -> None:
    before = len(picking.runs)
    good = picking.signed(BODY, id="one")
    body: Any = BODY
    headers = {
        "nothing": {},
        "forged": {**good, "webhook-signature": "v1,bm90IHRoZSByaWdodCBvbmU="},
        "forged plain": {**picking.signed(BODY), "X-Penstock-Signature": "sha256=00"},
        "stale": picking.signed(BODY, id="two", at=time.time() - 301),
        "of the future": picking.signed(BODY, at=time.time() + 302),
        "no time": {key: value for key, value in good.items() if key != "webhook-timestamp"},
        "long key": picking.signed(BODY, id="x" * 256),
    }.get(what, good)
    if what == "other body":
        body = {"order": {"id": 2}}
    elif what in {"oversized", "malformed", "wrong type", "several"}:
        body = {"oversized": b"[" + b" " * 2_000_000 + b"]", "malformed": b'{"order":', "wrong type": {"order": {"id": "7"}},
                "several": {"order": {"id": [1, 2]}}}[what]  # fmt: skip
        headers = picking.signed(body, id=f"d{secrets.token_hex(8)}")
    answer = picking.send(body, headers)
    assert answer.status_code == status, answer.text
    assert len(picking.runs) == before


def test_a_signature_without_an_id_counts_once(picking: Hook) -> None:
    headers = picking.signed(BODY)
    assert picking.send(BODY, headers).status_code == 202
    replayed = picking.send(BODY, headers)
    assert (replayed.status_code, replayed.json["type"]) == (409, "urn:penstock:problem:replayed")
    # Nor does a key help that nobody signed.
    assert picking.send(BODY, {**headers, "Idempotency-Key": "another"}).status_code == 409


def test_the_same_id_gets_the_same_answer_and_another_body_none(picking: Hook) -> None:
    first = picking.deliver(BODY, id="retried")
    again = picking.send(BODY, picking.signed(BODY, id="retried", at=time.time() - 5))
    assert (again.status_code, again.json, again.headers["Idempotency-Replayed"]) == (202, first.json, "true")
    other = picking.deliver({"order": {"id": 2}}, id="retried")
    assert other.status_code == 422 and "another body" in other.json["detail"]
    assert [run["id"] for run in picking.runs].count(first.json["run"]) == 1
    assert next(row for row in picking.log if row["key"] == "retried")["repeats"] == 2


def test_a_key_beside_a_plain_signature_or_a_token_is_honoured(picking: Hook, api: Any) -> None:
    first = picking.send(BODY, picking.signed(BODY, at=time.time() - 3, **{"Idempotency-Key": "mine"}))
    signed_again = picking.send(BODY, picking.signed(BODY, **{"Idempotency-Key": "mine"}))
    assert signed_again.json == first.json and first.status_code == 202
    token = Hook(api, "by-token", "type: webhook, name: orders, token: '{{credential:hook#token}}'")
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert token.send(BODY, {"Authorization": "Bearer other"}).status_code == 401
    runs = {token.send(BODY, bearer).json["run"], token.send(BODY, bearer).json["run"]}
    keyed = {token.send(BODY, {**bearer, "Idempotency-Key": "k"}).json["run"] for _ in range(2)}
    assert (len(runs), len(keyed), len(token.runs)) == (2, 1, 3)


def test_what_is_not_there_is_told_in_one_way(picking: Hook, api: Any) -> None:
    told = set()
    for path in ("default/picking/none", "default/none/orders", "none/picking/orders"):
        answer = api.client.post(f"/hooks/{path}", json=BODY, headers=picking.signed(BODY))
        told.add((answer.status_code, answer.json["detail"]))
    assert told == {(404, "there is no such hook")}


def test_who_is_not_let_in_is_counted_and_nothing_of_it_kept(api: Any) -> None:
    hook = Hook(api, "attacked", SIGNED)
    for _ in range(3):
        assert hook.send(BODY, {"X-Penstock-Timestamp": str(int(time.time())), "X-Penstock-Signature": "sha256=ab"}).status_code == 401
    deadline = time.monotonic() + 20
    while (page := api.call("GET", "/pipelines/default/attacked/triggers/orders/deliveries").json)["forged"] < 3:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert (page["forged"], page["items"]) == (3, [])


def test_a_body_is_held_against_its_schema_and_all_is_told(api: Any) -> None:
    schema = "{type: object, required: [id, at], properties: {n: {type: integer}}}"
    hook = Hook(api, "held", f"{SIGNED}, payloadSchema: {schema}")
    answer = hook.deliver({"n": "1"}, id="corrected")
    assert answer.status_code == 422 and [one["path"] for one in answer.json["errors"]] == ["", "", "/n"]
    (row,) = hook.log
    assert (row["outcome"], row["run"], len(row["detail"]["errors"])) == ("refused", None, 3)
    # Who corrects it may use its id again.
    assert hook.deliver({"id": 1, "at": 2, "n": 1}, id="corrected").status_code == 202


def test_rows_are_kept_with_the_run_however_they_came(api: Any) -> None:
    hook = Hook(api, "rows", f"{SIGNED}, rows: payload", ROWS)
    change = {"schema": {}, "payload": {"op": "d", "before": {"id": 8}, "after": None, "source": {}, "ts_ms": 1000}}
    bodies = [
        (b'[{"id": 1, "amount": 1.10}, {"id": 2}]', "application/json"),
        (b'{"id": 3, "amount": 12345678901234567890.25}', "application/json"),
        (b'{"id": 4}\n\n{"id": 5}\n', "application/x-ndjson"),
        (b'id,amount\r\n6,"1,5"\r\n7,\r\n', "text/csv"),
        (json.dumps(change).encode(), "application/json"),
    ]  # fmt: skip
    kept = []
    for body, kind in bodies:
        answer = hook.deliver(body, kind=kind)
        assert answer.status_code == 202, answer.text
        with api.database.transaction() as tx:
            ((trigger, lines),) = deliveries.contents(tx, answer.json["run"])
        assert trigger == "orders"
        kept.append(lines)
    assert kept == [
        '{"id": 1, "amount": 1.10}\n{"id": 2}\n',
        '{"id": 3, "amount": 12345678901234567890.25}\n',
        '{"id": 4}\n{"id": 5}\n',
        '{"id": "6", "amount": "1,5"}\n{"id": "7", "amount": null}\n',
        '{"id": 8, "_op": "d", "_ts": "1970-01-01T00:00:01.000Z"}\n',
    ]
    assert [row["rows"] for row in hook.log] == [1, 2, 2, 1, 2]
    for body, kind in ((b"[1]", "application/json"), (b'{"id": 1}\n{', "application/x-ndjson"), (b"id,id\n1,2\n", "text/csv")):
        assert hook.deliver(body, kind=kind).status_code == 422
    assert hook.deliver(b"{}", kind="application/xml").status_code == 415


@pytest.fixture(scope="module")
def settings(api: Any) -> Iterator[Settings]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("PENSTOCK_DATABASE_URL", api.database.url), ("PENSTOCK_REDIS_URL", "redis://127.0.0.1:1/0"),
                            ("PENSTOCK_STAGING_URL", "/tmp"), ("PENSTOCK_HOME", "/tmp/nowhere")):  # fmt: skip
            patch.setenv(name, value)
        yield Settings.from_environment()


def overdue(api: Any, hook: Hook) -> None:
    with api.database.transaction() as tx:
        tx.execute(
            "UPDATE deliveries SET closes_at = now() - interval '1 s' WHERE trigger_id = (SELECT id FROM triggers WHERE pipeline = %(p)s)",
            {"p": hook.name},
        )


def test_deliveries_share_a_run_that_is_made_once(api: Any, settings: Settings) -> None:
    hook = Hook(api, "batched", f"{SIGNED}, rows: payload, batchMillis: 3600000", ROWS)
    answers = [hook.deliver({"id": at}, id=f"b{at}") for at in range(5)]
    assert {(answer.status_code, answer.json["outcome"], answer.json["run"]) for answer in answers} == {(202, "pending", None)}
    close_batches(api.database, settings)
    assert hook.runs == []
    overdue(api, hook)
    others = [Database(api.database.url, name=f"scheduler-{at}") for at in range(3)]
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda one: close_batches(one, settings), others))
    for other in others:
        other.close()
    (run,) = hook.runs
    assert run["trigger"] == {"type": "webhook", "name": "orders", "deliveries": 5}
    with api.database.transaction() as tx:
        assert [json.loads(lines)["id"] for _, lines in deliveries.contents(tx, run["id"])] == [0, 1, 2, 3, 4]
    again = hook.deliver({"id": 0}, id="b0")
    assert (again.json["outcome"], again.json["run"]) == ("accepted", run["id"])
    where = answers[0].headers["Location"].removeprefix("/api/v1")
    assert api.call("GET", where).json["run"] == run["id"]


def test_a_scheduler_that_dies_over_a_batch_leaves_it_waiting(api: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = Hook(api, "dying", f"{SIGNED}, rows: payload, batchMillis: 1000", ROWS)
    hook.deliver({"id": 1})
    overdue(api, hook)

    class Died(Exception):
        pass

    with pytest.raises(Died), api.database.transaction() as tx:
        (trigger,) = deliveries.to_close(tx, 10)
        assert deliveries.take_pending(tx, trigger, "01900000-0000-7000-8000-000000000000", 10)
        raise Died
    assert [row["outcome"] for row in hook.log] == ["pending"]
    close_batches(api.database, settings)
    assert len(hook.runs) == 1 and [row["outcome"] for row in hook.log] == ["accepted"]


def test_a_batch_whose_recipe_is_away_waits_for_it(api: Any, settings: Settings) -> None:
    hook = Hook(api, "away", f"{SIGNED}, rows: payload, batchMillis: 1000", ROWS)
    hook.deliver({"id": 1})
    overdue(api, hook)
    with api.database.transaction() as tx:
        tx.execute("UPDATE triggers SET version = version + 1 WHERE pipeline = 'away'")
    close_batches(api.database, settings)
    (row,) = api.all("SELECT outcome, closes_at > now() + interval '20 s' AS later FROM deliveries d JOIN triggers t ON t.id = d.trigger_id"
                     " WHERE t.pipeline = 'away'")  # fmt: skip
    assert (row["outcome"], row["later"]) == ("pending", True)
    assert api.all("SELECT problem FROM triggers WHERE pipeline = 'away'")[0]["problem"]["message"]
    with api.database.transaction() as tx:
        tx.execute("UPDATE triggers SET version = version - 1 WHERE pipeline = 'away'")
    overdue(api, hook)
    close_batches(api.database, settings)
    assert len(hook.runs) == 1 and [row["outcome"] for row in hook.log] == ["accepted"]
    assert api.all("SELECT problem FROM triggers WHERE pipeline = 'away'") == [{"problem": None}]


def test_a_person_decides_where_the_recipe_says_so(api: Any) -> None:
    hook = Hook(api, "reviewed", f"{SIGNED}, rows: payload, review: true", ROWS)
    first, second = (hook.deliver({"id": at}).json["delivery"] for at in (1, 2))
    assert hook.runs == []
    base = "/pipelines/default/reviewed/triggers/orders/deliveries"
    assert api.call("GET", f"{base}/{first}").json["body"] == '{"id": 1}'
    assert api.call("POST", f"{base}/{first}/release", {}, role="viewer").status_code == 403
    released = api.call("POST", f"{base}/{first}/release", {"reason": "looks good"})
    assert released.status_code == 202, released.text
    (run,) = hook.runs
    assert released.json["run"] == run["id"]
    with api.database.transaction() as tx:
        assert [lines for _, lines in deliveries.contents(tx, run["id"])] == ['{"id": 1}\n']
    assert api.call("POST", f"{base}/{first}/release", {}).status_code == 409
    rejected = api.call("POST", f"{base}/{second}/reject", {})
    assert (rejected.status_code, rejected.json["outcome"], rejected.json["body"]) == (200, "rejected", None)
    assert api.all("SELECT content, parameters FROM deliveries WHERE id = %(id)s", id=second) == [{"content": None, "parameters": {}}]
    assert len(hook.runs) == 1


def test_what_no_run_can_be_told_is_refused_before_a_person_decides(api: Any) -> None:
    hook = Hook(api, "checked", f"{SIGNED}, review: true, parameters: {{order: $.order, items: '$.items'}}")
    assert hook.deliver({"order": "x"}).status_code == 422
    assert hook.deliver({"order": 1, "items": [1.5]}).status_code == 202
    # No parameter is an object, and none has a number as great.
    for items in (b'{"price": 1.5}', b"1.5, {}", b"1e400"):
        assert hook.deliver(b'{"order": 1, "items": [' + items + b"]}").status_code == 422
    assert {row["outcome"]: row["parameters"] for row in hook.log} == {"refused": {}, "parked": {"order": 1, "items": [1.5]}}


def test_a_webhook_id_that_could_be_a_time_is_refused(picking: Hook) -> None:
    before = len(picking.runs)
    answer = picking.deliver(BODY, id=str(int(time.time())))
    assert answer.status_code == 422 and "webhook-id" in answer.json["detail"]
    assert len(picking.runs) == before


def test_a_delivery_can_be_tried_out(picking: Hook, api: Any) -> None:
    before, path = len(picking.runs), "/pipelines/default/picking/triggers/orders/test"
    tried = api.call("POST", path, {"body": {"order": {"id": 5}}}).json
    assert tried == {"valid": True, "would": "start a run", "parameters": {"order": 5, "items": []}, "rows": None, "error": None}
    wrong = api.call("POST", path, {"body": {"order": {"id": "x"}}}).json
    assert wrong["valid"] is False and "whole number" in wrong["error"]["message"]
    assert len(picking.runs) == before
    started = api.call("POST", f"{path}?start=true", {"body": {"order": {"id": 6}}})
    assert started.status_code == 202 and picking.runs[-1]["parameters"]["order"] == 6
    assert picking.runs[-1]["trigger"]["test"] is True


def test_a_disabled_hook_takes_nothing_and_a_removed_one_is_not_there(api: Any) -> None:
    hook = Hook(api, "switched", SIGNED)
    assert hook.deliver(BODY).status_code == 202
    api.apply(PIPELINE.format(name="switched", trigger=f"{{{SIGNED}, enabled: false}}", source=FILE))
    assert hook.deliver(BODY).status_code == 503
    api.apply(PIPELINE.format(name="switched", trigger="", source=FILE))
    for_known = known.KEPT_S
    assert for_known <= 5
    api.client.application.extensions["penstock.hooks"]._kept.clear()
    assert hook.deliver(BODY).status_code == 404
    assert len(hook.runs) == 1


def test_a_new_version_is_what_the_next_delivery_runs(api: Any) -> None:
    hook = Hook(api, "changing", SIGNED)
    hook.deliver(BODY)
    api.apply(PIPELINE.format(name="changing", trigger=f"{{{PICKING}}}", source=FILE))
    hook.deliver(BODY)
    assert [(run["version"], run["parameters"]["order"]) for run in hook.runs] == [(1, 0), (2, 1)]


def test_a_secret_that_was_changed_holds_at_once(api: Any) -> None:
    hook = Hook(api, "rotated", "type: webhook, name: orders, token: '{{credential:rotated#token}}'")
    api.call("PUT", "/credentials/default/rotated", {"token": "before"})
    assert hook.send(BODY, {"Authorization": "Bearer before"}).status_code == 202
    api.call("PUT", "/credentials/default/rotated", {"token": "after"})
    time.sleep(known.CHANGED_S)
    assert hook.send(BODY, {"Authorization": "Bearer after"}).status_code == 202
    assert hook.send(BODY, {"Authorization": "Bearer before"}).status_code == 401


def test_a_secret_never_stands_in_a_recipe(api: Any) -> None:
    for said, code in (
        ("token: abc", "inline_secret"),
        ("secret: '{{vault:secret/hook#key}}'", "not_available_yet"),
        ("rows: payload", "missing_setting"),
    ):
        text = PIPELINE.format(name="refused", trigger=f"{{type: webhook, name: orders, {said}}}", source=FILE)
        errors = api.call("POST", "/validate", text=text).json["errors"]
        assert code in {error["code"] for error in errors if error["severity"] == "error"}, errors


def test_three_hundred_deliveries_of_eight_senders_start_the_right_runs(api: Any) -> None:
    """Retries and duplicates among them, of each of a hundred orders at least one, in any order, many at once."""
    hook, drawn = Hook(api, "flood", PICKING), random.Random(7)
    orders = list(range(100)) + [drawn.randrange(100) for _ in range(200)]
    drawn.shuffle(orders)

    def send(order: int) -> tuple[int, int, str]:
        body = {"order": {"id": order}}
        answer = hook.deliver(body, id=f"order-{order}")
        return order, answer.status_code, answer.json["run"]

    with ThreadPoolExecutor(8) as senders:
        answers = list(senders.map(send, orders))
    assert {status for _, status, _ in answers} == {202}
    assert len({(order, run) for order, _, run in answers}) == 100
    assert Counter(run["parameters"]["order"] for run in hook.runs) == Counter(range(100))


def test_what_nobody_needs_any_more_goes(api: Any) -> None:
    hook = Hook(api, "pruned", SIGNED)
    kept, gone = (hook.deliver(BODY).json for _ in range(2))
    with api.database.transaction() as tx:
        tx.execute("DELETE FROM events WHERE run_id = %(run)s", {"run": gone["run"]})
        tx.execute("DELETE FROM runs WHERE id = %(run)s", {"run": gone["run"]})
        while deliveries.prune(tx, datetime.now(UTC) + timedelta(minutes=1), limit=1):
            pass
    assert [row["id"] for row in hook.log] == [kept["delivery"]]
