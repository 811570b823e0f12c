"""The deliveries of a webhook: listed, looked at, released or rejected where a person has to decide; and one tried out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Response, current_app
from marshmallow import Schema

from services.api import cursors, ndjson
from services.api.auth import caller, database
from services.api.blueprint import Blueprint
from services.api.hooks import known, reading
from services.api.hooks.known import Hook
from services.api.hooks.receiving import TAKEN, answered
from services.api.incoming import identifier, loaded
from services.api.once import accepted
from services.api.problems import Refused, brief
from services.api.resources.documents import stamp
from services.api.schemas.deliveries import (
    Decision,
    DeliveriesQuery,
    DeliveryPage,
    ShownDelivery,
    Taken,
    TriedBody,
    TriedDelivery,
    TriedQuery,
)
from services.api.settings import Settings
from shared.errors import PenstockError
from shared.formats import exact_json
from shared.store import deliveries, runs
from shared.store.database import Tx
from shared.store.deliveries import Delivery
from shared.store.identifiers import new_id
from shared.triggers.payloads import KINDS

blueprint = Blueprint("deliveries", __name__, url_prefix="/api/v1/pipelines", description="What webhooks were sent")
_AT = "/<namespace>/<name>/triggers/<trigger>"
_WOULD = {"accepted": "start a run", "pending": "share a run with others", "parked": "wait for a person"}


def _body(schema: type[Schema]) -> dict[str, Any]:
    return {"requestBody": {"content": {"application/json": {"schema": schema}}}}


@blueprint.get(f"{_AT}/deliveries")
@blueprint.arguments(DeliveriesQuery, location="query")
@blueprint.response(200, DeliveryPage)
@ndjson.lines(ShownDelivery)
def page(query: dict[str, Any], namespace: str, name: str, trigger: str) -> dict[str, Any]:
    """Newest first. Of those that were not let in only the number."""
    limit, before = query["limit"], cursors.identified(query)
    with database().transaction() as tx:
        hook = _hook(tx, "viewer", namespace, name, trigger)
        rows = deliveries.page(tx, hook.id, before=before, limit=limit + 1, outcome=query.get("outcome"))
        forged = deliveries.forged_lately(tx, hook.id)
    return {"items": [_told(row) for row in rows[:limit]], "nextCursor": cursors.following(rows, limit, "id"), "forged": forged}


@blueprint.get(f"{_AT}/deliveries/<delivery>")
@blueprint.response(200, ShownDelivery)
def read(namespace: str, name: str, trigger: str, delivery: str) -> dict[str, Any]:
    """One delivery, with what it said."""
    with database().transaction() as tx:
        return _told(_found(tx, _hook(tx, "viewer", namespace, name, trigger), delivery))


@blueprint.post(f"{_AT}/deliveries/<delivery>/release")
@blueprint.doc(**_body(Decision))
@blueprint.response(202, Taken)
def release(namespace: str, name: str, trigger: str, delivery: str) -> Response:
    """Starts the run of a delivery that was parked, of the version that is in force now."""
    reason = loaded(Decision()).get("reason")

    def start(tx: Tx) -> tuple[Any, str]:
        hook = _hook(tx, "operator", namespace, name, trigger)
        row = _parked(tx, hook, delivery)
        run = new_id()
        said = reading.Said(row["parameters"], row["rows"], None)
        told = reading.run_of(hook, said, run, datetime.now(UTC), {"delivery": row["id"]}, _environment(), by=caller().name)
        deliveries.decided(tx, hook.id, row["id"], "accepted", run=run, detail=_decision("releasedBy", reason))
        deliveries.fired(tx, hook.id, row["id"], run)
        runs.create_all(tx, [told])
        return {"delivery": row["id"], "outcome": "accepted", "run": run}, f"/api/v1/runs/{run}"

    return accepted(start)


@blueprint.post(f"{_AT}/deliveries/<delivery>/reject")
@blueprint.doc(**_body(Decision))
@blueprint.response(200, ShownDelivery)
def reject(namespace: str, name: str, trigger: str, delivery: str) -> dict[str, Any]:
    """A delivery that was parked starts nothing. That it came stays on record; its body does not."""
    reason = loaded(Decision()).get("reason")
    with database().transaction() as tx:
        hook = _hook(tx, "operator", namespace, name, trigger)
        row = _parked(tx, hook, delivery)
        deliveries.decided(tx, hook.id, row["id"], "rejected", run=None, detail=_decision("rejectedBy", reason))
        return _told(_found(tx, hook, delivery))


@blueprint.post(f"{_AT}/test")
@blueprint.doc(**_body(TriedBody))
@blueprint.arguments(TriedQuery, location="query")
@blueprint.response(200, TriedDelivery)
@blueprint.alt_response(202, schema=Taken)
def try_out(query: dict[str, Any], namespace: str, name: str, trigger: str) -> Any:
    """What a delivery would come to: its parameters, its rows, and what is wrong with it. Keeps and starts nothing, unless `start` is said;
    then all is as if it had been sent by who has the secret.
    """
    asked = loaded(TriedBody(), exact=True)
    kind = asked["contentType"].partition(";")[0].strip().lower()
    if kind not in TAKEN:
        raise Refused(422, f"contentType is {brief(kind)}; a webhook takes {', '.join(sorted(TAKEN))}")
    sent = _written(asked.get("body", {}), kind)
    with database().transaction() as tx:
        hook = _hook(tx, "operator", namespace, name, trigger)
    identity = new_id()
    try:
        said = reading.read(hook, sent, KINDS[kind])
        told = reading.run_of(
            hook, said, new_id(), datetime.now(UTC), {"delivery": identity, "test": True}, _environment(), by=caller().name
        )
    except (Refused, PenstockError) as error:
        if query["start"]:
            raise error if isinstance(error, Refused) else Refused(422, error.message, kind=error.code) from error
        return {"valid": False, "would": None, "parameters": {}, "rows": None, "error": reading.why(error)}
    if not query["start"]:
        outcome = "parked" if hook.config.get("review") else "pending" if hook.config.get("batchMillis") else "accepted"
        shown = {**told["parameters"], **said.parameters}
        return {"valid": True, "would": _WOULD[outcome], "parameters": shown, "rows": said.rows, "error": None}
    delivery = Delivery(identity, identity, hashlib.sha256(sent).digest(), len(sent), None, said.parameters, said.rows, said.lines)
    with database().transaction() as tx:
        there, _ = deliveries.record(tx, hook.id, hook.version.number, delivery, "accepted", run=told)
    if not there:
        raise Refused(409, "this hook is disabled, or was changed just now; enable it, or try again")
    current_app.extensions["penstock.bell"].ring()
    return answered(hook, identity, "accepted", told["run"])


def _written(body: Any, kind: str) -> bytes:
    """As it would be on the wire."""
    if kind == "application/json":
        return exact_json.dumps(body).encode()
    if not isinstance(body, str):
        raise Refused(422, f"body must be a text where contentType is {kind}")
    return body.encode()


def _environment() -> Mapping[str, str]:
    settings: Settings = current_app.extensions["penstock.settings"]
    return settings.template_env


def _hook(tx: Tx, role: str, namespace: str, name: str, trigger: str) -> Hook:
    caller().may(role, namespace)
    settings: Settings = current_app.extensions["penstock.settings"]
    hook = known.read(tx, (namespace, name, trigger), settings.home)
    if hook is None:
        raise Refused(404, f"pipeline {brief(f'{namespace}/{name}')} has no webhook {brief(trigger)} in the version that is in force")
    return hook


def _found(tx: Tx, hook: Hook, delivery: str, *, lock: bool = False) -> dict[str, Any]:
    row = deliveries.one(tx, hook.id, identifier(delivery, "delivery"), lock=lock)
    if row is None:
        raise Refused(404, f"webhook {hook.full_name} has no delivery {brief(delivery)}")
    return row


def _parked(tx: Tx, hook: Hook, delivery: str) -> dict[str, Any]:
    """Its row held. Raises Refused(409) for one about which nobody has to decide."""
    row = _found(tx, hook, delivery, lock=True)
    if row["outcome"] != "parked":
        raise Refused(409, f"delivery {row['id']} is {row['outcome']}; only what is parked can be released or rejected")
    return row


def _decision(who: str, reason: str | None) -> dict[str, Any]:
    return {who: caller().name, "at": stamp(datetime.now(UTC)), **({"reason": reason} if reason else {})}


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    kind, _, said = row["key"].partition(":")
    return {
        "id": row["id"],
        "at": stamp(row["at"]),
        "outcome": row["outcome"],
        "key": said if kind in {"id", "key"} else None,
        "run": row["run"],
        "parameters": row["parameters"],
        "rows": row["rows"],
        "sizeBytes": row["size_bytes"],
        "repeats": row["repeats"],
        "repeatedAt": stamp(row["repeated_at"]),
        "closesAt": stamp(row["closes_at"]),
        # Whatever a sender put there; secrets, too.
        "body": row["body"] if caller().role != "viewer" else None,
        "detail": row["detail"],
    }
