"""What is told of an end of a run, and how it reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from shared.notifications.changes import changes
from shared.notifications.events import Ended, facts, told, took
from shared.notifications.messages import message
from shared.notifications.wanted import Wish, wishes
from shared.pipelines.message_texts import filled, mistakes

AT = datetime(2026, 3, 29, 2, 0, tzinfo=UTC)
ENDED = Ended(
    "sales", "loads", "r1", 3, "FAILED", "schedule", AT, AT, AT + timedelta(seconds=75), {"code": "c", "message": "no <room> & air"}, "keep"
)
RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {{name: p, annotations: {{contacts: {contacts}}}}}
spec:
  deadline: 90m
  {more}
  nodes: [{{id: read, type: connector_source, config: {{connector: db, table: orders}}}}]
"""


def events(ended: Ended, *on: str, over: float | str | None = None) -> list[str]:
    return [one.event for one in told(ended, [Wish(on, "slack", {}, over=over)], None)]


def test_each_end_is_what_it_is() -> None:
    every = ("failure", "success", "recovery", "quality", "rejects", "late", "schemaChange")
    good = replace(ENDED, status="SUCCEEDED", error=None, node=None)
    assert events(ENDED, *every) == ["failure"]
    assert events(replace(ENDED, status="TIMED_OUT"), *every) == ["failure"]
    assert events(good, *every) == ["success"]
    assert events(replace(good, before="SUCCEEDED"), *every) == ["success"]
    assert events(replace(good, before="TIMED_OUT"), *every) == ["success", "recovery"]
    assert events(replace(ENDED, broken=[("orders", "has-id", "critical", 1, None)]), *every) == ["failure", "quality"]
    assert events(replace(good, changes=["x"]), "schemaChange") == ["schemaChange"]


def test_rejects_are_told_of_above_so_many_rows_or_such_a_share() -> None:
    some = replace(ENDED, read=100, rejected=5)
    assert events(some, "rejects") == ["rejects"]
    assert events(some, "rejects", over=5) == []
    assert events(some, "rejects", over=4) == ["rejects"]
    assert events(some, "rejects", over="5%") == []
    assert events(some, "rejects", over="4.9%") == ["rejects"]
    assert events(replace(some, read=None), "rejects", over="50%") == ["rejects"], "nobody can say that it is less"
    assert events(replace(some, rejected=0), "rejects") == []


def test_the_usual_text_says_what_a_person_asks_first() -> None:
    said = {**facts(replace(ENDED, read=10, written=8, rejected=2), "https://p/r1"), "event": "failure", "summary": "failed at keep"}
    assert message("email", said, None).text == (
        "❌ sales/loads failed at keep\nError: no <room> & air\nFailed at: keep\nRows done: 8\nRejected: 2\nTook: 1m 15s\n"
        "For: 2026-03-29T02:00:00Z\nRun: r1\nhttps://p/r1"
    )
    assert message("email", said, None).subject == "sales/loads failed at keep"
    assert message("email", said, None, 4).text.endswith("(4 more like it were counted since the last message, and not sent)")


def test_what_a_run_said_mentions_nobody_in_slack_and_a_text_may() -> None:
    said = {**facts(replace(ENDED, error={"message": "<!channel> & <https://evil|here>"}), None), "event": "failure"}
    assert message("slack", said, "<!here> {{error_message}}").text == "<!here> &lt;!channel&gt; &amp; &lt;https://evil|here&gt;"


def test_a_value_that_looks_like_a_template_is_not_one() -> None:
    assert filled("{{error_message}} at {{node}}", {"error_message": "{{node}}", "node": "n"}) == "{{node}} at n"


def test_names_that_there_are_not_are_told_with_the_nearest() -> None:
    found = mistakes("{{pipeline_name}} {{ eror_code }}")
    assert [(one.suggestion, one.at) for one in found] == [("error_code", 21)]
    assert mistakes("{{pipeline_name")[0].at == 0


def test_with_nothing_said_failures_go_to_the_addresses_among_the_contacts_where_mail_can_be_sent() -> None:
    text = RECIPE.format(contacts='[data-team, "Jane <jane@example.com>", joe@example.com]', more="")
    (wish,) = wishes(text, mail=True).wishes
    assert (wish.on, wish.type, wish.target) == (("failure", "late"), "email", {"to": ["jane@example.com", "joe@example.com"]})
    assert wishes(text, mail=False).wishes == ()
    assert wishes(RECIPE.format(contacts="ask around", more=""), mail=True).wishes == ()
    own = RECIPE.format(contacts="[a@example.com]", more="notifications: [{on: [success], type: webhook, url: 'https://x.example'}]")
    assert [one.on for one in wishes(own, mail=True).wishes] == [("success",)]


def test_a_recipe_says_its_deadline_and_what_it_reads() -> None:
    found = wishes(RECIPE.format(contacts="[]", more=""), mail=False)
    assert (found.deadline, found.objects) == (timedelta(minutes=90), (("db", "orders"),))


def test_changes_of_columns_are_sentences() -> None:
    before = [{"name": "a", "type": "BIGINT", "nullable": False}, {"name": "b", "type": "TEXT", "nullable": True}]
    after = [{"name": "a", "type": "TEXT", "nullable": False}, {"name": "c", "type": "DATE", "nullable": True}]
    assert changes("db.orders", before, after) == [
        "db.orders: column b (TEXT) is gone",
        "db.orders: column c (DATE) is new",
        "db.orders: column a was BIGINT and is TEXT",
    ]
    assert changes("d", before, list(reversed(before))) == ["d: the columns stand in another order"]
    assert changes("d", before, before) == []


def test_durations_read_well() -> None:
    assert [took(timedelta(seconds=s)) for s in (0.25, 59.9, 60, 3723)] == ["0.2s", "59.9s", "1m 00s", "1h 02m 03s"]
