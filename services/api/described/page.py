"""The OpenAPI document as a page for people: without scripts, and without anything from outside. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_STYLE = (
    ":root{color-scheme:light dark;font-family:system-ui,sans-serif}main{max-width:70rem;margin:auto;padding:1rem}"
    "pre{overflow:auto;border:1px solid #8888;padding:.5rem}td,th{text-align:left;padding:.1rem .8rem .1rem 0;vertical-align:top}"
    "summary{padding:.2rem 0;cursor:pointer}"
)
_SHOWN = ("application/json", "application/yaml", "text/event-stream", "text/plain", "text/markdown", "text/csv")


def page(document: Mapping[str, Any]) -> str:
    """`document`: as it is served."""
    by_tag: dict[str, list[tuple[str, Mapping[str, Any]]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, operations in sorted(document["paths"].items()):
        around = operations.get("parameters", [])
        for method, operation in operations.items():
            if method != "parameters":
                whole = {**operation, "parameters": [*around, *operation.get("parameters", [])]}
                by_tag.setdefault(operation["tags"][0], []).append((f"{method.upper()} {path}", whole))
    about = {tag["name"]: tag.get("description", tag["name"]) for tag in document["tags"]}
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'><meta name='viewport' content='width=device-width'>",
        f"<title>Penstock API</title><style>{_STYLE}</style><main><h1>Penstock API</h1>",
        "<p>All calls but a few take a token: <code>Authorization: Bearer …</code>. ",
        "The whole document, for programs: <a href='/api/v1/openapi.json'>openapi.json</a>.</p>",
    ]
    for tag, calls in by_tag.items():
        if calls:
            parts.append(f"<h2>{escape(about.get(tag, tag))}</h2>")
            parts += [part for call, operation in calls for part in _call(call, operation)]
    return "".join([*parts, "</main></html>"])


def _call(call: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f"<details id='{escape(operation['operationId'])}'><summary><code>{escape(call)}</code> {escape(operation['summary'])}</summary>"
    if description := operation.get("description"):
        yield f"<p>{escape(description)}</p>"
    if operation["parameters"]:
        yield "<table><tr><th>parameter</th><th>in</th><th>what it says</th></tr>"
        yield from map(_parameter, operation["parameters"])
        yield "</table>"
    yield from _example("sent", operation.get("requestBody", {}))
    for status, answer in operation["responses"].items():
        if "$ref" not in answer:
            yield from _example(status, answer)
    bad = [status for status, answer in operation["responses"].items() if "$ref" in answer and status.isdigit()]
    yield f"<p>Problems: {', '.join(bad)}</p></details>"


def _parameter(one: Mapping[str, Any]) -> str:
    must = " (required)" if one.get("required") else ""
    return f"<tr><td><code>{escape(one['name'])}</code>{must}</td><td>{one['in']}</td><td>{escape(one.get('description', ''))}</td></tr>"


def _example(what: str, part: Mapping[str, Any]) -> Iterator[str]:
    """The first that can be read."""
    there = part.get("content", {})
    kind = next((kind for kind in _SHOWN if "example" in there.get(kind, {})), None)
    if kind is not None:
        example = there[kind]["example"]
        text = example if isinstance(example, str) else json.dumps(example, indent=2, ensure_ascii=False)
        yield f"<p>{escape(what)}, {kind}:</p><pre>{escape(text)}</pre>"
