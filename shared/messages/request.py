"""What the API asked of a worker: "this request waits; whoever gets this may try to claim it"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from shared.messages.stage import VERSION, check_version

ANSWER_REQUEST = "penstock.request.answer"
MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True)
class RequestMessage:
    task: ClassVar[str] = ANSWER_REQUEST
    queue: ClassVar[str] = MAINTENANCE
    request: str

    def to_json(self) -> dict[str, Any]:
        return {"v": VERSION, "request": self.request}

    @staticmethod
    def from_json(value: dict[str, Any]) -> RequestMessage:
        check_version(value)
        return RequestMessage(str(value["request"]))
