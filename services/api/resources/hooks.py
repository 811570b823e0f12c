"""What webhooks are sent. No token of the API: each hook has a secret of its own."""

from __future__ import annotations

from typing import Any

from flask import Response

from services.api.blueprint import Blueprint
from services.api.hooks.receiving import TAKEN, TooMany, receive
from services.api.schemas.deliveries import Taken

blueprint = Blueprint("hooks", __name__, url_prefix="/hooks", description="What webhooks are sent")
_ANSWERS: dict[str, Any] = {
    "security": [{}],
    "requestBody": {"content": {kind: {"schema": {}} for kind in sorted(TAKEN)}},
    "parameters": [
        {"in": "header", "name": name, "schema": {"type": "string"}, "description": about}
        for name, about in (
            ("webhook-id", "Standard Webhooks; the same id and body get the same answer"),
            ("webhook-timestamp", "Standard Webhooks; whole seconds since 1970"),
            ("webhook-signature", "Standard Webhooks; v1, and the base64 of the HMAC-SHA256 of id.timestamp.body"),
            ("X-Penstock-Timestamp", "Without an id: whole seconds since 1970"),
            ("X-Penstock-Signature", "Without an id: sha256= and the hexadecimal HMAC-SHA256 of timestamp.body"),
            ("Idempotency-Key", "The same key and body get the same answer"),
        )
    ],
}


@blueprint.post("/<namespace>/<pipeline>/<trigger>")
@blueprint.doc(**_ANSWERS)
@blueprint.response(202, Taken)
@blueprint.alt_response(200, schema=Taken)
def deliver(namespace: str, pipeline: str, trigger: str) -> Response:
    """202 once the delivery and its run are durable; with `reply: finished` 200 once the run has ended well."""
    try:
        return receive(namespace, pipeline, trigger)
    except TooMany as many:
        return many.answer()
