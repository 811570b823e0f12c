"""Puts names, ways to fail, and examples into the OpenAPI document, in place."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Set
from http import HTTPStatus
from typing import Any

from services.api.described.examples import BODIES, TEXTS, Examples
from services.api.described.failures import SHAPES, statuses
from services.api.described.names import name_of

_PROBLEM = "application/problem+json"
_JSON = "application/json"
_LINES = "application/x-ndjson"
# Headers that several calls honour: what has a way to be asked for twice, and what can be saved over.
_ONCE = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "description": "The same key and body again: the same answer, and nothing is started twice",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
_SEEN = {
    "in": "header",
    "name": "If-Match",
    "required": False,
    "description": "The ETag of the version that the caller has seen; 409 where it is not the newest",
    "schema": {"type": "string", "minLength": 1},
}
_STARTS = frozenset(
    """
    startRun retryRun startBackfill replayDeadLetters cancelRuns retryRuns labelRuns resendNotification testNotifications releaseDelivery
    """.split()  # noqa: SIM905 (a column of names is harder to read)
)
_OVER = frozenset(f"{does}{what}" for does in ("save", "delete", "restore") for what in ("Pipeline", "Connector", "Document"))


def finished(document: dict[str, Any], streamed: Callable[[str], bool]) -> None:
    """`document`: as apispec has it, which is changed. `streamed`: whether the list at a path can be had as NDJSON, too."""
    components = document["components"]
    # The library's own, for a header that nothing here sends.
    components["schemas"].pop("PaginationMetadata", None)
    examples = Examples(components["schemas"])
    components["responses"].clear()
    components["responses"] |= _shapes()
    for path, operations in document["paths"].items():
        around = operations.get("parameters", [])
        for method, operation in operations.items():
            if method == "parameters":
                continue
            name = name_of(method, path)
            operation["operationId"] = name
            _told(operation)
            _headers(name, operation)
            _failures(name, operation, path)
            _examples(name, operation, examples)
            if method == "get" and streamed(path):
                _lines(operation)
        for parameter in around:
            parameter.setdefault("example", _PLACES.get(parameter["name"], "orders"))


# Of what stands in addresses.
_PLACES: Mapping[str, Any] = {
    "namespace": "sales",
    "run": "019a5b3e-7c2f-7d10-9c55-3f1b2a4d5e6f",
    "node": "load",
    "kind": "Pipeline",
    "trigger": "schedule",
    "version": 3,
    "stage": 2,
    "dataset": "sales/dw:orders",
    "rule_set": "orders-rules",
    **dict.fromkeys(
        ("plan", "letter", "backfill", "delivery", "notification", "check", "token", "request"), "019a5b3e-7c30-7000-8000-000000000001"
    ),
}


def _shapes() -> dict[str, Any]:
    """The components for each status; DEFAULT_ERROR is what the library calls any other."""
    found = {
        name: _shape(
            about,
            {
                "type": f"urn:penstock:problem:{HTTPStatus(status).phrase.lower().replace(' ', '-')}",
                "title": HTTPStatus(status).phrase,
                "status": status,
                "detail": detail,
                "requestId": "b6d0c3f4",
            },
        )
        for status, (name, about, detail) in SHAPES.items()
    }
    return {**found, "DEFAULT_ERROR": _shape("Anything else that went wrong", None)}


def _shape(about: str, example: Mapping[str, Any] | None) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {"description": about, "content": {_PROBLEM: content | ({"example": example} if example else {})}}


def _told(operation: dict[str, Any]) -> None:
    """The first sentence as the summary, the rest beside it."""
    said = " ".join(f"{operation.get('summary', '')} {operation.get('description', '')}".split())
    first, stop, rest = said.partition(". ")
    operation["summary"] = first.rstrip(".")
    if stop:
        operation["description"] = rest


def _headers(name: str, operation: dict[str, Any]) -> None:
    more = [header for header, which in ((_ONCE, _STARTS), (_SEEN, _OVER)) if name in which]
    if more:
        operation.setdefault("parameters", []).extend(more)


def _failures(name: str, operation: dict[str, Any], path: str) -> None:
    responses = operation["responses"]
    good = {status: answer for status, answer in responses.items() if status.isdigit() and int(status) < 400}
    said: Set[str] = {status for status in responses if status not in good and status != "default"}
    own = {status: responses[status] for status in said if "$ref" not in responses[status] and int(status) not in {422}}
    bad = {str(status): {"$ref": f"#/components/responses/{SHAPES[status][0]}"} for status in statuses(name, operation, path)}
    responses.clear()
    responses |= good | bad | own | {"default": {"$ref": "#/components/responses/DEFAULT_ERROR"}}


def _examples(name: str, operation: dict[str, Any], examples: Examples) -> None:
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        content["example"] = TEXTS.get((name, kind), TEXTS.get(kind)) if kind != _JSON else BODIES.get(name, examples.of(content["schema"]))
    for status, answer in operation["responses"].items():
        for kind, content in answer.get("content", {}).items():
            if kind == _JSON:
                content["example"] = examples.of(content["schema"])
            elif status.isdigit() and (text := TEXTS.get((name, kind), TEXTS.get(kind))) is not None:
                content["example"] = text


def _lines(operation: dict[str, Any]) -> None:
    """A list, a line for each of its items."""
    content = operation["responses"]["200"]["content"]
    items = content[_JSON]["example"]["items"]
    content[_LINES] = {"schema": {"type": "string"}, "example": "".join(json.dumps(one) + "\n" for one in items)}
