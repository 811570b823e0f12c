"""When a pipeline fires next, and which days count for it and for a calendar, each with the rule that says so."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

from services.api.auth import caller, database
from services.api.blueprint import Blueprint
from services.api.problems import Refused, brief
from services.api.resources.documents import stamp
from services.api.schemas.schedules import Explained, ExplainPipelineQuery, ExplainQuery, Next, NextQuery
from shared.store import timetables
from shared.store.database import Tx
from shared.store.timetables import Scheduled
from shared.triggers import explain
from shared.triggers.calendars import Calendar, Rule, public
from shared.triggers.explain import Day, Shown
from shared.triggers.fires import Timetable
from shared.triggers.schedule import BadSchedule, schedule

blueprint = Blueprint("schedules", __name__, url_prefix="/api/v1", description="When pipelines fire")
_DEFAULT_DAYS, _DEFAULT_NEXT = 31, 20
# A schedule of every minute has 144,000 times in so many days.
_MOST_OF_PIPELINE = 100
_BUILT_IN = re.compile(r"([A-Z]{2})_HOLIDAY")


@blueprint.get("/pipelines/<namespace>/<name>/next")
@blueprint.arguments(NextQuery, location="query")
@blueprint.response(200, Next)
def next_(query: dict[str, Any], namespace: str, name: str) -> dict[str, Any]:
    """The times at which it fires next, by the version in force and the calendars of now, and those that are left out between them."""
    caller().may("viewer", namespace)
    with database().transaction() as tx:
        found, table = _timetable(tx, namespace, name)
    notes = _notes(found, table)
    shown = explain.upcoming(table, datetime.now(UTC), query["count"]) if table is not None else []
    if table is not None and not shown:
        notes.append("it never fires: its calendars leave out each of its times in the next twenty years")
    return {"pipeline": _pipeline(namespace, name, found), "notes": notes, "items": [_time(one, table) for one in shown if table]}


@blueprint.get("/pipelines/<namespace>/<name>/explain")
@blueprint.arguments(ExplainPipelineQuery, location="query")
@blueprint.response(200, Explained)
def explain_pipeline(query: dict[str, Any], namespace: str, name: str) -> dict[str, Any]:
    """Date for date whether it fires, and by which rule of which calendar it does not."""
    caller().may("viewer", namespace)
    with database().transaction() as tx:
        found, table = _timetable(tx, namespace, name)
    return _explained(namespace, name, found, table, query)


@blueprint.get("/calendars/<name>/explain")
@blueprint.arguments(ExplainQuery, location="query")
@blueprint.response(200, Explained)
def explain_calendar(query: dict[str, Any], name: str) -> dict[str, Any]:
    """Date for date whether it counts, and by which rule it does not; of a built-in calendar (PL_HOLIDAY), too."""
    who, namespace = caller(), query["namespace"]
    who.may("viewer", namespace)
    with database().transaction() as tx:
        calendar = _calendar(tx, namespace, name)
        if (pipeline := query.get("pipeline")) is None:
            first, most = query.get("from_") or datetime.now(UTC).date(), query.get("days") or query.get("next") or _DEFAULT_DAYS
            return {
                "pipeline": None,
                "calendars": [_used(calendar)],
                "notes": [],
                "items": [_day(one, of_pipeline=False) for one in explain.of_calendar(calendar, first, most)],
            }
        space, _, short = pipeline.rpartition("/")
        who.may("viewer", space or namespace)
        found, table = _timetable(tx, space or namespace, short)
    if table is not None and calendar.name not in {one.name for one in table.calendars}:
        used = ", ".join(one.name for one in table.calendars) or "none"
        raise Refused(422, f"pipeline {brief(pipeline)} does not go by calendar {brief(calendar.name)}; it goes by {used}")
    return _explained(space or namespace, short, found, table, query)


def fire_times(tx: Tx, namespace: str, name: str, count: int) -> tuple[list[dict[str, Any]], list[str]]:
    """The next that fire, as they are shown, without those that are left out; and what is to be said of them."""
    found, table = _timetable(tx, namespace, name)
    shown = explain.upcoming(table, datetime.now(UTC), count) if table is not None else []
    told = [_time(one, table) for one in shown if table is not None]
    return [one for one in told if one["skipped"] is None], _notes(found, table)


def _timetable(tx: Tx, namespace: str, name: str) -> tuple[Scheduled, Timetable | None]:
    """None where the version in force has no schedule. Raises Refused(404)."""
    found = timetables.scheduled(tx, namespace, name)
    if found is None:
        raise Refused(404, f"there is no pipeline {brief(f'{namespace}/{name}')}; apply it first")
    return found, timetables.timetable(tx, namespace, found.config) if found.config is not None else None


def _calendar(tx: Tx, namespace: str, name: str) -> Calendar:
    """Raises Refused(404)."""
    if match := _BUILT_IN.fullmatch(name):
        try:
            schedule(f"@daily !{name}")
        except BadSchedule as error:
            raise Refused(404, error.message) from error
        return public(match[1])
    full = f"{namespace}/{name}"
    found = timetables.calendars(tx, [full]).get(full)
    if found is None:
        raise Refused(404, f"there is no calendar {brief(full)} that is valid; apply a document of kind Calendar with that name")
    return found


def _explained(namespace: str, name: str, found: Scheduled, table: Timetable | None, query: dict[str, Any]) -> dict[str, Any]:
    notes = _notes(found, table)
    days: list[Day] = []
    if table is not None:
        first: date = query.get("from_") or datetime.now(table.zone).date()
        most = query.get("days") or query.get("next") or _DEFAULT_NEXT
        if most > _MOST_OF_PIPELINE:
            raise Refused(
                422, f"{most} dates of a pipeline are too many; ask for at most {_MOST_OF_PIPELINE}, and for the others with from="
            )
        days = explain.days(table, first, most) if "days" in query else explain.dates(table, first, most)
        if not any(one.fires for one in days) and next(table.fires(datetime.now(UTC)), None) is None:
            notes.append("it never fires: its calendars leave out each of its times in the next twenty years")
    return {
        "pipeline": _pipeline(namespace, name, found),
        "calendars": [_used(one) for one in table.calendars] if table is not None else [],
        "notes": notes,
        "items": [_day(one, of_pipeline=True) for one in days],
    }


def _notes(found: Scheduled, table: Timetable | None) -> list[str]:
    said = []
    if found.draft is not None and found.version is not None:
        said.append(f"version {found.draft} is a draft with errors; version {found.version} is in force, and this is when it fires")
    if found.version is None:
        said.append("no version of it is in force: none is valid, or the scheduler has not looked at it since it was updated")
    elif table is None:
        said.append(f"version {found.version} has no schedule")
    elif not found.active:
        said.append("it is disabled: it would fire at these times if it were enabled")
    for name in table.missing if table is not None else ():
        said.append(f"there is no calendar {name} that is valid: it fires as if that had no days off; apply a document of kind Calendar")
    return said


def _pipeline(namespace: str, name: str, found: Scheduled) -> dict[str, Any]:
    config = found.config or {"schedule": None, "timezone": None}
    return {
        "namespace": namespace,
        "name": name,
        "version": found.version,
        "enabled": found.active,
        "schedule": config["schedule"],
        "timezone": config["timezone"],
    }


def _time(one: Shown, table: Timetable) -> dict[str, Any]:
    fire = one.fire
    return {
        "at": stamp(fire.at),
        "local": fire.at.astimezone(table.zone).isoformat(),
        "skipped": _rule(fire.skipped),
        "times": one.count,
        "joined": stamp(fire.joined),
        "movedFrom": stamp(fire.moved_from),
        "rule": _rule(fire.rule),
        "note": _rule(fire.note),
    }


def _day(one: Day, *, of_pipeline: bool) -> dict[str, Any]:
    return {
        "date": one.day.isoformat(),
        "weekday": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[one.day.weekday()],
        "counts": one.counts,
        "rule": _rule(one.rule),
        "included": _rule(one.included),
        "halfDay": _rule(one.half),
        "times": one.times if of_pipeline else None,
        "fires": one.fires if of_pipeline else None,
        "movedTo": one.moved_to.isoformat() if one.moved_to is not None else None,
        "movedFrom": [day.isoformat() for day in one.moved_from],
    }


def _rule(rule: Rule | None) -> dict[str, Any] | None:
    return {"name": rule.name, "calendar": rule.calendar, "version": rule.version} if rule is not None else None


def _used(calendar: Calendar) -> dict[str, Any]:
    return {"name": calendar.name, "version": calendar.version}
