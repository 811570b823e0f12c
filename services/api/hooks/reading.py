"""What a delivery says: the parameters of its run, and its rows. Nothing is kept and nothing started here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.api.access import request_ids, tracing
from services.api.hooks.known import Hook
from services.api.incoming import check_texts
from services.api.problems import Refused
from shared.dispatch.starting import Asked, New, said_of, values_of
from shared.errors import PenstockError
from shared.pipelines.language import Unsettled
from shared.triggers import payloads


@dataclass(frozen=True, slots=True)
class Said:
    """`rows` and `lines`: None where the body is no data; the lines are their JSON."""

    parameters: dict[str, Any]
    rows: int | None
    lines: str | None


def read(hook: Hook, body: bytes, kind: str) -> Said:
    """`kind`: one of `payloads.KINDS`' values. Raises Refused(422) with all that is wrong, and BadPayload."""
    wanted = hook.config.get("rows") == "payload"
    if not wanted and hook.violations is None and not hook.config.get("parameters"):
        # Nobody looks into it.
        return Said({}, None, None)
    document = payloads.document(body, kind)
    check_texts(document)
    if hook.violations is not None and (found := hook.violations(document)):
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        at = f" at {found[0]['path']}" if found[0]["path"] else ""
        raise Refused(422, f"the body does not fit the payloadSchema of this hook{at}: {found[0]['message']}{more}", errors=found)
    rows = payloads.rows(document) if wanted else None
    return Said(hook.pick(document), len(rows) if rows is not None else None, payloads.lines(rows) if rows is not None else None)


def run_of(hook: Hook, said: Said, run: str, at: datetime, trigger: dict[str, Any], environment: Any, *, by: str) -> dict[str, Any]:
    """The run, as `runs.create_all` takes it. Raises Refused(422) for parameters that the pipeline does not take."""
    text = hook.version.text
    start = (hook.timetable.before(at) if hook.timetable is not None else None) or at
    try:
        values = values_of(text, said.parameters, run=run, logical_date=at, interval_start=start, environment=environment)
    except Unsettled as error:
        errors = [{"code": one.code, "path": one.path, "message": one.message} for one in error.problems]
        raise Refused(422, error.message, errors=errors, kind="invalid-parameters") from error
    asked = Asked(
        {"type": "webhook", "name": hook.name, **trigger},
        at,
        start,
        created_by=by,
        request_id=request_ids.current(),
        traceparent=tracing.current(),
    )
    return said_of(New(hook.version, asked, run, values))


def why(error: Refused | PenstockError) -> dict[str, Any]:
    """Of a refusal, as it is kept with a delivery."""
    if isinstance(error, Refused):
        return {"code": error.kind or "refused", "message": error.detail, **({"errors": error.errors} if error.errors else {})}
    return {"code": error.code, "message": error.message}
