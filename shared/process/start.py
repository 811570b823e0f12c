"""What a process does before its work: logs to standard error, Sentry when SENTRY_DSN is set, a stop signal it can wait for.

Run and stage ids are put on log lines and Sentry events through `context`; user mistakes never reach Sentry.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any

from shared import plugins
from shared.errors import Fault, PenstockError
from shared.process import settings, traces

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_CONTEXT: ContextVar[dict[str, Any] | None] = ContextVar("penstock_context", default=None)


@contextmanager
def context(**fields: Any) -> Iterator[None]:
    """Puts fields (run, stage, epoch, request) on every log line and Sentry event of this thread or task."""
    token = _CONTEXT.set({**(_CONTEXT.get() or {}), **fields})
    try:
        yield
    finally:
        _CONTEXT.reset(token)


def asked_by(request_id: str | None, traceparent: str | None = None) -> AbstractContextManager[None]:
    """`context` with the X-Request-ID of the call that led to this, and its trace; with nothing where there is none."""
    fields = {"request": request_id, "trace_id": traces.trace_id(traceparent)}
    known = {name: value for name, value in fields.items() if value is not None}
    return context(**known) if known else nullcontext()


# In JSON, as those call them who collect lines of many systems.
_CALLED = {"run": "run_id", "node": "node_id", "epoch": "attempt", "request": "request_id"}


class Line(logging.Formatter):
    """A log line with the fields of `context`, as text or as JSON."""

    def __init__(self, service: str, as_json: bool) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._service, self._as_json = service, as_json

    def format(self, record: logging.LogRecord) -> str:
        fields = _CONTEXT.get() or {}
        if not self._as_json:
            tail = "".join(f" {key}={value}" for key, value in fields.items())
            return super().format(record) + tail
        line = {
            "at": self.formatTime(record),
            "level": record.levelname,
            "service": self._service,
            "logger": record.name,
            "message": record.getMessage(),
            **{_CALLED.get(name, name): value for name, value in fields.items()},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def prepare(service: str, *, holds_rows: bool = False) -> None:
    """Call once, first thing. PENSTOCK_LOG_FORMAT is text or json, PENSTOCK_LOG_LEVEL a Python level name. Raises BadSetting.

    `holds_rows`: people's rows and secrets are in this process, so that what its exceptions say stays in its log.
    """
    traces.named(service)
    stream = logging.StreamHandler(sys.stderr)
    stream.setFormatter(Line(service, os.environ.get("PENSTOCK_LOG_FORMAT", "text") == "json"))
    logging.basicConfig(
        level=settings.one_of("PENSTOCK_LOG_LEVEL", settings.text("PENSTOCK_LOG_LEVEL", "INFO").upper(), *_LEVELS),
        handlers=[stream],
        force=True,
    )
    if dsn := os.environ.get("SENTRY_DSN"):
        # Where nobody wants it, it would be a tenth of each start.
        import sentry_sdk

        # Our own user mistakes are not incidents; locals, and lines that were logged before, could hold rows or secrets; and what we send
        # to others is none of Sentry's.
        sentry_sdk.init(
            dsn=dsn,
            before_send=_without_values if holds_rows else _before_send,
            include_local_variables=False,
            send_default_pii=False,
            max_breadcrumbs=0,
            max_request_body_size="never",
            trace_propagation_targets=[],
        )
        sentry_sdk.set_tag("service", service)
    for plugin in plugins.seen():
        plugin.log()


def report(error: Exception) -> None:
    """To Sentry, where there is one; it is logged by whoever caught it."""
    if os.environ.get("SENTRY_DSN"):
        import sentry_sdk

        sentry_sdk.capture_exception(error)


def _before_send(event: Any, hint: dict[str, Any]) -> Any:
    error = (hint.get("exc_info") or (None, None, None))[1]
    # A line without an exception tells how somebody's stage failed, or of a setting; it quotes what it is about.
    if error is None or (isinstance(error, PenstockError) and error.fault in {Fault.CONFIGURATION, Fault.DATA}):
        return None
    if "request" in event:
        # Addresses of webhooks hold tokens behind the question mark, and headers and cookies are who somebody is.
        event["request"] = {key: event["request"][key] for key in ("method", "url") if key in event["request"]}
    for key, value in (_CONTEXT.get() or {}).items():
        event.setdefault("tags", {})[key] = str(value)
    return event


def _without_values(event: Any, hint: dict[str, Any]) -> Any:
    """Which exception it was and where, not what it said."""
    told = _before_send(event, hint)
    for one in (told or {}).get("exception", {}).get("values", ()):
        one["value"] = "(in the log of the process: rows may be in it)"
    if told is not None:
        told.pop("extra", None)
    return told


class Stop:
    """Set by SIGTERM or SIGINT; a loop waits on it instead of sleeping, so that it ends at once."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def listen(self) -> Stop:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._event.set())
        return self

    def set(self) -> None:
        self._event.set()

    def __bool__(self) -> bool:
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """True when it is time to stop; returns early then."""
        return self._event.wait(seconds)
