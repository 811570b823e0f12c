"""Who changed what through the API, or tried to: written once, read by admins, and dropped by whole months like runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from shared.store.database import Tx
from shared.store.identifiers import least_id, new_id


@dataclass(frozen=True, slots=True)
class Entry:
    """As the columns of 0020 say. Never anything of a body."""

    token_id: str | None
    token_name: str | None
    role: str | None
    session_id: str | None
    address: str | None
    method: str
    action: str
    namespace: str | None
    object: str | None
    request_id: str
    status: int


def add(tx: Tx, entries: Sequence[Entry]) -> None:
    """One statement each, so that they may be transactions by themselves."""
    for entry in entries:
        tx.execute(
            """
            INSERT INTO audit (id, token_id, token_name, role, session_id, address, method, action, namespace, object, request_id, status)
            VALUES (%(id)s, %(token_id)s, %(token_name)s, %(role)s, %(session_id)s, %(address)s, %(method)s, %(action)s, %(namespace)s,
                    %(object)s, %(request_id)s, %(status)s)
            """,
            {"id": new_id(), **asdict(entry)},
        )


# By the statuses that HTTP gives an answer.
_OUTCOMES = {"done": (100, 399), "refused": (400, 499), "failed": (500, 599)}
OUTCOMES = tuple(_OUTCOMES)


@dataclass(frozen=True, slots=True)
class Wanted:
    """All that is said must hold. `namespaces`: what somebody may see; what concerns none is seen by who may see all. `token`: a name or an
    id. `since` counts, `until` does not.
    """

    namespaces: Sequence[str] | None = None
    namespace: str | None = None
    token: str | None = None
    action: str | None = None
    object: str | None = None
    request: str | None = None
    outcome: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def page(tx: Tx, wanted: Wanted, *, before: str | None, limit: int) -> list[dict[str, Any]]:
    """Newest first, from before an id (ids are in order of time)."""
    least, most = _OUTCOMES[wanted.outcome] if wanted.outcome is not None else (0, 999)
    return list(
        tx.execute(
            """
            SELECT id::text AS id, at, token_id::text AS token_id, token_name, role, session_id::text AS session_id, address, method,
                   action, namespace, object, request_id, status
              FROM audit
             WHERE (%(before)s::uuid IS NULL OR id < %(before)s)
               AND (%(since)s::uuid IS NULL OR id >= %(since)s) AND (%(until)s::uuid IS NULL OR id < %(until)s)
               AND (%(namespaces)s::text[] IS NULL OR namespace = ANY(%(namespaces)s))
               AND (%(namespace)s::text IS NULL OR namespace = %(namespace)s)
               AND (%(token)s::text IS NULL OR token_name = %(token)s OR token_id::text = %(token)s)
               AND (%(action)s::text IS NULL OR action = %(action)s) AND (%(object)s::text IS NULL OR object = %(object)s)
               AND (%(request)s::text IS NULL OR request_id = %(request)s) AND status BETWEEN %(least)s AND %(most)s
             ORDER BY audit.id DESC LIMIT %(limit)s
            """,
            {
                "before": before,
                "since": least_id(wanted.since) if wanted.since is not None else None,
                "until": least_id(wanted.until) if wanted.until is not None else None,
                "namespaces": list(wanted.namespaces) if wanted.namespaces is not None else None,
                "namespace": wanted.namespace,
                "token": wanted.token,
                "action": wanted.action,
                "object": wanted.object,
                "request": wanted.request,
                "least": least,
                "most": most,
                "limit": limit,
            },
        )
    )
