"""The one message that starts work: "this stage was released as this epoch; whoever gets this may try to claim it".

Losing one costs a sweep, receiving it twice costs nothing: the row in PostgreSQL decides who runs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from shared.errors import PenstockError

RUN_STAGE = "penstock.stage.run"
PROBE = "penstock.worker.probe"
VERSION = 1


class UnknownVersion(PenstockError):
    """A message, or the plan that it is of, from a newer release; it is left to a process that knows it. `what`: message or plan."""

    code = "unknown_version"

    def __init__(self, message: str, what: str, version: object) -> None:
        super().__init__(message)
        self.what, self.version = what, version


def check_version(value: dict[str, Any]) -> None:
    """Raises UnknownVersion."""
    if value.get("v") != VERSION:
        said = value.get("v")
        raise UnknownVersion(f"message version {said!r} is not known to this release, which reads {VERSION}", "message", said)


@dataclass(frozen=True, slots=True)
class StageMessage:
    task: ClassVar[str] = RUN_STAGE
    run: str
    stage: int
    epoch: int
    queue: str
    # The run's span, in a header of the message: whoever reads the broker can follow it. The row says what counts.
    traceparent: str | None = field(default=None, compare=False)

    def to_json(self) -> dict[str, Any]:
        return {"v": VERSION, "run": self.run, "stage": self.stage, "epoch": self.epoch, "queue": self.queue}

    @staticmethod
    def from_json(value: dict[str, Any]) -> StageMessage:
        check_version(value)
        return StageMessage(str(value["run"]), int(value["stage"]), int(value["epoch"]), str(value["queue"]))
