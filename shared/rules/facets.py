"""What a check found, as the OpenLineage facets of its dataset (spec/facets of the OpenLineage project). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

PRODUCER = "urn:penstock:quality"
ASSERTIONS = "https://openlineage.io/spec/facets/1-0-1/DataQualityAssertionsDatasetFacet.json"
METRICS = "https://openlineage.io/spec/facets/1-0-2/DataQualityMetricsInputDatasetFacet.json"
# Of a wide table the first so many: an event is read by many.
MOST_COLUMNS = 100
_QUANTILES = {"p05": "0.05", "p25": "0.25", "p50": "0.5", "p75": "0.75", "p95": "0.95"}


def facets(measured: Mapping[str, Any], rules: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """{dataQualityAssertions, dataQualityMetrics}, each only where there is something. `measured`: `Outcome.quality`; `rules`: of the
    check, which say what column they look at.

    A rule that could not be measured has not succeeded. What the spec wants as a number and is none (a date, a masked value) is left out.
    """
    found: dict[str, Any] = {}
    columns = {rule["name"]: rule["column"] for rule in rules if isinstance(rule.get("column"), str)}
    if measured["results"]:
        found["dataQualityAssertions"] = {
            "_producer": PRODUCER,
            "_schemaURL": f"{ASSERTIONS}#/$defs/DataQualityAssertionsDatasetFacet",
            "assertions": [_assertion(result, columns.get(result["rule"])) for result in measured["results"]],
        }
    profile = measured.get("profile")
    if profile is not None:
        found["dataQualityMetrics"] = {
            "_producer": PRODUCER,
            "_schemaURL": f"{METRICS}#/$defs/DataQualityMetricsInputDatasetFacet",
            "rowCount": profile["rows"],
            "columnMetrics": {column["name"]: _metrics(column) for column in profile["columns"][:MOST_COLUMNS]},
        }
    return found


def _assertion(result: Mapping[str, Any], column: str | None) -> dict[str, Any]:
    named = {"column": column} if column is not None else {}
    return {"assertion": f"{result['type'].lower()}: {result['rule']}", "success": result["passed"], **named}


def _metrics(column: Mapping[str, Any]) -> dict[str, Any]:
    numbers = {
        "nullCount": column.get("nulls"),
        "distinctCount": column.get("distinct"),
        "count": column["rows"] - column["nulls"] if _is_number(column.get("rows")) and _is_number(column.get("nulls")) else None,
        "min": column.get("min"),
        "max": column.get("max"),
    }
    quantiles = {_QUANTILES[name]: value for name, value in (column.get("quantiles") or {}).items() if _is_number(value)}
    return {name: value for name, value in numbers.items() if _is_number(value)} | ({"quantiles": quantiles} if quantiles else {})


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
