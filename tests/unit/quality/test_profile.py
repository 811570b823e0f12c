"""Profiles of real rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.checked import over_staged, staged

SETTINGS = {"histogramBins": 4, "topValues": 3}
MIXED = """
    SELECT i AS id, i % 3 AS few, CASE WHEN i % 4 = 0 THEN NULL ELSE 'żółw ' || (i % 2) END AS name, (i / 8)::DECIMAL(9, 3) AS price,
        DATE '1969-12-30' + (i % 5)::INTEGER AS day, TIMESTAMPTZ '2026-01-01 00:00:00+00' + INTERVAL (i) HOUR AS at, i % 2 = 0 AS even,
        'p' || i AS password, CASE i WHEN 1 THEN 'nan'::DOUBLE WHEN 2 THEN 'infinity'::DOUBLE ELSE i END AS wild,
        [i] AS list, NULL AS nothing
    FROM range(1, 2001) r(i)
"""


def profiled(folder: Path, query: str, **settings: Any) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The profile, and its columns by name."""
    profile = over_staged(folder, staged(folder, query), profile={**SETTINGS, **settings})["profile"]
    json.dumps(profile, allow_nan=False)
    return profile, {column["name"]: column for column in profile["columns"]}


def test_each_kind_of_column_has_the_figures_that_it_can_have(tmp_path: Path) -> None:
    profile, columns = profiled(tmp_path, MIXED)
    assert (profile["rows"], profile["exact"], profile["sampledRows"]) == (2000, True, None)
    assert list(columns) == ["id", "few", "name", "price", "day", "at", "even", "password", "wild", "list", "nothing"]
    few = columns["few"]
    assert (few["distinct"], few["nulls"], few["min"], few["max"], few["mean"]) == (3, 0, 0, 2, 1.0005)
    assert few["topValues"] == [{"value": 1, "rows": 667}, {"value": 2, "rows": 667}, {"value": 0, "rows": 666}]
    assert few["quantiles"] == {"p05": 0, "p25": 0, "p50": 1, "p75": 2, "p95": 2}
    assert [one["rows"] for one in few["histogram"]] == [666, 667, 0, 667]
    name = columns["name"]
    assert (name["nulls"], name["nullPercent"], name["distinct"], name["lengths"]) == (500, 25.0, 2, {"min": 6, "max": 6, "mean": 6.0})
    assert (name["mean"], name["histogram"], name["quantiles"]) == (None, None, None)
    assert columns["even"]["topValues"] == [{"value": False, "rows": 1000}, {"value": True, "rows": 1000}]
    assert (columns["list"]["nulls"], columns["list"]["distinct"]) == (0, None)
    nothing = columns["nothing"]
    assert (nothing["nulls"], nothing["distinct"], nothing["min"], nothing["topValues"]) == (2000, 0, None, [])


def test_a_column_of_many_values_is_counted_exactly_below_a_million_rows(tmp_path: Path) -> None:
    _, columns = profiled(tmp_path, MIXED)
    assert (columns["id"]["distinct"], columns["id"]["distinctExact"]) == (2000, True)
    assert columns["id"]["quantiles"] == {"p05": 100, "p25": 500, "p50": 1000, "p75": 1500, "p95": 1900}
    assert [one["rows"] for one in columns["id"]["histogram"]] == [500, 500, 500, 500]
    assert columns["id"]["topValues"] == [{"value": value, "rows": 1} for value in (1, 2, 3)]
    price = columns["price"]
    assert (price["min"], price["max"], sum(one["rows"] for one in price["histogram"])) == ("0.125", "250.000", 2000)


def test_times_have_quantiles_and_histograms_too(tmp_path: Path) -> None:
    _, columns = profiled(tmp_path, MIXED)
    day, at = columns["day"], columns["at"]
    assert (day["min"], day["max"], day["quantiles"]["p50"]) == ("1969-12-30", "1970-01-03", "1970-01-01")
    assert [one["rows"] for one in day["histogram"]] == [800, 400, 400, 400]
    assert at["min"] == "2026-01-01T01:00:00+00:00"
    assert sum(one["rows"] for one in at["histogram"]) == 2000


def test_what_is_not_finite_is_a_value_and_no_number(tmp_path: Path) -> None:
    wild = profiled(tmp_path, MIXED)[1]["wild"]
    assert (wild["nulls"], wild["min"], wild["max"]) == (0, 3.0, 2000.0)
    assert (wild["mean"], sum(one["rows"] for one in wild["histogram"])) == (sum(range(3, 2001)) / 1998, 1998)


def test_values_of_secret_columns_are_not_shown(tmp_path: Path) -> None:
    password = profiled(tmp_path, MIXED)[1]["password"]
    assert {key: password[key] for key in ("min", "max", "quantiles", "histogram", "topValues")} == dict.fromkeys(
        ("min", "max", "quantiles", "histogram", "topValues")
    )
    assert (password["distinct"], password["lengths"]["max"]) == (2000, 5)


def test_no_rows_have_a_profile_too(tmp_path: Path) -> None:
    profile, columns = profiled(tmp_path, f"SELECT * FROM ({MIXED}) WHERE id < 0")
    assert profile["rows"] == 0
    assert (columns["id"]["nulls"], columns["id"]["nullPercent"], columns["id"]["distinct"], columns["id"]["histogram"]) == (0, 0, 0, None)


def test_of_more_rows_than_that_a_sample_is_profiled(tmp_path: Path) -> None:
    profile, columns = profiled(tmp_path, MIXED, sampleAbove=500)
    assert (profile["rows"], profile["exact"], profile["sampledRows"]) == (2000, False, 500)
    assert columns["id"]["rows"] == columns["id"]["distinct"] == 500
    assert profiled(tmp_path, MIXED, sampleAbove=500)[0] == profile, "the same sample of the same rows"
    assert profiled(tmp_path, MIXED, sampleAbove=5000)[0]["sampledRows"] is None


def test_many_rows_are_estimated_where_counting_is_dear(tmp_path: Path) -> None:
    profile, columns = profiled(tmp_path, "SELECT i AS id, i % 7 AS few, i % 5000 AS some FROM range(1200000) r(i)")
    assert not profile["exact"]
    assert (columns["id"]["distinctExact"], columns["id"]["quantilesExact"], columns["id"]["topValues"]) == (False, False, None)
    assert abs(columns["id"]["distinct"] - 1_200_000) < 60_000
    assert abs(columns["id"]["quantiles"]["p50"] - 600_000) < 12_000
    assert (columns["few"]["distinct"], columns["few"]["distinctExact"], columns["few"]["quantilesExact"]) == (7, True, True)
    assert (columns["some"]["distinct"], columns["some"]["distinctExact"]) == (5000, True)
    assert columns["some"]["topValues"][0] == {"value": 0, "rows": 240}


def test_rules_and_profile_share_one_statement(tmp_path: Path) -> None:
    rules = [{"name": "a", "type": "NOT_NULL", "column": "id"}]
    quality = over_staged(tmp_path, staged(tmp_path, MIXED), *rules, profile=SETTINGS)
    assert quality["results"][0]["status"] == "PASSED"
    assert quality["profile"]["columns"][0]["nulls"] == 0
