"""When pipelines fire, and which days count."""

from __future__ import annotations

from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from services.api.schemas.fields import maybe_time, time

MOST_TIMES = 500
MOST_DAYS = 366


class Day(fields.Field[date]):
    """A date that is sent. Those of the first and the last hundred years of the calendar are left out: years are counted from it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> date:
        try:
            said = date.fromisoformat(value)
        except (TypeError, ValueError) as error:
            raise ValidationError(f"{str(value)[:100]!r} must be a date as 2026-05-03") from error
        if not 100 < said.year < 9900:
            raise ValidationError(f"{value!r} must lie in the years 101 to 9899")
        return said


def _number(most: int, about: str, **options: Any) -> fields.Integer:
    said = f"it must be a whole number from 1 to {most}"
    return fields.Integer(
        validate=validate.Range(1, most, error=said), error_messages={"invalid": said}, metadata={"description": about}, **options
    )


class NextQuery(Schema):
    count = _number(MOST_TIMES, "How many times that fire", load_default=10)


class ExplainQuery(Schema):
    namespace = fields.String(load_default="default", metadata={"description": "Of the calendar"})
    pipeline = fields.String(metadata={"description": "[namespace/]name of one that goes by the calendar: what becomes of its times, too"})
    from_ = Day(data_key="from", metadata={"description": "The first date, as 2026-05-03; else today in the zone of the schedule, or UTC"})
    next = _number(MOST_DAYS, "How many dates on which the pipeline's cron has a time; dates, where no pipeline is named")
    days = _number(MOST_DAYS, "How many dates, one after the other")


class ExplainPipelineQuery(Schema):
    from_ = Day(data_key="from", metadata={"description": "The first date, as 2026-05-03; else today in the zone of the schedule"})
    next = _number(MOST_DAYS, "How many dates on which its cron has a time")
    days = _number(MOST_DAYS, "How many dates, one after the other")


class Rule(Schema):
    """Why a day does not count."""

    name = fields.String(metadata={"description": "Of the holiday, or what the calendar says of the day"})
    calendar = fields.String(metadata={"description": "PL_HOLIDAY, or namespace/name of the Calendar"})
    version = fields.Integer(allow_none=True, metadata={"description": "Of the Calendar; null for one that is built in"})


class Scheduled(Schema):
    namespace = fields.String()
    name = fields.String()
    version = fields.Integer(allow_none=True, metadata={"description": "In force; null where none was ever valid"})
    enabled = fields.Boolean(metadata={"description": "It fires by itself"})
    schedule = fields.String(allow_none=True)
    timezone = fields.String(allow_none=True)


class NextTime(Schema):
    at = time()
    local = fields.String(metadata={"description": "As the clock of its zone shows it"})
    skipped = fields.Nested(Rule, allow_none=True, metadata={"description": "Why it does not fire; null where it does"})
    times = fields.Integer(metadata={"description": "1; of a day that is left out, how many times it has, of which this is the first"})
    # Of one that was to be moved onto another fire: they are one.
    joined = maybe_time()
    movedFrom = maybe_time()
    rule = fields.Nested(Rule, allow_none=True, metadata={"description": "Why it was moved"})
    note = fields.Nested(Rule, allow_none=True, metadata={"description": "That it is half a day"})


class Next(Schema):
    pipeline = fields.Nested(Scheduled)
    notes = fields.List(fields.String(), metadata={"description": "Whatever else is to be known, in sentences"})
    items = fields.List(fields.Nested(NextTime))


class CalendarUsed(Schema):
    name = fields.String()
    version = fields.Integer(allow_none=True)


class ExplainedDay(Schema):
    date = fields.String(metadata={"format": "date"})
    weekday = fields.String()
    counts = fields.Boolean()
    rule = fields.Nested(Rule, allow_none=True, metadata={"description": "Why it does not count; null where it does"})
    included = fields.Nested(Rule, allow_none=True, metadata={"description": "Why it counts although it would not"})
    halfDay = fields.Nested(Rule, allow_none=True)
    times = fields.Integer(allow_none=True, metadata={"description": "Of the cron on that date; null where no pipeline is named"})
    fires = fields.Integer(allow_none=True, metadata={"description": "How often the pipeline fires on that date"})
    movedTo = fields.String(allow_none=True, metadata={"format": "date", "description": "Where the times of the date went"})
    movedFrom = fields.List(fields.String(metadata={"format": "date"}))


class Explained(Schema):
    pipeline = fields.Nested(Scheduled, allow_none=True)
    calendars = fields.List(fields.Nested(CalendarUsed), metadata={"description": "That decided, in the order in which they were asked"})
    notes = fields.List(fields.String(), metadata={"description": "Whatever else is to be known, in sentences"})
    items = fields.List(fields.Nested(ExplainedDay))
