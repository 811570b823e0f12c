"""Who hears of what: the connectors that notifications name, what their texts say, and what would never be told of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.pipelines import message_texts
from shared.pipelines.language.pointers import below
from shared.pipelines.validation import references, sql
from shared.pipelines.validation.known import Known, full_name
from shared.pipelines.validation.report import Owner, Report
from shared.secrets.references import reference_in

# Which connectors a notification of each type goes by.
CONNECTOR_TYPES = {"slack": "slack", "webhook": "http_push", "email": "email"}
_SECRETS = ("url", "secret")


def check(report: Report, spec: Mapping[str, Any], path: str, owner: Owner, known: Known) -> None:
    entries = spec.get("notifications")
    for at, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, Mapping):
            here = below(below(path, "notifications"), at)
            _connector(report, entry, here, owner, known)
            _text(report, entry.get("text"), below(here, "text"), owner)
            _templates(report, entry, here, owner)
            _late(report, spec, entry, here, owner)


def _connector(report: Report, entry: Mapping[str, Any], path: str, owner: Owner, known: Known) -> None:
    named, kind = entry.get("connector"), entry.get("type")
    at = below(path, "connector")
    found = references.connector(report, named, at, owner, known)
    wanted = CONNECTOR_TYPES.get(kind) if isinstance(kind, str) else None
    if found is None or wanted is None:
        return
    if found.type != wanted:
        message = f"a notification of type {kind} of {owner.phrase} goes by a connector of type {wanted}; '{named}' is of type {found.type}"
        report.add("wrong_connector_type", message, at)
        return
    config = known.connectors[full_name(str(named), report.document.namespace)][1]
    if kind == "slack" and "token" in config and not (config.get("channel") or entry.get("channel")):
        message = f"a notification of {owner.phrase} goes by the token of '{named}', and neither of them says into which channel"
        report.add("missing_setting", f"{message}; give it 'channel'", below(path, "channel"))


def _text(report: Report, text: Any, path: str, owner: Owner) -> None:
    if not isinstance(text, str):
        return
    for mistake in message_texts.mistakes(text):
        at = sql.position(report.document, path, text, mistake.at)
        message = f"'text' of a notification of {owner.phrase}: {mistake.message}"
        report.add("unknown_template_name", message, path, suggestion=mistake.suggestion, at=at)


def _templates(report: Report, entry: Mapping[str, Any], path: str, owner: Owner) -> None:
    """References to secrets where secrets are, and nothing else: what a run's values would be is not known where there is no run."""
    for key, value in entry.items():
        for text in value if isinstance(value, list) else [value]:
            if key == "text" or not isinstance(text, str) or "{{" not in text:
                continue
            whole = text.strip()
            body = whole[2:-2].strip() if whole.startswith("{{") and whole.endswith("}}") else ""
            try:
                fits = key in _SECRETS and reference_in(body) is not None
            except ValueError:
                fits = False
            if not fits:
                remedy = "write {{credential:name#field}} and nothing else" if key in _SECRETS else "write the value out"
                message = f"'{key}' of a notification of {owner.phrase} cannot hold the template {text[:60]}; {remedy}"
                report.add("template_not_allowed", message, below(path, key))
                break
    for key in _SECRETS:
        if isinstance(value := entry.get(key), str) and "{{" not in value:
            _in_clear(report, entry, key, value, below(path, key), owner)


def _in_clear(report: Report, entry: Mapping[str, Any], key: str, value: str, path: str, owner: Owner) -> None:
    """Recipes are kept, shown and pushed to Git as they are."""
    what = f"'{key}' of a notification of {owner.phrase}"
    if key == "secret":
        report.add("secret_in_text", f"{what} is a secret, and recipes are shown; write {{{{credential:name#field}}}}", path)
    elif not value.startswith(("https://", "http://")):
        message = f"{what} must begin with https:// or http://, or be a reference such as {{{{credential:name#url}}}}"
        report.add("invalid_setting", message, path)
    elif entry.get("type") == "slack":
        remedy = "put it into a credential, or into a connector of type slack"
        message = f"{what} lets everybody who reads the recipe write into the channel; {remedy}"
        report.add("secret_in_text", message, path, severity="warning")


def _late(report: Report, spec: Mapping[str, Any], entry: Mapping[str, Any], path: str, owner: Owner) -> None:
    on = entry.get("on")
    if isinstance(on, list) and "late" in on and not ("deadline" in spec and "schedule" in spec):
        lacks = "schedule" if "schedule" not in spec else "deadline"
        message = f"a notification of {owner.phrase} is for what is late, and without a {lacks} nothing is ever late; give it one"
        report.add("never_late", message, below(path, "on"), severity="warning")
