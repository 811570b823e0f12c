"""A language model may be asked, and is not trusted: what is sent holds no secret and no value, what comes back is validated."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cases import RECIPE, case, recipe

from shared.assistant import AssistantFailed, Endpoint
from shared.diagnosis import diagnose
from shared.diagnosis.consulting import RULES, masked, proposal, question
from tests.support.language_model import model

BETTER = RECIPE.replace("timeout: 600", "timeout: 1200")


def test_it_is_asked_once_and_its_recipe_is_shown_where_it_is_valid() -> None:
    failed = case("timed_out", "the run took longer than its timeout")
    with model(200, f"```json\n{json.dumps({'text': 'It takes longer.', 'recipe': BETTER})}\n```") as (url, asked):
        endpoint = Endpoint(url, "m-1", "the-key")
        made = proposal(failed, endpoint.model, endpoint.ask(RULES, question(failed, diagnose(failed))))
    (sent,) = asked
    assert (sent["path"], sent["key"], sent["model"]) == ("/v1/chat/completions", "Bearer the-key", "m-1")
    assert [one["role"] for one in sent["messages"]] == ["system", "user"]
    assert (made.text, made.refused) == ("It takes longer.", None)
    assert made.fix is not None
    assert (made.fix.text, made.fix.lines) == (BETTER, (6,))
    assert "nobody has tried it" in made.fix.applies
    assert "the-key" not in repr(endpoint)


@pytest.mark.parametrize(
    ("recipe_", "why"),
    [
        (BETTER.replace("INSERT", "SOMEHOW"), "does not pass validation"),
        (BETTER.replace("name: orders", "name: others"), "does not pass validation"),
        (f"{BETTER}---\n{BETTER}", "does not pass validation"),
        (RECIPE, "is the one that failed"),
        (BETTER.replace("net_orders", "***"), "masked values"),
        ({"a": 1}, "holds no recipe"),
    ],
)
def test_what_it_proposes_is_not_shown_unless_it_is_valid_and_of_this_pipeline(recipe_: Any, why: str) -> None:
    made = proposal(case("timed_out", "too long"), "m", json.dumps({"text": "t", "recipe": recipe_}))
    assert (made.fix, made.text) == (None, "t")
    assert why in str(made.refused)


@pytest.mark.parametrize("answer", ["no JSON", "[]", "{}", '"text"', "null", "[" * 100_000])
def test_an_answer_of_another_form_is_told_as_such(answer: str) -> None:
    made = proposal(case("timed_out", "too long"), "m", answer)
    assert (made.fix, made.refused) == (None, "the answer is not of the form that was asked for")


def test_no_secret_and_no_value_of_a_row_is_sent() -> None:
    text = RECIPE.replace(
        "table: net_orders,",
        "table: net_orders, options: {api_key: hush-hush, nested: {password: {a: pst-pst}}, url: 'https://me:psst@h/x', git: 'https://ghp_only@h/x'},",
    ).replace(
        "spec:\n", "spec:\n  notifications: [{on: [failure], type: slack, url: 'https://hooks.example/services/T0/known-by-few'}]\n", 1
    )
    failed = case(
        "connector_rejected_data",
        'duplicate key value violates unique constraint "p" (Key (mail)=(jan@example.com) already exists.)',
        node="write",
        text=text,
        letters=[{"node": "net", "kind": "row", "rule": None, "letters": 1, "message": "bad", "record": '{"mail": "ewa@example.com"}'}],
    )
    sent = question(failed, diagnose(failed))
    for hidden in ("hush-hush", "pst-pst", "psst", "ghp_only", "known-by-few", "jan@example.com", "ewa@example.com"):
        assert hidden not in sent
    assert "net_orders" in sent
    assert 'api_key: "***"' in masked(recipe(text).document)


@pytest.mark.parametrize(
    ("status", "content", "why"), [(401, None, "answered 401"), (500, None, "answered 500"), (200, None, "nothing to say")]
)
def test_an_endpoint_that_fails_is_told_in_a_sentence(status: int, content: Any, why: str) -> None:
    with model(status, content) as (url, asked), pytest.raises(AssistantFailed, match=why):
        Endpoint(url, "m").ask("rules", "question")
    assert len(asked) == 1


def test_an_endpoint_that_is_not_there_is_told_too() -> None:
    with pytest.raises(AssistantFailed, match="cannot be reached"):
        Endpoint("http://127.0.0.1:9/v1", "m").ask("rules", "question")
