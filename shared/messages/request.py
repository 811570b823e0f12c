"""What the API asked of a worker: "this request waits; whoever gets this may try to claim it"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from shared.messages.stage import VERSION, check_version

ANSWER_REQUEST = "penstock.request.answer"
MAINTENANCE = "maintenance"
# Profiles that nobody asked for; the quality service takes one only when nothing else waits for it.
PROFILES = "quality.profiles"
# Kinds of requests that are not answered by workers.
QUEUES: Mapping[str, str] = {"check": "quality", "profile": PROFILES}


@dataclass(frozen=True, slots=True)
class RequestMessage:
    task: ClassVar[str] = ANSWER_REQUEST
    request: str
    queue: str = MAINTENANCE

    def to_json(self) -> dict[str, Any]:
        return {"v": VERSION, "request": self.request}

    @staticmethod
    def from_json(value: dict[str, Any]) -> RequestMessage:
        check_version(value)
        return RequestMessage(str(value["request"]))

    @staticmethod
    def of(request: str, kind: str) -> RequestMessage:
        """To whoever answers requests of that kind."""
        return RequestMessage(request, QUEUES.get(kind, MAINTENANCE))
