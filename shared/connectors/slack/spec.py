"""slack: messages into a channel, by an incoming webhook or by the token of a bot."""

from __future__ import annotations

from marshmallow import Schema, ValidationError, fields, validates_schema

from shared.connectors.notifying import Nothing, web_address
from shared.connectors.protocols import Spec


class SlackConfig(Schema):
    webhookUrl = fields.String(
        validate=web_address, metadata={"title": "Incoming webhook", "description": "Its URL; whoever has it can write, so it is a secret"}
    )
    token = fields.String(metadata={"title": "Token of a bot", "description": "With the right chat:write, instead of a webhook"})
    channel = fields.String(metadata={"title": "Channel", "description": "Of a token, where a notification names none"})
    apiUrl = fields.String(load_default="https://slack.com/api", validate=web_address, metadata={"title": "URL of Slack's API"})

    @validates_schema
    def _one_way(self, data: dict[str, object], **_: object) -> None:
        if ("webhookUrl" in data) == ("token" in data):
            raise ValidationError("give either webhookUrl or token", "webhookUrl" if "token" not in data else "token")


SPEC = Spec(
    type="slack",
    title="Slack",
    config_schema=SlackConfig,
    source_schema=Nothing,
    sink_schema=Nothing,
    secret_fields=("webhookUrl", "token"),
    notifies=True,
)
