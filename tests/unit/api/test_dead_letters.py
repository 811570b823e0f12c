"""What people do with dead letters, and what is refused, against a real PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg.types.json import Jsonb

from services.api.cli.client import Client
from shared.store import dead_letters

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


JOINED = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: joined}
spec:
  nodes:
    - {id: left, type: connector_source, config: {connector: files, path: l.csv, schema: {id: BIGINT, name: TEXT}}}
    - {id: right, type: connector_source, config: {connector: files, path: r.csv, schema: {id: BIGINT, town: TEXT}}}
    - {id: join, type: joiner, config: {joinType: INNER, left: left, right: right, keys: [{left: id, right: id}]}}
    - {id: write, type: connector_sink, config: {connector: db, table: t, writeMode: INSERT}}
  edges: [{from: left, to: join}, {from: right, to: join}, {from: join, to: write}]
"""


def test_rows_of_both_sides_of_a_join_are_not_replayed_one_by_one(api: Any) -> None:
    api.apply(JOINED)
    run = api.run("joined", {"reads": [{"node": side, "options": {"path": f"{side}.csv"}} for side in ("left", "right")]})
    api.letter(run, "left", line("1,a"))
    other = api.letter(run, "right", line("1,b"))
    answer = api.call("POST", "/dead-letters/replay", {"run": run})
    assert (answer.status_code, "right rejected rows, too: pairs of two rejected rows would be lost" in answer.json["detail"]) == (
        409,
        True,
    )
    api.call("POST", "/dead-letters/waive", {"ids": [other]})
    answer = api.call("POST", "/dead-letters/replay", {"run": run})
    assert answer.status_code == 202
    (row,) = api.all("SELECT trigger -> 'through' AS nodes FROM runs WHERE id = %(run)s", run=answer.json["runs"][0]["id"])
    assert row["nodes"] == ["join", "left", "write"]


def test_a_row_that_was_replayed_is_missing_from_the_other_side_too(api: Any) -> None:
    api.apply(JOINED)
    reads = {"reads": [{"node": side, "options": {"path": f"{side}.csv"}} for side in ("left", "right")]}
    first = api.run("joined", reads)
    second = api.run("joined", reads, trigger={"type": "replay", "of": first, "node": "left"})
    api.letter(first, "right", line("1,b"), state="replayed", replay=first)
    api.letter(second, "left", line("1,a"))
    assert api.call("POST", "/dead-letters/replay", {"run": second}).status_code == 409


INSERTING = {**READING, "sinks": [{"node": "write", "writeMode": "INSERT"}]}


def ended_replay(api: Any, code: str) -> tuple[str, str]:
    """A letter, and the replay of it that failed with an attempt on a stage that inserts."""
    replay = api.run("shops", INSERTING, status="FAILED", trigger={"type": "replay", "letters": 1})
    letter = api.letter(api.run("shops", READING), "read", line("x,a,1"), replay=replay)
    with api.database.transaction() as tx:
        tx.execute(
            "INSERT INTO attempts (run_id, stage, epoch, worker, finished_at, outcome, error) VALUES (%s, 1, 1, 'w', now(), 'FAILED', %s)",
            (replay, Jsonb({"code": code})),
        )
        dead_letters.replay_ended(tx, replay, succeeded=False)
    return letter, replay


def test_a_replay_that_gave_up_before_it_wrote_gives_its_letters_back(shops: Any) -> None:
    letter, _ = ended_replay(shops, "too_many_rejects")
    assert shops.call("GET", f"/dead-letters/{letter}").json["replayRun"] is None


def test_letters_of_a_replay_that_may_have_written_can_be_waived_corrected_and_deleted(shops: Any) -> None:
    letter, replay = ended_replay(shops, "internal")
    fix = {"record": {"line": "1,a,1"}}
    answer = shops.call("PATCH", f"/dead-letters/{letter}", fix)
    assert (answer.status_code, f"held by run {replay}, which ended FAILED" in answer.json["detail"]) == (409, True)
    assert shops.call("POST", "/dead-letters/waive", {"ids": [letter]}).json == {"letters": 1}
    # Waived and opened again it is no other row than before.
    assert shops.call("PATCH", f"/dead-letters/{letter}", {"state": "open"}).status_code == 409
    with shops.database.transaction() as tx:
        assert dead_letters.held(tx, replay) == 0, "that run cannot be retried without it"
    answer = shops.call("PATCH", f"/dead-letters/{letter}", {**fix, "allowDuplicates": True})
    assert (answer.status_code, answer.json["state"], answer.json["replayRun"]) == (200, "fixed", None)
    other, _ = ended_replay(shops, "internal")
    assert shops.call("DELETE", f"/dead-letters/{other}").status_code == 204


def test_what_is_being_replayed_nobody_changes(shops: Any) -> None:
    replay = shops.run("shops", INSERTING, status="RUNNING", trigger={"type": "replay", "letters": 1})
    letter = shops.letter(shops.run("shops", READING), "read", line("x,a,1"), replay=replay)
    body = {"record": {"line": "1,a,1"}, "allowDuplicates": True}
    answer = shops.call("PATCH", f"/dead-letters/{letter}", body)
    assert (answer.status_code, f"is being replayed by run {replay}" in answer.json["detail"]) == (409, True)
    assert shops.call("POST", "/dead-letters/waive", {"ids": [letter]}).json == {"letters": 0}
    assert shops.call("DELETE", f"/dead-letters/{letter}").status_code == 409


def test_a_row_that_held_nul_is_not_replayed_with_another_character_in_its_place(shops: Any) -> None:
    run = shops.run("shops", {**READING, "sinks": [{"node": "write", "columns": []}]})
    letter = shops.letter(run, "write", {"id": 1, "name": "a\U0010fffeb"}, kind="sink")
    answer = shops.call("POST", "/dead-letters/replay", {"run": run})
    assert (answer.status_code, f"letter {letter} cannot be replayed as it is: a text in it held NUL" in answer.json["detail"]) == (
        409,
        True,
    )
    assert shops.call("PATCH", f"/dead-letters/{letter}", {"record": {"name": "ab"}}).status_code == 200
    assert shops.call("POST", "/dead-letters/replay", {"run": run}).status_code == 202


def test_numbers_keep_all_their_digits_on_the_way_in_and_out(shops: Any) -> None:
    long = "12345678901234567.89"
    record = '{"id": 1, "amount": 98765432109876543.21, "name": "a"}'
    letter = shops.letter(shops.run("shops", READING), "write", record, kind="sink")
    assert '"amount": 98765432109876543.21' in shops.call("GET", f"/dead-letters/{letter}").text
    # Somebody who knows only floats sends the whole row back, one column corrected.
    rounded = '{"record": {"id": 1, "amount": 9.876543210987654e16, "name": "b"}}'
    assert (
        '"record": {"id": 1, "name": "b", "amount": 98765432109876543.21}'
        in shops.call("PATCH", f"/dead-letters/{letter}", text=rounded).text
    )
    shops.call("PATCH", f"/dead-letters/{letter}", text=f'{{"record": {{"amount": {long}}}}}')
    (row,) = shops.all("SELECT record ->> 'amount' AS amount FROM dead_letters WHERE id = %(id)s", id=letter)
    assert row["amount"] == long
    assert f'"amount": {long}' in shops.call("GET", "/dead-letters?limit=500").text


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e99999"])
def test_what_is_no_number_of_any_database_is_refused(shops: Any, number: str) -> None:
    letter = shops.letter(shops.run("shops", READING), "write", {"amount": 1}, kind="sink")
    answer = shops.call("PATCH", f"/dead-letters/{letter}", text=f'{{"record": {{"amount": {number}}}}}')
    assert answer.status_code in {400, 422}


def test_of_many_only_those_that_differ_are_fixed(shops: Any) -> None:
    run = shops.run("shops", READING)
    first, second = (shops.letter(run, "write", {"id": n, "v": 1.5}, kind="sink", position=n) for n in (1, 2))
    waived = shops.letter(run, "write", {"id": 3}, kind="sink", state="waived")
    sent = [{"id": first, "record": {"id": 1, "v": 2}}, {"id": second, "record": {"id": 2, "v": 1.5}}, {"id": waived, "record": {"id": 3}}]
    assert shops.call("PATCH", "/dead-letters", {"letters": sent}).json == {"letters": 1}
    assert [shops.call("GET", f"/dead-letters/{one}").json["state"] for one in (first, second, waived)] == ["fixed", "open", "waived"]


def test_pages_go_on_when_the_letter_that_ended_one_is_gone(shops: Any) -> None:
    run = shops.run("shops", READING)
    letters = [shops.letter(run, "read", line("x"), position=n) for n in range(1, 6)]
    seen, cursor = [], ""
    while True:
        page = shops.call("GET", f"/dead-letters?run={run}&limit=2{cursor}").json
        seen += [item["id"] for item in page["items"]]
        for item in page["items"]:
            assert shops.call("DELETE", f"/dead-letters/{item['id']}").status_code == 204
        if page["nextCursor"] is None:
            break
        cursor = f"&cursor={page['nextCursor']}"
    assert seen == letters
    assert shops.call("GET", "/dead-letters?cursor=WyJhIl0=").status_code == 422


def test_letters_of_the_newest_run_come_first_page_by_page_and_of_one_run_those_of_a_file_in_its_order(shops: Any, served: str) -> None:
    runs = [shops.run("shops", READING) for _ in range(3)]
    letters = [[shops.letter(run, "paged", line("x"), position=n) for n in (1, 2)] for run in runs]
    client = Client(served, "admin-token")
    newest = [letter for of_run in reversed(letters) for letter in reversed(of_run)]
    for query in ("node=paged", "node=paged&contains=BAD", "node=paged&state=open"):
        seen, page = [], {"nextCursor": None}
        while not seen or page["nextCursor"] is not None:
            # A query of the path's own stays beside what is given by name.
            page = client.call("GET", f"/dead-letters?{query}", limit=4, cursor=page["nextCursor"])
            assert len(page["items"]) <= 4
            seen += [item["id"] for item in page["items"]]
        assert seen == newest
    assert [item["id"] for item in client.call("GET", f"/dead-letters?run={runs[1]}")["items"]] == letters[1]


def test_viewers_do_not_see_what_looks_secret(shops: Any) -> None:
    with_secrets = {
        "reads": [{"node": "read", "options": {"path": "in.csv", "surveyed": [["id", "BIGINT", True], ["password", "TEXT", True]]}}]
    }
    plain = {"reads": [{"node": "read", "options": {"path": "in.csv", "surveyed": [["id", "BIGINT", True]]}}]}
    run, other = shops.run("shops", with_secrets), shops.run("shops", plain)
    shops.letter(run, "write", {"id": 1.25, "user_password": "hunter22"}, kind="sink")
    letter = shops.letter(run, "read", line("1,hunter22"))
    shops.letter(other, "read", line("seen"))
    for path in (f"/dead-letters?run={run}", f"/dead-letters/export?run={run}", f"/dead-letters/export?run={run}&format=csv"):
        for role, shown in (("viewer", False), ("editor", True), ("operator", True)):
            answer = shops.call("GET", path, role=role)
            assert (answer.status_code, "hunter22" in answer.text, "1.25" in answer.text) == (200, shown, True), (path, role)
    assert "hunter22" not in shops.call("GET", f"/dead-letters/{letter}", role="viewer").text
    assert "seen" in shops.call("GET", f"/dead-letters?run={other}", role="viewer").text
