"""Sends a JSON document with the headers of Standard Webhooks: webhook-id, webhook-timestamp, and with a secret webhook-signature."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from shared.connectors.errors import Misconfigured
from shared.connectors.looking import Found, Tried
from shared.connectors.notifying import Letter, Sent, post
from shared.connectors.protocols import Survey
from shared.secrets.signing import sign


class ConnectorDriver:
    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config

    def send(self, letter: Letter) -> Sent:
        at = datetime.fromtimestamp(letter.timestamp, UTC).isoformat().replace("+00:00", "Z")
        said = {
            "type": f"pipeline.{letter.event}",
            "timestamp": at,
            # What is not known is null here, not a blank.
            "data": {**{key: value or None for key, value in letter.facts.items()}, "subject": letter.subject, "text": letter.text},
        }
        body = json.dumps(said, ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "penstock",
            "webhook-id": letter.id,
            "webhook-timestamp": str(letter.timestamp),
        }
        if secret := self._config.get("secret"):
            headers["webhook-signature"] = sign(str(secret), letter.id, letter.timestamp, body)
        return post(str(self._config["url"]), body, headers)

    def check(self) -> list[Tried]:
        return [Tried("settings", True, "that it is reached can only be tried by sending a message: penstock notifications --test")]

    def discover(self) -> tuple[list[Found], bool]:
        return [], False

    def survey(self, role: str, options: Mapping[str, Any]) -> Survey:
        raise Misconfigured("a connector of type http_push is for notifications; it is no source and no sink in this release")
