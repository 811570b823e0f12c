"""X-Request-ID: under which a call is found again in its answer, in logs, in the audit log, and in the runs that it made."""

from __future__ import annotations

import re
import uuid
from contextlib import ExitStack

from flask import Response, g, request

from shared.process.start import asked_by

HEADER = "X-Request-ID"
# It stands in headers, logs and the store, so only what is harmless in all of them, and short.
_WELL_FORMED = re.compile(r"[A-Za-z0-9._:/+=@-]{1,100}")


def begin() -> None:
    """Before anything else of a call: takes the one that is given where it is well formed, and puts it on every log line of this thread."""
    given = request.headers.get(HEADER, "")
    g.request_id = given if _WELL_FORMED.fullmatch(given) else uuid.uuid4().hex
    g.request_logging = ExitStack()
    g.request_logging.enter_context(asked_by(g.request_id))


def current() -> str | None:
    """None outside of a call."""
    found: str | None = g.get("request_id") if g else None
    return found


def tell(response: Response) -> None:
    response.headers[HEADER] = current() or ""


def end(_: BaseException | None = None) -> None:
    """When a call is over: its thread serves others."""
    logging: ExitStack | None = g.pop("request_logging", None)
    if logging is not None:
        logging.close()
