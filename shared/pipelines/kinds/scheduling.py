"""kind: PipelineDependency and kind: Calendar: which runs wait for others, and which days count."""

from __future__ import annotations

from datetime import date
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from shared.pipelines.fields import choice, name, number, parts, prose, shown
from shared.pipelines.shapes import AtLeastOne, Shape

# A year.
MOST_MINUTES = 525_600


# An empty list would be a calendar that says nothing.
_SOME = validate.Length(min=1)


class Upstream(Shape):
    pipeline = name("Pipeline", "That is waited for", required=True, example="load-orders")
    condition = choice("Ready when", ("success", "success-or-skipped"), load_default="success")
    maxWaitMinutes = number("Longest wait, in minutes", "From when the run was made", most=MOST_MINUTES, load_default=60, example=60)


class DependencySpec(Shape):
    pipeline = name("Pipeline", "That waits", required=True, example="report-orders")
    dependsOn = parts(Upstream, "Depends on", "What must be ready for the same logical date before it starts", least=1, required=True)
    mode = choice("How many of these", ("all", "any"), "All must be ready, or one of them", load_default="all")
    onTimeout = choice("When the wait is over", ("fail", "skip"), "How the run that waited ends", load_default="fail")
    description = prose("Description")

    @validates_schema
    def _others(self, data: dict[str, Any], **_: Any) -> None:
        seen: set[str] = set()
        for at, upstream in enumerate(data["dependsOn"]):
            waited_for = upstream["pipeline"]
            if waited_for == data["pipeline"]:
                raise ValidationError({"dependsOn": {at: {"pipeline": [f"pipeline '{waited_for}' cannot wait for itself"]}}})
            if waited_for in seen:
                raise ValidationError({"dependsOn": {at: {"pipeline": [f"pipeline '{waited_for}' is waited for twice"]}}})
            seen.add(waited_for)


def _date(value: str) -> None:
    try:
        if date.fromisoformat(value).isoformat() != value:
            raise ValueError("another spelling")
    except ValueError as error:
        raise ValidationError(f"'{value[:40]}' is no date; write it as 2026-05-03") from error


def _dates(title: str, description: str, example: list[str], **options: Any) -> fields.List[str]:
    day = fields.String(validate=_date, metadata={"format": "date"})
    return fields.List(day, validate=_SOME, metadata=shown(title, description, example), **options)


def _country(value: str) -> None:
    # Loaded on use: few texts hold a calendar.
    import holidays

    if value not in holidays.list_supported_countries(include_aliases=False):
        raise ValidationError(f"no public holidays are known for '{value}'; use an ISO 3166 code such as PL")


def _subdivision(value: str) -> None:
    import holidays

    country, dash, part = value.partition("-")
    known = holidays.list_supported_countries(include_aliases=False)
    if not dash or country not in known:
        raise ValidationError(f"'{value}' is no subdivision; write the country's code, '-' and the part, such as DE-BY")
    if part not in known[country]:
        raise ValidationError(
            f"{country} has no subdivision '{part}'" + (f"; there is {', '.join(known[country])}" if known[country] else "")
        )


def _exchange(value: str) -> None:
    import holidays

    known = holidays.list_supported_financial(include_aliases=True)
    if value not in known:
        raise ValidationError(f"no trading days are known for '{value}'; there is {', '.join(sorted(known))}")


class CalendarSpec(Shape):
    description = prose("Description", example="Days on which the Warsaw exchange trades")
    countries = fields.List(
        fields.String(validate=_country), validate=_SOME, metadata=shown("Countries", "Their public holidays are days off", ["PL"])
    )
    subdivisions = fields.List(
        fields.String(validate=_subdivision), validate=_SOME, metadata=shown("Subdivisions", "Holidays of parts of countries", ["DE-BY"])
    )
    exchanges = fields.List(
        fields.String(validate=_exchange), validate=_SOME, metadata=shown("Exchanges", "Days without trade are days off", ["XWAR"])
    )
    dates = _dates("Dates", "Days off of the company", ["2026-12-24"])
    include = _dates("Include", "Days that count whatever else is said", ["2026-12-27"])
    # Schemas have an attribute `exclude` of their own.
    excluded = _dates("Exclude", "Days that do not count whatever else is said", ["2026-05-02"], data_key="exclude")
    shift = choice(
        "Shift",
        ("next", "previous", "none"),
        "The business day to which a fire time goes that falls on a day off; with none it is left out",
        load_default="none",
    )
    halfDays = _dates("Half days", "Days on which work ends early", ["2026-12-31"])

    together = (AtLeastOne(("countries", "subdivisions", "exchanges", "dates", "include", "exclude")),)

    @validates_schema
    def _once(self, data: dict[str, Any], **_: Any) -> None:
        both = sorted(set(data.get("include", ())) & set(data.get("excluded", ())))
        if both:
            raise ValidationError({"exclude": [f"{both[0]} is included, too; a day is one or the other"]})
