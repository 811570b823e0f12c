"""The audit log is written here, for all calls: after each that changes something, or would have if it had been let.

What is written is who called, which call it was, what its address names, and how it was answered; never what was sent. A resource that
changes what its address does not name says so (`about`). Webhooks are not here: their deliveries are a record of their own.
"""

from __future__ import annotations

import logging
import re
from uuid import UUID

import psycopg
from flask import Response, g, request

from shared.errors import PenstockError
from shared.store import audit
from shared.store.audit import Entry
from shared.store.database import Database
from shared.store.text import fitting

log = logging.getLogger(__name__)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# They are POST for the sake of their bodies, and change nothing that anybody else sees.
_ONLY_LOOK = frozenset(
    {
        "backfills.preview",
        "diagnoses.ask",
        "documents.validate",
        "looking.check",
        "looking.discover",
        "looking.preview",
        "plans.make",
        "quality.suggest",
    }
)
# Where there is no token yet. A provider sends people back by GET.
_LOG_IN, _LOG_IN_ELSEWHERE = "sessions.log_in", "logins.come_back"
_UNKNOWN, _TOO_MANY = 401, 429
_LONGEST = 2000
_VARIABLE = re.compile(r"<(?:[^:<>]+:)?(\w+)>")


def about(namespace: str | None, name: str) -> None:
    """The call concerns this, too; once for each thing."""
    g.setdefault("audited", []).append((namespace, name))


def nothing_changes() -> None:
    """The call turns out to change nothing: a dry run."""
    g.audit_nothing = True


def refused(status: int) -> None:
    """The call is a refusal of that kind, whatever its answer's own status is: people who were not let in are sent to a page."""
    g.audited_status = status


def concerns(namespace: str) -> None:
    """Somebody asks whether he may change something there."""
    g.setdefault("audited_namespaces", set()).add(namespace)


def record(database: Database, response: Response) -> None:
    """After each call. What was done is done: where this cannot be written, it goes to the log of the process."""
    endpoint = request.endpoint
    changes = request.method not in _SAFE or endpoint == _LOG_IN_ELSEWHERE
    if endpoint is None or not changes or endpoint in _ONLY_LOOK or g.get("audit_nothing", False):
        return
    # Of strangers only logins that failed, of which there are only so many in a minute: they must not fill the store.
    by_stranger = (endpoint == _LOG_IN and response.status_code == _UNKNOWN) or "audited_status" in g
    if ("caller" not in g and not by_stranger) or response.status_code == _TOO_MANY:
        return
    entries = _entries(endpoint, response)
    try:
        with database.transaction(of_one=True) as tx:
            audit.add(tx, entries)
    except (PenstockError, psycopg.Error) as error:
        for entry in entries:
            log.error("the audit log could not be written (%s): %s", error, entry)


def _entries(endpoint: str, response: Response) -> list[Entry]:
    who = g.get("caller")
    named = request.view_args or {}
    here = "/".join(str(named[part]) for part in _VARIABLE.findall(str(request.url_rule)) if part in named and part != "namespace")
    here = " ".join(part for part in (here, _made(response)) if part)
    if "audited" in g:
        things: dict[str | None, list[str]] = {}
        for namespace, name in g.audited:
            things.setdefault(namespace, []).append(name)
    elif "namespace" in named:
        things = {str(named["namespace"]): [here]}
    else:
        things = {namespace: [here] for namespace in sorted(g.get("audited_namespaces", ()))} or {None: [here]}
    return [
        Entry(
            token_id=who.token_id if who else None,
            token_name=who.name if who else None,
            role=who.role if who else None,
            session_id=who.session if who else None,
            address=request.remote_addr,
            method=request.method,
            action=endpoint,
            namespace=fitting(namespace),
            object=fitting(" ".join(names))[:_LONGEST] or None,
            request_id=g.request_id,
            status=g.get("audited_status", response.status_code),
        )
        for namespace, names in things.items()
    ]


def _made(response: Response) -> str:
    """The id of what the call made, where its answer says so by its Location."""
    last = response.headers.get("Location", "").rpartition("/")[2]
    try:
        return str(UUID(last))
    except ValueError:
        return ""
