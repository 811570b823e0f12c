"""http_push: tells another system of runs by HTTP, signed by the scheme of Standard Webhooks."""

from __future__ import annotations

from marshmallow import Schema, fields

from shared.connectors.notifying import Nothing, web_address
from shared.connectors.protocols import Spec


class HttpPushConfig(Schema):
    url = fields.String(required=True, validate=web_address, metadata={"title": "URL", "description": "It is sent POST requests"})
    secret = fields.String(
        metadata={"title": "Secret", "description": "Signs each message (webhook-signature); base64 where it begins with whsec_"}
    )


SPEC = Spec(
    type="http_push",
    title="HTTP push",
    config_schema=HttpPushConfig,
    source_schema=Nothing,
    sink_schema=Nothing,
    secret_fields=("url", "secret"),
    notifies=True,
)
