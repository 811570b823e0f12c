"""What a recipe may say of webhooks, and how its mistakes are told."""

from __future__ import annotations

import pytest

from shared.pipelines.language import pipeline, read_documents, starts
from shared.pipelines.validation import validate

RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: hooked}
spec:
  parameters: [{name: order, type: integer}]
  triggers: [TRIGGERS]
  nodes:
    - {id: sent, type: connector_source, config: {SOURCE}}
    - {id: write, type: connector_sink, config: {connector: files, path: out.csv, writeMode: OVERWRITE}}
  edges: [{from: sent, to: write}]
"""
SECRET = "type: webhook, secret: '{{credential:hook#key}}'"
FILE, ROWS = "connector: files, path: in.csv", "connector: payload, path: webhook, schema: {id: INTEGER}"


def text(*triggers: str, source: str = FILE) -> str:
    return RECIPE.replace("TRIGGERS", ", ".join(f"{{{one}}}" for one in triggers)).replace("SOURCE", source)


def errors(said: str) -> list[tuple[str, str]]:
    return [(problem.code, problem.message) for problem in validate(read_documents(said)) if problem.severity == "error"]


def test_a_good_one_has_its_settings_and_name() -> None:
    said = text(f"{SECRET}, name: orders, parameters: {{order: $.order.id}}", "type: webhook, token: '{{credential:hook#token}}'")
    assert errors(said) == []
    first, second = starts(read_documents(said)[0]).triggers
    assert (first.name, first.type, first.config["parameters"], first.config["reply"]) == (
        "orders",
        "webhook",
        {"order": "$.order.id"},
        "accepted",
    )
    assert (second.name, second.config["token"]) == ("webhook", "{{credential:hook#token}}")


@pytest.mark.parametrize(
    ("triggers", "source", "code", "told"),
    [
        (["type: webhook"], FILE, "missing_setting", "give either token or secret"),
        ([f"{SECRET}, token: '{{{{credential:a#b}}}}'"], FILE, "invalid_setting", "not token and secret"),
        (["type: webhook, token: letmein"], FILE, "inline_secret", "must be a reference"),
        (["type: webhook, token: 'x{{credential:a#b}}'"], FILE, "inline_secret", "and nothing else"),
        (["type: webhook, token: '{{vault:secret/a#b}}'"], FILE, "not_available_yet", "refers to vault"),
        ([f"{SECRET}, parameters: {{ordre: $.id}}"], FILE, "unknown_parameter", "did you mean 'order'?"),
        ([f"{SECRET}, parameters: {{order: id}}"], FILE, "invalid_setting", "is no JSON path"),
        ([f"{SECRET}, payloadSchema: {{type: objekt}}"], FILE, "invalid_setting", "is no JSON Schema"),
        ([SECRET, SECRET], FILE, "duplicate_name", "two triggers of pipeline 'hooked' are called 'webhook', the first in line"),
        ([f"{SECRET}, name: schedule"], FILE, "duplicate_name", "as its schedule is"),
        ([f"{SECRET}, rows: payload"], FILE, "unread_payload", "nothing reads the rows"),
        ([f"{SECRET}, rows: payload"], "connector: payload, path: webhook", "missing_setting", "say its columns in 'schema'"),
        ([f"{SECRET}, rows: payload"], ROWS.replace("path: webhook", "path: webhok"), "unknown_trigger", "'path' must say which: webhook"),
        ([f"{SECRET}, rows: payload"], f"{ROWS}, format: csv", "unknown_setting", "do not take"),
        ([f"{SECRET}, batchMillis: 100"], FILE, "invalid_setting", "add rows: payload"),
        ([f"{SECRET}, rows: payload, batchMillis: 100, reply: finished"], ROWS, "invalid_setting", "needs one of its own"),
        ([f"{SECRET}, rows: payload, batchMillis: 100, review: true"], ROWS, "invalid_setting", "leave review out"),
        ([f"{SECRET}, rows: payload, batchMillis: 100, parameters: {{order: $.id}}"], ROWS, "invalid_setting", "parameters"),
        ([f"{SECRET}, batchMillis: 0"], FILE, "invalid_setting", "greater than or equal to 1"),
    ],
)
def test_a_mistake_is_told(triggers: list[str], source: str, code: str, told: str) -> None:
    found = errors(text(*triggers, source=source))
    assert any(one == code and told in message for one, message in found), found


def test_a_parameter_without_which_no_run_starts_has_to_come_from_somewhere() -> None:
    said = text(SECRET).replace("type: integer}", "type: integer, required: true}")
    assert [code for code, _ in errors(said)] == ["missing_parameter"]


def test_payload_means_deliveries_only_where_a_webhook_brings_them() -> None:
    def config(said: str) -> dict[str, object]:
        return dict(pipeline(read_documents(said)[0]).node("sent").config)

    assert errors(text(f"{SECRET}, rows: payload", source=ROWS)) == []
    delivered = config(text(f"{SECRET}, rows: payload", source=ROWS))
    assert (delivered["connector"], delivered["path"], delivered["format"]) == ("trigger/delivered rows", "webhook.jsonl", "jsonl")
    assert config(text(SECRET, source="connector: payload, path: x.csv"))["connector"] == "payload"
