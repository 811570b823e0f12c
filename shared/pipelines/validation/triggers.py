"""Triggers of a pipeline: names that tell them apart; of webhooks their secret, paths and schema, and the sources that read their rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.pipelines.delivered import PAYLOAD, is_delivered, triggers_with_rows
from shared.pipelines.language.pointers import below
from shared.pipelines.parameters import NO_DEFAULT, Parameter, declared
from shared.pipelines.validation.report import Owner, Report
from shared.pipelines.validation.words import hint, nearest
from shared.secrets import references
from shared.triggers.picking import BadPath, BadSchema, checker, picker

# Has the row of a pipeline's own schedule.
_SCHEDULE = "schedule"
# What reads lines of JSON by the columns that it says.
_NOT_OF_DELIVERIES = ("format", "options", "incremental")


def check(report: Report, spec: Mapping[str, Any], path: str, owner: Owner) -> None:
    entries = spec.get("triggers")
    listed = [
        (one, below(below(path, "triggers"), at))
        for at, one in enumerate(entries if isinstance(entries, list) else ())
        if isinstance(one, Mapping)
    ]
    _names(report, listed, owner)
    for one, here in listed:
        if one.get("type") == "webhook":
            _webhook(report, one, here, Owner(f"webhook '{one.get('name', 'webhook')}'"), spec)


def _names(report: Report, listed: list[tuple[Mapping[str, Any], str]], owner: Owner) -> None:
    seen: dict[str, str] = {}
    for one, here in listed:
        name = one.get("name", one.get("type"))
        if not isinstance(name, str):
            continue
        at = below(here, "name" if "name" in one else "type")
        if name == _SCHEDULE and "name" in one:
            report.add("duplicate_name", f"a trigger of {owner.phrase} is called 'schedule', as its schedule is; choose another name", at)
        elif name in seen:
            line = report.place(seen[name]).line
            report.add(
                "duplicate_name", f"two triggers of {owner.phrase} are called '{name}', the first in line {line}; name each apart", at
            )
        else:
            seen[name] = at


def _webhook(report: Report, one: Mapping[str, Any], here: str, owner: Owner, spec: Mapping[str, Any]) -> None:
    for key in ("token", "secret"):
        if isinstance(one.get(key), str) and not report.settled(below(here, key)):
            _secret(report, str(one[key]), key, below(here, key), owner)
    _parameters(report, one, here, owner, declared(spec))
    if one.get("payloadSchema") is not None:
        try:
            checker(one["payloadSchema"])
        except BadSchema as error:
            at = below(here, "payloadSchema")
            report.add("invalid_setting", f"'payloadSchema' of {owner.phrase} is no JSON Schema (draft 2020-12): {error.message}", at)
    _batches(report, one, here, owner)
    nodes = spec.get("nodes")
    sources = [node.get("config") for node in nodes if isinstance(node, Mapping)] if isinstance(nodes, list) else []
    name = one.get("name", "webhook")
    delivering = triggers_with_rows([one])
    if delivering and not any(
        isinstance(source, Mapping) and is_delivered(source, delivering) and source.get("path") == name for source in sources
    ):
        report.add(
            "unread_payload",
            f"nothing reads the rows of {owner.phrase}; add a connector_source with connector: {PAYLOAD}, path: {name} and a schema, or"
            " leave 'rows' out",
            below(here, "rows"),
        )


def _secret(report: Report, said: str, key: str, at: str, owner: Owner) -> None:
    """Only a reference, and to what the API can read: a secret in the text would be in its history for ever."""
    found = references.find(said)
    if len(found) != 1 or references.resolve(said, lambda _: "") != "":
        message = f"'{key}' of {owner.phrase} must be a reference such as {{{{credential:hook#{key}}}}}, and nothing else"
        if not found:
            message += "; save the value with `penstock credentials set hook " + f"{key}=…`"
        report.add("inline_secret", message, at)
    elif (store := next(iter(found)).store) != "credential":
        message = (
            f"'{key}' of {owner.phrase} refers to {store}, which only workers read; keep it as a credential: {{{{credential:hook#{key}}}}}"
        )
        report.add("not_available_yet", message, at)


def _parameters(report: Report, one: Mapping[str, Any], here: str, owner: Owner, known: tuple[Parameter, ...]) -> None:
    wanted = one.get("parameters", {})
    if not isinstance(wanted, Mapping):
        return
    at = below(here, "parameters")
    names = {parameter.name for parameter in known}
    for name, said in wanted.items():
        if name not in names:
            near = nearest(str(name), names)
            message = f"{owner.phrase} gives the parameter '{name}', which the pipeline does not have{hint(near, names)}"
            report.add("unknown_parameter", message, below(at, name), suggestion=near, key=True)
        if isinstance(said, str) and said:
            try:
                picker({str(name): said})
            except BadPath as error:
                report.add("invalid_setting", f"'parameters.{name}' of {owner.phrase} is no JSON path: {error.message}", below(at, name))
    for parameter in known:
        if parameter.required and parameter.default is NO_DEFAULT and parameter.name not in wanted:
            message = f"{owner.phrase} does not give the parameter '{parameter.name}', without which no run starts; add its JSON path"
            report.add("missing_parameter", message, at if "parameters" in one else here)


def _batches(report: Report, one: Mapping[str, Any], here: str, owner: Owner) -> None:
    if one.get("batchMillis") is None:
        return
    at = below(here, "batchMillis")
    why = None
    if one.get("rows") != "payload":
        why = "deliveries that share a run bring rows; add rows: payload"
    elif one.get("parameters"):
        why = "deliveries that share a run cannot each give it parameters; leave one of the two out"
    elif one.get("reply") == "finished":
        why = "who waits for the end of a run needs one of its own; leave reply: finished out, or batchMillis"
    elif one.get("review"):
        why = "what a person released starts a run of its own; leave review out, or batchMillis"
    if why:
        report.add("invalid_setting", f"'batchMillis' of {owner.phrase}: {why}", at)


def delivered_source(report: Report, config: Mapping[str, Any], path: str, owner: Owner, delivering: tuple[str, ...]) -> None:
    """A source that reads what webhooks are sent: from which of them, and with which columns."""
    wanted = config.get("path")
    if wanted not in delivering:
        near = nearest(str(wanted), delivering)
        message = f"{owner.phrase} reads what a webhook is sent, and 'path' must say which: {' or '.join(delivering)}"
        report.add("unknown_trigger", message, below(path, "path"), node=owner.node, suggestion=near)
    if not config.get("schema") and not report.settled(below(path, "schema")):
        message = f"{owner.phrase} reads what a webhook is sent, of which nothing can be looked up; say its columns in 'schema'"
        report.add("missing_setting", message, below(path, "schema"), node=owner.node)
    for key in _NOT_OF_DELIVERIES:
        if key in config:
            message = f"{owner.phrase} has '{key}', which rows that a webhook is sent do not take; leave it out"
            report.add("unknown_setting", message, below(path, key), node=owner.node, key=True)
