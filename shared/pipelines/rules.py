"""What a rule of a data quality rule set may say, one schema for each type (quality.md).

The `validate` node takes those that look at one row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from shared.pipelines.fields import choice, count, duration, flag, name, not_available, number, part, prose, shown, text
from shared.pipelines.shapes import AtLeastOne, ExactlyOne, OneOfSets, Shape, instance
from shared.pipelines.sql_fields import Expression, Query, column, columns

SEVERITIES = ("critical", "high", "medium")
PATTERNS = ("PESEL", "NIP", "REGON", "IBAN", "E164_PHONE", "EMAIL", "UUID")
METRICS = ("row_count", "null_percent", "mean", "sum", "distinct", "min", "max", "stddev")
# Rule types that run in this release; the others are read, described and refused by plan.
AVAILABLE = ("NOT_NULL", "UNIQUE", "RANGE")


class Rule(Shape):
    """What every rule has."""

    name = text("Name", "Unique within the rule set", required=True, example="amount-is-there")
    type = text("Type", "What must hold", required=True, example="NOT_NULL")
    severity = choice("Severity", SEVERITIES, "Its weight in the score; a failed critical rule caps it", load_default="high")
    onFail = choice("Rows that fail", ("warn", "reject_rows"), "Told, or taken out as rejected rows", load_default="warn")
    where = Expression(metadata=shown("Only rows for which this is true", example="status = 'sold'"))
    description = prose("Description", example="Each sale has an amount")
    blockPipeline = flag("Block", "Holds the data back when it fails", load_default=False)


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
            if not _is_bound(bound):
                raise ValidationError("must be a number, a date or a timestamp", key)
        if len({isinstance(bound, str) for bound in given.values()}) > 1:
            raise ValidationError("min and max must be of one kind: numbers, or dates and timestamps", "max")
        least, greatest = given.get("min"), given.get("max")
        if isinstance(least, int | float) and isinstance(greatest, int | float) and least > greatest:
            raise ValidationError(f"min {least} is greater than max {greatest}", "min")


def _is_bound(value: object) -> bool:
    if isinstance(value, str):
        try:
            datetime.fromisoformat(value)
        except ValueError:
            return False
        return True
    return isinstance(value, int | float) and not isinstance(value, bool)


def _pattern(value: str) -> None:
    if value in PATTERNS:
        return
    try:
        re.compile(value)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValidationError(f"'{value[:60]}' is no regular expression: {error}") from error


class Regex(Rule):
    column = column("Column", required=True, example="pesel")
    pattern = fields.String(
        required=True,
        validate=[validate.Length(min=1), _pattern],
        metadata=shown("Pattern", f"A regular expression for the whole value, or one of {', '.join(PATTERNS)}", "PESEL"),
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


class CustomSql(Rule):
    query = Query(
        required=True, metadata=shown("Query over this", "Passes when no row is returned", "SELECT * FROM this WHERE paid > owed")
    )


class Completeness(Rule):
    column = column("Column", example="email")
    columns = columns("Columns", least=1, example=["email", "phone"])
    minPercent = number("Least share that is filled in, in percent", most=100, required=True, example=95)
    blankIsMissing = flag("Empty strings count as missing", load_default=False)

    together = (ExactlyOne(("column", "columns")),)


class Consistency(Rule):
    expression = Expression(required=True, metadata=shown("Expression", "True for every row", "ended_at >= started_at"))
    nullIs = choice("NULL counts as", ("true", "false"), load_default="true")


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
    minHistory = count("Least history", "Before so many runs it passes as learning", least=2, load_default=5, example=5)


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
    """Why a loaded rule cannot be checked in this release, as the end of a sentence; None where it can."""
    if rule["type"] not in AVAILABLE:
        return f"rules of type {rule['type']} are not available yet in this release"
    for key, made in instance(RULES[rule["type"]]).load_fields.items():
        if not_available(made, rule.get(key)) == "refused":
            return f"'{key}: {str(rule[key]).lower()}' is not available yet in this release"
    return None
