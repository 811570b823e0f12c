"""What the end of a run is: which events people may want to hear of, and what there is to say of each.

Values in, values out: what is known of the run comes as an `Ended`, from whoever read it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.notifications.wanted import Wish

FAILED = ("FAILED", "TIMED_OUT")
_MOST_REASONS = 5
_MOST_RULES = 20
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that has ended, with what is known of it; None: not known.

    `before`: what the pipeline's run before ended as (of those that succeeded or failed). `read`, `written`, `rejected`: rows. `reasons`:
    (message, node, rows), most first. `broken`: quality rules, as (rule set, rule, severity, failing rows, why it could not be measured).
    `changes`: sentences; `used_up`: too, of error budgets that this run has used up.
    """

    namespace: str
    pipeline: str
    run: str
    version: int
    status: str
    trigger: str
    logical_date: datetime
    started_at: datetime | None
    finished_at: datetime
    error: Mapping[str, Any] | None = None
    node: str | None = None
    before: str | None = None
    read: int | None = None
    written: int | None = None
    rejected: int | None = None
    reasons: Sequence[tuple[str, str, int]] = ()
    broken: Sequence[tuple[str, str, str, int | None, str | None]] = ()
    changes: Sequence[str] = ()
    used_up: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """One event that one wish asks for. `likeness`: two with the same one within the hour are the same trouble; None: never alike."""

    event: str
    wish: Wish
    facts: Mapping[str, str]
    likeness: str | None = None


def told(ended: Ended, wishes: Sequence[Wish], link: str | None) -> list[Told]:
    """In the order of the wishes, and of the events that each names."""
    found = []
    for wish in wishes:
        for event in wish.on:
            said = _SAY[event](ended, wish) if event in _SAY else None
            if said is not None:
                found.append(Told(event, wish, {**facts(ended, link), "event": event, **said.facts}, said.likeness))
    return found


@dataclass(frozen=True, slots=True)
class _Said:
    facts: Mapping[str, str] = field(default_factory=dict)
    likeness: str | None = None


def _failure(ended: Ended, wish: Wish) -> _Said | None:
    if ended.status not in FAILED:
        return None
    error = ended.error or {}
    where = f" at {ended.node}" if ended.node else ""
    summary = f"{'ran out of time' if ended.status == 'TIMED_OUT' else 'failed'}{where}"
    return _Said({"summary": summary}, f"{ended.node or ''}/{error.get('code') or ended.status}")


def _success(ended: Ended, wish: Wish) -> _Said | None:
    return _Said({"summary": "succeeded"}) if ended.status == "SUCCEEDED" else None


def _recovery(ended: Ended, wish: Wish) -> _Said | None:
    if ended.status != "SUCCEEDED" or ended.before not in FAILED:
        return None
    return _Said({"summary": "works again"})


def _quality(ended: Ended, wish: Wish) -> _Said | None:
    if not ended.broken and not ended.used_up:
        return None
    lines = [f"{rule_set}: {rule} ({severity}), {_broke(failing, error)}" for rule_set, rule, severity, failing, error in ended.broken]
    del lines[_MOST_RULES:]
    lines += [f"and {len(ended.broken) - _MOST_RULES} more"] if len(ended.broken) > _MOST_RULES else []
    count = len(ended.broken)
    said = [f"broke {count} quality rule{'s' if count > 1 else ''}"] if count else []
    said += ["has used up an error budget"] if ended.used_up else []
    likeness = "/".join([*(f"{rule_set}.{rule}" for rule_set, rule, *_ in ended.broken), *(["budget"] if ended.used_up else [])])
    details = "\n".join([*lines, *ended.used_up])
    return _Said({"summary": " and ".join(said), "rules": "\n".join(lines), "details": details}, likeness)


def _broke(failing: int | None, error: str | None) -> str:
    if error is not None:
        return f"could not be measured: {_short(error)}"
    return f"{failing} rows" if failing is not None else "rows not counted"


def _rejects(ended: Ended, wish: Wish) -> _Said | None:
    if not ended.rejected or not _is_over(ended, wish.over):
        return None
    lines = [f"{rows} × {_short(message)} ({node})" for message, node, rows in ended.reasons[:_MOST_REASONS]]
    summary = f"rejected {ended.rejected} rows"
    likeness = "/".join(sorted(message for message, _, _ in ended.reasons[:1]))
    return _Said({"summary": summary, "reasons": "\n".join(lines), "details": "\n".join(lines), "count": str(ended.rejected)}, likeness)


def _is_over(ended: Ended, over: float | str | None) -> bool:
    """So many rows, or such a share of those that were read. A share of what was not counted cannot be told, so it is told of."""
    assert ended.rejected is not None
    if isinstance(over, str):
        share = float(over.rstrip("%"))
        return ended.read is None or ended.read <= 0 or ended.rejected * 100 > share * ended.read
    return ended.rejected > (over or 0)


def _schema_change(ended: Ended, wish: Wish) -> _Said | None:
    if not ended.changes:
        return None
    lines = "\n".join(ended.changes)
    return _Said({"summary": "has met columns that changed", "changes": lines, "details": lines})


_SAY = {
    "failure": _failure,
    "success": _success,
    "recovery": _recovery,
    "quality": _quality,
    "rejects": _rejects,
    "schemaChange": _schema_change,
}


def facts(ended: Ended, link: str | None) -> dict[str, str]:
    """What a message may tell of any end, by the names of `shared.pipelines.message_texts`."""
    error = ended.error or {}
    done = ended.written if ended.written is not None else ended.read
    return {
        **_who(ended.namespace, ended.pipeline),
        "run_id": ended.run,
        "version": str(ended.version),
        "status": ended.status,
        "error_message": _short(str(error.get("message") or "")),
        "error_code": str(error.get("code") or ""),
        "stage": ended.node or "",
        "node": ended.node or "",
        "count": _number(done),
        "rows_read": _number(ended.read),
        "rows_written": _number(ended.written),
        "rows_rejected": _number(ended.rejected),
        "duration": took(ended.finished_at - ended.started_at) if ended.started_at else "",
        "started_at": stamp(ended.started_at) if ended.started_at else "",
        "finished_at": stamp(ended.finished_at),
        "logical_date": stamp(ended.logical_date),
        "trigger": ended.trigger,
        "link": link or "",
    }


def late_facts(
    namespace: str, pipeline: str, fire: datetime, deadline: datetime, *, run: str | None, status: str | None, why: str, link: str | None
) -> dict[str, str]:
    """Of a fire time whose deadline has passed. `status`: of its run, where there is one; `why` then, or else: why there is none."""
    return {
        **_who(namespace, pipeline),
        "event": "late",
        "summary": "is late",
        "details": why,
        "run_id": run or "",
        "status": status or "",
        "logical_date": stamp(fire),
        "deadline": stamp(deadline),
        "trigger": "schedule",
        "link": link or "",
    }


def test_facts(namespace: str, pipeline: str, by: str, link: str | None) -> dict[str, str]:
    said = f"{by} asked for it; nothing happened to the pipeline"
    return {**_who(namespace, pipeline), "event": "test", "summary": "sends a test message", "details": said, "link": link or ""}


def _who(namespace: str, pipeline: str) -> dict[str, str]:
    return {"pipeline_name": pipeline, "namespace": namespace, "pipeline": f"{namespace}/{pipeline}"}


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def took(duration: timedelta) -> str:
    whole = int(duration.total_seconds())
    if whole < 60:
        return f"{duration.total_seconds():.1f}s"
    hours, minutes, seconds = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}h {minutes:02}m {seconds:02}s" if hours else f"{minutes}m {seconds:02}s"


def _number(rows: int | None) -> str:
    return str(rows) if rows is not None else ""


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
