"""Rules that hold of a profile, as a rule set to be looked through: what is so today, with some room, is perhaps meant to be so. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation
from math import floor
from typing import Any

import yaml

from shared.sql import patterns

# Fewer rows tell nothing of what is meant.
LEAST_ROWS = 10
LEAST_VALUES = 3
# Room above and below what was seen, as a part of the span.
SLACK = Decimal("0.1")
# What is empty more often than that is filled in as it comes.
MOST_NULLS_PERCENT = 20.0
_NUMBERS = re.compile(r"(SMALLINT|INTEGER|BIGINT|INT|NUMERIC|DECIMAL|REAL|FLOAT|DOUBLE)\b")


def document(profile: Mapping[str, Any], namespace: str, dataset: str) -> tuple[str, int]:
    """A DataQualityRuleSet as YAML, and how many rules it has. `dataset`: ns/connector:table, or :path.

    Without anything to suggest it has the one rule that there are rows.
    """
    connector, _, object_ = dataset.partition(":")
    where, _, name = connector.rpartition("/")
    kind = "path" if re.search(r"[/*]|\.(csv|parquet|json|jsonl|ndjson|avro|tsv|txt)(\.\w+)?$", object_, re.IGNORECASE) else "table"
    rules = suggested(profile)
    tree = {
        "apiVersion": "penstock/v1",
        "kind": "DataQualityRuleSet",
        "metadata": {"name": f"{_word(object_)}-suggested", "namespace": namespace},
        "spec": {"dataset": {"connector": name if where in ("", namespace) else connector, kind: object_}, "rules": rules},
    }
    head = f"# Suggested from a profile of {profile['rows']} rows; what holds today need not be meant. Look through it, then apply it.\n"
    return head + yaml.safe_dump(tree, sort_keys=False, allow_unicode=True), len(rules)


def suggested(profile: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rules as a rule set has them, the row count first, then by column; none of a column of which a sample only was seen."""
    rows = profile["rows"]
    rules: list[dict[str, Any]] = [{"name": "row-count", "type": "ROW_COUNT", "min": max(1, rows // 2), "severity": "high"}]
    if rows < LEAST_ROWS:
        return rules
    whole = profile.get("sampledRows") is None
    taken: set[str] = {"row-count"}
    for column in profile["columns"]:
        for rule in _of_column(column, rows, whole):
            name = base = f"{_word(column['name'])}-{_SAYS[rule['type']]}"
            number = 1
            while name in taken:
                number += 1
                name = f"{base}-{number}"
            taken.add(name)
            rules.append({"name": name, "type": rule.pop("type"), "column": column["name"], **rule})
    return rules


_SAYS = {"NOT_NULL": "is-there", "COMPLETENESS": "is-filled-in", "UNIQUE": "is-unique", "RANGE": "in-range", "REGEX": "is-well-formed"}


def _of_column(column: Mapping[str, Any], rows: int, whole: bool) -> Iterator[dict[str, Any]]:
    nulls, percent = column.get("nulls"), column.get("nullPercent") or 0.0
    if nulls == 0 and whole:
        yield {"type": "NOT_NULL", "severity": "high"}
    elif nulls is not None and 0 < percent <= MOST_NULLS_PERCENT:
        # Half as many again may be missing.
        yield {"type": "COMPLETENESS", "minPercent": float(floor(100 - 1.5 * percent)), "severity": "medium"}
    filled = rows - (nulls or 0)
    unique = whole and column.get("distinctExact") is True and column.get("distinct") == filled and filled >= LEAST_ROWS
    if unique:
        yield {"type": "UNIQUE", "severity": "critical" if nulls == 0 else "high"}
    elif (bounds := _range(column)) is not None:
        # What is numbered goes on beyond what was seen.
        yield {"type": "RANGE", **bounds, "severity": "medium"}
    if (pattern := _pattern(column)) is not None:
        yield {"type": "REGEX", "pattern": pattern, "severity": "medium"}


def _range(column: Mapping[str, Any]) -> dict[str, Any] | None:
    """Of numbers; what was never below 0 is to stay so."""
    if not _NUMBERS.match(str(column.get("type", "")).upper()):
        return None
    try:
        least, greatest = Decimal(str(column.get("min"))), Decimal(str(column.get("max")))
    except InvalidOperation:
        return None
    if not (least.is_finite() and greatest.is_finite()) or least == greatest:
        return None
    room = (greatest - least) * SLACK
    low = max(least - room, Decimal(0)) if least >= 0 else least - room
    high = min(greatest + room, Decimal(0)) if greatest <= 0 else greatest + room
    return {"min": _number(low, ROUND_FLOOR), "max": _number(high, ROUND_CEILING)}


def _number(value: Decimal, rounding: str) -> int | float:
    """Three digits that tell, outwards, so that a person can read it."""
    if not value:
        return 0
    rounded = value.quantize(Decimal(1).scaleb(value.adjusted() - 2), rounding=rounding)
    return int(rounded) if rounded == rounded.to_integral_value() else float(rounded)


def _pattern(column: Mapping[str, Any]) -> str | None:
    """The named pattern that all of its most common values have; None where too few are known."""
    values = [one["value"] for one in column.get("topValues") or ()]
    if len(values) < LEAST_VALUES or not all(isinstance(value, str) for value in values):
        return None
    return next((name for name in patterns.NAMES if all(patterns.holds(name, value) for value in values)), None)


def _word(text: str) -> str:
    """As a name of a document or a rule: small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:50].strip("-") or "dataset"
