"""The audit log: who changed what, or tried to."""

from __future__ import annotations

from typing import Any

from services.api import cursors, ndjson
from services.api.auth import caller, database
from services.api.blueprint import Blueprint
from services.api.resources.documents import stamp
from services.api.schemas.audit import AuditEntry, AuditPage, AuditQuery
from shared.store import audit
from shared.store.audit import Wanted

blueprint = Blueprint("audit", __name__, url_prefix="/api/v1", description="Who changed what")
_ASKED = ("namespace", "token", "action", "object", "request", "outcome", "since", "until")


@blueprint.get("/audit")
@blueprint.arguments(AuditQuery, location="query")
@blueprint.response(200, AuditPage)
@ndjson.lines(AuditEntry)
def page(query: dict[str, Any]) -> dict[str, Any]:
    """Newest first; a call that concerns several namespaces has a row in each. An admin of some namespaces sees theirs."""
    who, limit = caller(), query["limit"]
    who.may("admin", query.get("namespace"))
    before = cursors.identified(query)
    wanted = Wanted(who.visible, **{key: query.get(key) for key in _ASKED})
    with database().transaction() as tx:
        rows = audit.page(tx, wanted, before=before, limit=limit + 1)
    return {"items": [_told(row) for row in rows[:limit]], "nextCursor": cursors.following(rows, limit, "id")}


def _told(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "at": stamp(row["at"]),
        "token": row["token_id"],
        "name": row["token_name"],
        "role": row["role"],
        "session": row["session_id"],
        "address": row["address"],
        "method": row["method"],
        "action": row["action"],
        "namespace": row["namespace"],
        "object": row["object"],
        "requestId": row["request_id"],
        "status": row["status"],
    }
