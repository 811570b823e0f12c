"""email: messages by SMTP."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from shared.connectors.notifying import Nothing
from shared.connectors.protocols import Spec


class EmailConfig(Schema):
    host = fields.String(required=True, metadata={"title": "Mail server"})
    port = fields.Integer(
        validate=validate.Range(1, 65535), metadata={"title": "Port", "description": "Default: 587, with tls: implicit 465, without TLS 25"}
    )
    tls = fields.String(
        load_default="starttls",
        validate=validate.OneOf(("starttls", "implicit", "none")),
        metadata={"title": "TLS", "description": "starttls: asked for after the greeting, and insisted on; implicit: from the first byte"},
    )
    user = fields.String(metadata={"title": "User"})
    password = fields.String(metadata={"title": "Password"})
    from_ = fields.String(
        required=True, data_key="from", validate=validate.Length(min=3), metadata={"title": "Sender", "description": "An address"}
    )
    to = fields.List(fields.String(), metadata={"title": "To", "description": "Where a notification names nobody"})


SPEC = Spec(
    type="email",
    title="E-mail (SMTP)",
    config_schema=EmailConfig,
    source_schema=Nothing,
    sink_schema=Nothing,
    secret_fields=("password",),
    notifies=True,
)
