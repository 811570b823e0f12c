"""What a rule of a data quality rule set may say, one schema for each type (quality.md).

The `validate` node takes those that look at one row.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from shared.pipelines.fields import Choice, Word, choice, count, duration, flag, name, number, part, prose, shown, text
from shared.pipelines.shapes import AtLeastOne, ExactlyOne, OneOfSets, Shape
from shared.pipelines.sql_fields import Expression, Query, column, columns
from shared.rules.anomaly import METRICS, check_metric
from shared.rules.baseline import MOST_HISTORY
from shared.rules.custom_sql import over_this
from shared.rules.moments import aware
from shared.rules.types import named
from shared.sql import patterns, regex
from shared.sql.errors import SqlProblem

SEVERITIES = ("critical", "high", "medium")
# Types that judge a dataset, or what a query makes of it: when they fail, no row of it is at fault.
_WITHOUT_ROWS = ("FRESHNESS", "ROW_COUNT", "ANOMALY", "CUSTOM_SQL")
# How many failing rows a type allows, and what it says when it allows none.
_ALLOWANCES = {"NOT_NULL": ("maxNullPercent", 0), "COMPLETENESS": ("minPercent", 100)}


class Rule(Shape):
    """What every rule has."""

    name = text("Name", "Unique within the rule set", required=True, example="amount-is-there")
    type = text("Type", "What must hold", required=True, example="NOT_NULL")
    severity = choice("Severity", SEVERITIES, "Its weight in the score; a failed critical rule caps it", load_default="high")
    onFail = choice("Rows that fail", ("warn", "reject_rows"), "Told, or taken out as rejected rows", load_default="warn")
    where = Expression(metadata=shown("Only rows for which this is true", example="status = 'sold'"))
    description = prose("Description", example="Each sale has an amount")
    blockPipeline = flag("Block", "Holds the data back when it fails", load_default=False)

    @validates_schema
    def _rejects(self, data: dict[str, Any], **_: Any) -> None:
        if (why := refused(data)) is not None:
            raise ValidationError(why, _ALLOWANCES[data["type"]][0] if data["type"] in _ALLOWANCES else "onFail")


class NotNull(Rule):
    column = column("Column", required=True, example="amount")
    maxNullPercent = number("Nulls allowed, in percent", most=100, load_default=0, example=0.5)


class Unique(Rule):
    column = column("Column", example="sale_id")
    columns = columns("Columns", "Together", least=1, example=["shop", "receipt"])
    nullsEqual = flag("Nulls equal one another", load_default=False)

    together = (ExactlyOne(("column", "columns")),)


class Range(Rule):
    column = column("Column", required=True, example="amount")
    min = fields.Raw(metadata=shown("Least value", "A number, a date or a timestamp", 0, types=["number", "string"]))
    max = fields.Raw(metadata=shown("Greatest value", "A number, a date or a timestamp", 1000, types=["number", "string"]))
    inclusive = flag("The bounds themselves are allowed", load_default=True)

    together = (AtLeastOne(("min", "max")),)

    @validates_schema
    def _bounds(self, data: dict[str, Any], **_: Any) -> None:
        given = {name: data[name] for name in ("min", "max") if data.get(name) is not None}
        for key, bound in given.items():
            if (why := _no_bound(bound)) is not None:
                raise ValidationError(why, key)
        if len({isinstance(bound, str) for bound in given.values()}) > 1:
            raise ValidationError("min and max must be of one kind: numbers, or dates and timestamps", "max")
        if len(given) == 2 and _place(given["min"]) > _place(given["max"]):
            raise ValidationError(f"min {given['min']} is greater than max {given['max']}", "min")


def _no_bound(value: object) -> str | None:
    """Why nothing can be compared with it; None where it can."""
    try:
        if isinstance(value, str):
            aware(value)
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return None
    except ValueError:
        pass
    except OverflowError:
        return "is beyond what can be compared; give a number up to 1e308, or a moment of the years 1 to 9999 in UTC"
    return "must be a number, a date or a timestamp"


def _place(bound: float | str) -> Any:
    """To compare it with another of its kind."""
    return aware(bound) if isinstance(bound, str) else bound


def _pattern(value: str) -> None:
    if value in patterns.NAMES:
        return
    try:
        regex.translate(value)
    except SqlProblem as problem:
        raise ValidationError(problem.message) from problem


class Regex(Rule):
    column = column("Column", required=True, example="pesel")
    pattern = fields.String(
        required=True,
        validate=[validate.Length(min=1), _pattern],
        metadata=shown("Pattern", f"A regular expression for the whole value, or one of {', '.join(patterns.NAMES)}", "PESEL"),
    )


class References(Shape):
    connector = name("Connector", example="warehouse")
    table = text("Table", example="dim_customer")
    node = text("Node", "Of the same pipeline", example="read-customers")
    column = text("Column", "The same name where left out", example="id")
    columns = columns("Columns", least=1, example=["country", "id"])

    together = (
        OneOfSets((("connector", "table"), ("node",)), optional=("column", "columns")),
        ExactlyOne(("column", "columns"), or_none=True),
    )


class Referential(Rule):
    column = column("Column", example="customer_id")
    columns = columns("Columns", least=1, example=["country", "customer_id"])
    references = part(References, "References", "Where the parents are", required=True)

    together = (ExactlyOne(("column", "columns")),)

    @validates_schema
    def _pairs(self, data: dict[str, Any], **_: Any) -> None:
        mine, theirs = named(data), named(data.get("references") or {})
        if mine and theirs and len(mine) != len(theirs):
            raise ValidationError(
                f"{', '.join(mine)} cannot refer to {', '.join(theirs)}: name as many columns on both sides", "references"
            )


class CustomSql(Rule):
    query = Query(
        required=True, metadata=shown("Query over this", "Passes when no row is returned", "SELECT * FROM this WHERE paid > owed")
    )

    @validates_schema
    def _over_this(self, data: dict[str, Any], **_: Any) -> None:
        try:
            over_this(data["query"])
        except SqlProblem as problem:
            raise ValidationError(problem.message, "query") from problem


class Completeness(Rule):
    column = column("Column", example="email")
    columns = columns("Columns", least=1, example=["email", "phone"])
    minPercent = number("Least share that is filled in, in percent", most=100, required=True, example=95)
    blankIsMissing = flag("Empty strings count as missing", load_default=False)

    together = (ExactlyOne(("column", "columns")),)


class Consistency(Rule):
    expression = Expression(required=True, metadata=shown("Expression", "True for every row", "ended_at >= started_at"))
    nullIs = Word(validate=Choice(("true", "false")), load_default="true", metadata=shown("NULL counts as"))


class Freshness(Rule):
    column = column("Column", required=True, example="updated_at")
    maxAge = duration("Greatest age", "Of the newest value", required=True)


class Equals(Shape):
    node = text("Node", "Of the same pipeline", example="read-orders")
    connector = name("Connector", example="warehouse")
    table = text("Table", example="orders")

    together = (OneOfSets((("node",), ("connector", "table"))),)


class RowCount(Rule):
    min = count("Least rows", example=1)
    max = count("Most rows", example=1_000_000)
    equals = part(Equals, "As many as", "Another dataset")
    tolerancePercent = number("Tolerance, in percent", load_default=0, example=1)

    together = (AtLeastOne(("min", "max", "equals")),)


class Anomaly(Rule):
    metric = text("Metric", f"{', '.join(METRICS)}, or an SQL expression over aggregates", required=True, example="row_count")
    column = column("Column", "Of the metric, where it needs one", example="amount")
    zScore = number("Deviations allowed", load_default=3, example=3)
    minHistory = count("Least history", "Before so many runs it passes as learning", least=2, most=MOST_HISTORY, load_default=5, example=5)

    @validates_schema
    def _of_something(self, data: dict[str, Any], **_: Any) -> None:
        try:
            check_metric(data)
        except SqlProblem as problem:
            raise ValidationError(problem.message, "metric") from problem


RULES: dict[str, type[Rule]] = {
    "NOT_NULL": NotNull,
    "UNIQUE": Unique,
    "RANGE": Range,
    "REGEX": Regex,
    "REFERENTIAL": Referential,
    "CUSTOM_SQL": CustomSql,
    "COMPLETENESS": Completeness,
    "CONSISTENCY": Consistency,
    "FRESHNESS": Freshness,
    "ROW_COUNT": RowCount,
    "ANOMALY": Anomaly,
}


def refused(rule: Mapping[str, Any]) -> str | None:
    """Why the failing rows of a rule cannot be taken out, as a sentence; None where they can, or need not be."""
    if rule.get("onFail") != "reject_rows":
        return None
    if rule["type"] in _WITHOUT_ROWS:
        return f"{rule['type']} judges the dataset, and no row of it is at fault; use warn, and blockPipeline to hold the data back"
    setting, whole = _ALLOWANCES.get(rule["type"], ("", None))
    if setting and rule.get(setting, whole) != whole:
        return (
            f"{setting} {rule[setting]:g} allows a share of failing rows, and reject_rows takes each of them out; leave one of the two out"
        )
    return None
