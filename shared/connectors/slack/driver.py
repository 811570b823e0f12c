"""Writes into Slack. Its API answers 200 also where it refuses, and says why in the body."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from shared.connectors.errors import Denied, Misconfigured, NotFound, OverRate
from shared.connectors.looking import Found, Tried, tried
from shared.connectors.notifying import Letter, RefusedByFarSide, Sent, post_json
from shared.connectors.protocols import Survey
from shared.errors import PenstockError

_API = "https://slack.com/api"
_DENIED = {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope", "no_permission"}
_NOT_FOUND = {"channel_not_found", "not_in_channel", "is_archived"}


class ConnectorDriver:
    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config

    def send(self, letter: Letter) -> Sent:
        channel = letter.target.get("channel") or self._config.get("channel")
        if url := self._config.get("webhookUrl"):
            # An incoming webhook writes where it was made for; only old ones listen to a channel.
            return post_json(str(url), {"text": letter.text, **({"channel": channel} if channel else {})}, {})
        if not channel:
            raise Misconfigured("a Slack connector with a token needs a channel; give it one, or name one in the notification")
        return self._call("chat.postMessage", {"channel": channel, "text": letter.text, "unfurl_links": False})

    def check(self) -> list[Tried]:
        if self._config.get("webhookUrl"):
            return [Tried("settings", True, "an incoming webhook can only be tried by sending a message: penstock notifications --test")]

        def taken() -> str:
            self._call("auth.test", {})
            return "Slack takes the token"

        return tried([("token", taken)])

    def discover(self) -> tuple[list[Found], bool]:
        return [], False

    def survey(self, role: str, options: Mapping[str, Any]) -> Survey:
        raise Misconfigured("a connector of type slack is for notifications; it is no source and no sink")

    def _call(self, method: str, body: Mapping[str, Any]) -> Sent:
        url = f"{str(self._config.get('apiUrl') or _API).rstrip('/')}/{method}"
        sent = post_json(url, body, {"Authorization": f"Bearer {self._config['token']}"})
        try:
            answer = json.loads(sent.said)
        except ValueError:
            answer = {}
        if not isinstance(answer, dict) or answer.get("ok") is not True:
            raise _refusal(str(answer.get("error") if isinstance(answer, dict) else "no answer that can be read"))
        return Sent(sent.status, "ok")


def _refusal(said: str) -> PenstockError:
    if said in _DENIED:
        return Denied(f"Slack says {said}; check the token and its rights")
    if said in _NOT_FOUND:
        return NotFound(f"Slack says {said}; check the channel, and invite the bot into it")
    if said in {"ratelimited", "rate_limited"}:
        return OverRate(f"Slack says {said}")
    return RefusedByFarSide(f"Slack says {said}")
