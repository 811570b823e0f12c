"""The span of each call: within the one that traceparent names, or the beginning of a trace; what a run that it makes is traced by.

Questions of those who watch the process itself are no part of anybody's work, and have none.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime

from flask import Response, g, request

from services.api.access import request_ids
from shared.process import traces
from shared.process.start import asked_by

_NOT = ("/health/", "/metrics", "/ui/", "/favicon.ico")


def begin() -> None:
    g.trace_parent = traces.read(request.headers.get(traces.HEADER))
    g.trace = None if request.path.startswith(_NOT) else traces.new_call(g.trace_parent)
    g.trace_began = datetime.now(UTC)
    g.trace_logging = ExitStack()
    g.trace_logging.enter_context(asked_by(None, g.trace))


def current() -> str | None:
    """As traceparent; None outside of a call, and where nobody traces it."""
    found: str | None = g.get("trace") if g else None
    return found


def tell(response: Response) -> None:
    """Sends the span, where spans are sent. A stream counts to its first byte."""
    if (span := current()) is None:
        return
    # Not the path: names in it would make as many spans.
    route = request.url_rule.rule if request.url_rule is not None else None
    traces.send(
        traces.Span(
            name=f"{request.method} {route or 'unknown'}",
            id=span,
            parent=g.trace_parent,
            start=g.trace_began,
            end=datetime.now(UTC),
            attributes={
                "http.request.method": request.method,
                "http.route": route,
                "http.response.status_code": response.status_code,
                "penstock.request_id": request_ids.current(),
            },
            error=str(response.status_code) if response.status_code >= 500 else None,
            kind="SERVER",
        )
    )


def end(_: BaseException | None = None) -> None:
    """When a call is over: its thread serves others."""
    logging: ExitStack | None = g.pop("trace_logging", None)
    if logging is not None:
        logging.close()
