"""The root of every error Penstock raises on purpose.

A class answers two questions: may the same work be tried again (`retryable`), and whose fault was it (`fault`).
The message is one sentence that names the thing and the remedy; it is shown to people as it stands.
Each domain derives its own classes here, and the edge that knows a library translates that library's errors once, with `from`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any, ClassVar


class Fault(StrEnum):
    """Whose fault an error is; decides between a 4xx, a retry and a report to Sentry."""

    CONFIGURATION = "configuration"
    DATA = "data"
    SYSTEM = "system"
    BUG = "bug"


class PenstockError(Exception):
    """Root. `code` is stable and machine-readable; `retry_on` is the word of the recipe's `retryOn` list that covers it, if any.

    `breaks`: a far system failed as a whole, which counts against its circuit breaker; what it refused, or was busy with, does not.
    `connector`: whose far side it was, namespace/name, where known. `retry_after_s`: how long that side asked to be left alone.
    """

    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.BUG
    retry_on: ClassVar[str | None] = None
    breaks: ClassVar[bool] = False

    def __init__(self, message: str, *, node: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.node = node
        self.connector: str | None = None
        self.retry_after_s: float | None = None

    def to_json(self) -> dict[str, Any]:
        """The form that crosses a process boundary and is stored with an attempt."""
        said: dict[str, Any] = {
            "code": self.code,
            "message": self.message,
            "node": self.node,
            "retryable": self.retryable,
            "fault": self.fault.value,
            "retryOn": self.retry_on,
        }
        if self.connector is not None:
            said |= {"connector": self.connector, "breaks": self.breaks}
        if self.retry_after_s is not None:
            said["retryAfterSeconds"] = self.retry_after_s
        return said


class Bug(PenstockError):
    """What cannot be, was: told as it came, with nothing to be done about it but a report."""

    code = "bug"


class ConfigurationError(PenstockError):
    """The recipe, a connector or a setting asks for something that cannot be done."""

    code = "configuration"
    fault = Fault.CONFIGURATION


class DataError(PenstockError):
    """The rows themselves do not allow the work to be done."""

    code = "data"
    fault = Fault.DATA


class ScratchLimit(DataError):
    """The rows that an engine puts aside do not fit into the scratch disk that it may use."""

    code = "scratch"


class UnavailableError(PenstockError):
    """A machine, a network or a far system failed; the same work may succeed later."""

    code = "unavailable"
    fault = Fault.SYSTEM
    retryable = True


class DiskFull(UnavailableError):
    """A disk of this machine is full. What was being written is not used; room may be made, or another worker have some."""

    code = "disk_full"
    retry_on = "connection"


def bug(error: Exception, what: str = "") -> Bug:
    """What nobody foresaw, as a stage's failure, where it is caught and its trace is logged. `what`: could not be done, as a sentence."""
    said = f"{type(error).__name__}: {error}"
    return Bug(f"{f'{what} ({said})' if what else said}; this is a bug in Penstock, its trace is in the worker's log")


def disk_full(said: object, *, node: str | None = None) -> DiskFull:
    """`said`: by the system, with the file's name."""
    return DiskFull(
        f"a disk of this worker is full ({said}); make room, or give PENSTOCK_SCRATCH and PENSTOCK_STAGING_URL a larger one", node=node
    )


# Who asks for more is not believed.
LONGEST_WAIT_S = 86_400.0


def retry_after_s(header: str | None, now: datetime | None = None) -> float | None:
    """What a Retry-After says, in seconds from now: a number of them, or a date (RFC 9110, 10.2.3). None where it says neither."""
    if not header:
        return None
    if header.strip().isascii() and header.strip().isdigit():
        return min(float(header), LONGEST_WAIT_S)
    try:
        at = parsedate_to_datetime(header)
    except ValueError:
        return None
    # A date without a zone is one in Greenwich there.
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return min(max(0.0, (at - (now or datetime.now(UTC))).total_seconds()), LONGEST_WAIT_S)
