"""Where a run is in a distributed trace, and the spans that are sent of it by OTLP.

Which span a run or an attempt is follows from its ids (`of_run`, `of_attempt`), so that whoever needs it (a log line, a message, a comment
in SQL, the span of what lies within) knows it without being told, and a span that is sent twice is the same. A run that a traced call made
belongs to that call's trace; any other is a trace of its own, where spans are sent at all.

Spans are sent where OTEL_EXPORTER_OTLP_ENDPOINT, or that of traces alone, is set; the SDK's own variables say the rest. It is loaded with
the first span. What a collector does not take in time is dropped and counted; nobody waits for it.
"""

from __future__ import annotations

import atexit
import hashlib
import logging
import os
import re
import threading
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan, TracerProvider

HEADER = "traceparent"
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_FORM = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
# Ended spans that may wait for the collector: some megabytes.
_MOST_WAITING = 2048
_FLUSH_S = 2.0
_SAMPLED = 1
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened within a span."""

    name: str
    at: datetime
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Span:
    """One that has ended. `id`, `parent`: as traceparent; parent None: it begins the trace. `error`: why it failed, None: it did not.
    `kind`: as the SDK calls it.
    """

    name: str
    id: str
    parent: str | None
    start: datetime
    end: datetime
    attributes: Mapping[str, Any]
    error: str | None = None
    events: Sequence[Event] = ()
    kind: str = "INTERNAL"


def on() -> bool:
    """Spans are to be sent."""
    return any(os.environ.get(name) for name in _ENDPOINTS) and os.environ.get("OTEL_SDK_DISABLED", "").lower() != "true"


def read(header: str | None) -> str | None:
    """A traceparent as somebody sent it, in the form of version 00; None where it is not well formed, which counts as none."""
    found = _FORM.fullmatch((header or "").strip()) if len(header or "") <= 200 else None
    # Only a later version may say more.
    if found is None or (found[0].startswith("00") and found[4]):
        return None
    return f"00-{found[1]}-{found[2]}-{found[3]}"


def trace_id(traceparent: str | None) -> str | None:
    return traceparent.split("-")[1] if traceparent else None


def new_call(parent: str | None) -> str | None:
    """The span of a call to the API, within `parent` or beginning a trace; `parent` itself where no spans are sent."""
    if not on():
        return parent
    return _within(parent, os.urandom(8).hex()) if parent else _root(os.urandom(16).hex(), os.urandom(8).hex())


def of_run(run: str, stored: str | None) -> str | None:
    """The span of a run. `stored`: of the call that made it. None: nobody traces it."""
    own = _short(f"run/{run}")
    if stored is not None:
        return _within(stored, own)
    return _root(run.replace("-", ""), own) if on() else None


def of_attempt(run: str, stored: str | None, stage: int, epoch: int) -> str | None:
    """The span of an attempt at a stage, within the run's."""
    around = of_run(run, stored)
    return _within(around, _short(f"run/{run}/{stage}/{epoch}")) if around is not None else None


def of_node(attempt: str, node: str) -> str:
    """The span of a node, within an attempt's."""
    return _within(attempt, _short(f"{attempt}/{node}"))


def send(span: Span) -> None:
    """Returns at once. Nothing where spans are not sent, or this trace is not sampled."""
    if not on() or not int(span.id.rpartition("-")[2], 16) & _SAMPLED:
        return
    try:
        _record(span)
    except Exception:
        # Nothing that is told of the work may stop it.
        log.exception("a span could not be recorded")


def lost() -> dict[str, int]:
    """{spans: those of this process that the collector did not get}; nothing where none are sent."""
    return {"spans": _WAITING.dropped} if on() else {}


def _within(parent: str, span: str) -> str:
    version, trace, _, flags = parent.split("-")
    return f"{version}-{trace}-{span}-{flags}"


def _root(trace: str, span: str) -> str:
    return f"00-{trace}-{span}-{_SAMPLED if _samples(trace) else 0:02x}"


def _short(of: str) -> str:
    return hashlib.sha256(of.encode()).hexdigest()[:16]


def _samples(trace: str) -> bool:
    """By OTEL_TRACES_SAMPLER: a ratio goes by the trace's id, so that all processes come to the same."""
    if (provider := _provider()) is None:
        return False
    from opentelemetry.sdk.trace.sampling import Decision

    return provider.sampler.should_sample(None, int(trace, 16), "run").decision is Decision.RECORD_AND_SAMPLE


class _Waiting:
    """How many ended spans wait, so that the SDK's own queue is never full without anybody knowing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waits = 0
        self.dropped = 0

    def enter(self) -> bool:
        with self._lock:
            if self._waits >= _MOST_WAITING:
                self.dropped += 1
                return False
            self._waits += 1
            return True

    def left(self, count: int, *, sent: bool) -> None:
        with self._lock:
            self._waits -= count
            self.dropped += 0 if sent else count


_WAITING = _Waiting()
# What the next span that this thread begins has for its id.
_NEXT: ContextVar[tuple[int, int]] = ContextVar("penstock_next_span")


_MAKING = threading.Lock()


def _provider() -> TracerProvider | None:
    """None where it cannot be had: settings that it does not take, or an installation without it. Runs go on untraced."""
    with _MAKING:
        return _made()


@cache
def _made() -> TracerProvider | None:
    try:
        return _set_up()
    except Exception:
        log.exception("no spans are sent: OpenTelemetry cannot be set up")
        return None


def _set_up() -> TracerProvider:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
    from opentelemetry.sdk.trace.id_generator import IdGenerator

    class Ours(IdGenerator):
        def generate_trace_id(self) -> int:
            return _NEXT.get()[0]

        def generate_span_id(self) -> int:
            return _NEXT.get()[1]

    class Counted(SpanExporter):
        def __init__(self) -> None:
            self._exporter = OTLPSpanExporter()

        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            result = SpanExportResult.FAILURE
            try:
                result = self._exporter.export(spans)
            except Exception as error:  # noqa: BLE001 (whatever is wrong with the way to the collector)
                log.warning("spans were not sent: %s", error)
            finally:
                _WAITING.left(len(spans), sent=result is SpanExportResult.SUCCESS)
            return result

        def shutdown(self) -> None:
            self._exporter.shutdown()  # type: ignore[no-untyped-call]

        def force_flush(self, timeout_millis: int = 30_000) -> bool:
            return self._exporter.force_flush(timeout_millis)

    # The exporter says of each try that the collector is away.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    service = {} if os.environ.get("OTEL_SERVICE_NAME") else {SERVICE_NAME: f"penstock-{_SERVICE or 'process'}"}
    provider = TracerProvider(resource=Resource.create(service), id_generator=Ours(), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(Counted(), max_queue_size=_MOST_WAITING, schedule_delay_millis=1000))
    atexit.register(_last, provider)
    return provider


def _last(provider: TracerProvider) -> None:
    """Sends what waits, in a thread of its own: a collector that is away must not hold the process up."""
    thread = threading.Thread(target=provider.force_flush, name="last spans", daemon=True)
    thread.start()
    thread.join(_FLUSH_S)


_SERVICE = ""


def named(service: str) -> None:
    """What this process is called in traces."""
    global _SERVICE
    _SERVICE = service


def _record(span: Span) -> None:
    if (provider := _provider()) is None:
        return
    from opentelemetry import trace
    from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags

    _, of_trace, own, _ = span.id.split("-")
    around = None
    if span.parent is not None:
        parent = int(span.parent.split("-")[2], 16)
        around = trace.set_span_in_context(NonRecordingSpan(SpanContext(int(of_trace, 16), parent, True, TraceFlags(_SAMPLED))))
    tracer = provider.get_tracer("penstock")
    if not _WAITING.enter():
        return
    token = _NEXT.set((int(of_trace, 16), int(own, 16)))
    try:
        begun = tracer.start_span(
            span.name, around, SpanKind[span.kind], {key: value for key, value in span.attributes.items() if value is not None},
            start_time=_ns(span.start),
        )  # fmt: skip
    finally:
        _NEXT.reset(token)
    for event in span.events:
        begun.add_event(event.name, dict(event.attributes), timestamp=_ns(event.at))
    if span.error is not None:
        begun.set_status(Status(StatusCode.ERROR, span.error))
    if not begun.is_recording():
        _WAITING.left(1, sent=True)
    begun.end(_ns(max(span.start, span.end)))


def _ns(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000) * 1000
