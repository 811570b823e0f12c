"""What is made of verdicts and profiles: error budgets, JUnit, OpenLineage facets, suggested rules, and the lines of the command line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree.ElementTree import fromstring

import yaml

from services.api.cli.junit import junit
from services.api.cli.quality import _address, _summary, _verdicts
from shared.pipelines.language import read_documents
from shared.pipelines.validation import validate
from shared.rules.budget import budget, spent
from shared.rules.facets import facets
from shared.rules.suggest import document, suggested

NOW = datetime(2026, 6, 30, tzinfo=UTC)
OBJECTIVE = {"score": 95.0, "windowDays": 10}


def at(days: float, score: float) -> tuple[datetime, float]:
    return NOW - timedelta(days=days), score


def test_a_budget_is_used_by_what_checks_miss_and_only_within_the_window() -> None:
    said = budget([at(11, 0.0), *(at(9 - n, 100.0) for n in range(8)), at(0.5, 80.0), at(0.1, 80.0)], OBJECTIVE, NOW)
    # 40 points are missed by 10 checks, which may miss 5 each; lately 20 each.
    assert said == {
        "score": 95.0, "windowDays": 10, "checks": 10, "below": 2, "belowPercent": 20.0, "mean": 96.0, "remainingPercent": 20.0,
        "burnRate": 4.0, "usedUp": False,
    }  # fmt: skip
    assert budget([at(1, 94.9)], OBJECTIVE, NOW)["usedUp"] is True
    assert budget([at(1, 95.0)], OBJECTIVE, NOW)["usedUp"] is False
    for scores in ([], [at(1, 94.9)], [at(2, 100.0), at(1, 90.0)], [at(2, 100.0), at(1, 80.0)]):
        known = spent(len(scores), sum(score < 95 for _, score in scores), sum(100 - score for _, score in scores), OBJECTIVE)
        assert known.items() <= budget(scores, OBJECTIVE, NOW).items()


def test_a_budget_without_checks_is_whole_and_one_of_nothing_is_used_by_anything() -> None:
    nothing = budget([], OBJECTIVE, NOW)
    assert (nothing["remainingPercent"], nothing["burnRate"], nothing["usedUp"]) == (100.0, None, False)
    strict = {"score": 100.0, "windowDays": 10}
    assert budget([at(1, 100.0)], strict, NOW)["remainingPercent"] == 100.0
    spent = budget([at(2, 100.0), at(1, 99.9)], strict, NOW)
    assert (spent["remainingPercent"], spent["burnRate"], spent["usedUp"]) == (0.0, None, True)


def result(rule: str, status: str, **more: Any) -> dict[str, Any]:
    return {
        "rule": rule, "type": "RANGE", "severity": "high", "status": status, "passed": status in {"PASSED", "LEARNING"}, "blocks": False,
        "checked": 10, "failing": 3, "failingPercent": 30.0, "observed": {"min": 1}, "expected": {"min": 2}, "offenders": [],
        "error": None, "durationMs": 1500, **more,
    }  # fmt: skip


CHECK: dict[str, Any] = {
    "ruleSet": "sales", "dataset": "ns/db:t", "scope": "dataset", "score": 50.0, "partial": True, "rows": 10, "at": "2026-06-30T00:00:00Z",
    "passed": 2, "failed": 1, "errors": 1, "drift": None,
    "results": [
        result("good", "PASSED"), result("new", "LEARNING"), result("bad", "FAILED", offenders=[{"name": "Zażółć \x00 <&>"}]),
        result("lost", "ERROR", error="column x is not there\x1b"),
    ],
}  # fmt: skip


def test_junit_tells_failures_from_errors_and_is_xml_whatever_rows_hold() -> None:
    (suite,) = fromstring(junit([CHECK]))
    assert {key: suite.get(key) for key in ("name", "tests", "failures", "errors", "time")} == {
        "name": "sales", "tests": "4", "failures": "1", "errors": "1", "time": "6.000",
    }  # fmt: skip
    cases = {case.get("name"): case for case in suite.iter("testcase")}
    assert [len(cases[name]) for name in ("good", "new", "bad", "lost")] == [0, 1, 1, 1]
    failure = cases["bad"].find("failure")
    assert failure is not None
    assert failure.get("message") == "3 of 10 rows; found min 1, expected min 2"
    assert "Zażółć" in (failure.text or "")
    error = cases["lost"].find("error")
    assert error is not None
    assert error.get("message") == "column x is not there\ufffd"


def test_the_command_line_says_what_failed_and_why() -> None:
    assert _summary(CHECK) == "dataset by sales: score 50 (partial); 2 passed, 1 failed, 1 could not be measured, 10 rows"
    lines = list(_verdicts(CHECK))
    assert lines[2] == "FAILED  bad (RANGE, high): 3 of 10 rows; found min 1, expected min 2"
    assert lines[-1].startswith("ERROR   lost (RANGE, high): column x is not there")
    assert _address("db:out/a b.csv", None) == "/quality/default/default/db:out/a%20b.csv"
    assert _address("ns/db:t", "other") == "/quality/other/ns/db:t"


def test_facets_are_those_of_openlineage() -> None:
    columns = [
        {"name": "n", "rows": 10, "nulls": 1, "distinct": 4, "min": -1, "max": 2.5, "quantiles": {"p05": 0, "p50": 1.5, "p95": None}},
        {"name": "d", "rows": 10, "nulls": 0, "distinct": None, "min": "2026-01-01", "max": "***", "quantiles": None},
    ]
    found = facets({"results": CHECK["results"], "profile": {"rows": 10, "columns": columns}}, [{"name": "bad", "column": "n"}])
    assert found["dataQualityAssertions"]["assertions"][1:3] == [
        {"assertion": "range: new", "success": True}, {"assertion": "range: bad", "success": False, "column": "n"},
    ]  # fmt: skip
    metrics = found["dataQualityMetrics"]
    assert (metrics["rowCount"], metrics["columnMetrics"]["d"]) == (10, {"nullCount": 0, "count": 10})
    assert metrics["columnMetrics"]["n"] == {
        "nullCount": 1, "distinctCount": 4, "count": 9, "min": -1, "max": 2.5, "quantiles": {"0.05": 0, "0.5": 1.5},
    }  # fmt: skip
    assert all(one["_schemaURL"].startswith("https://openlineage.io/spec/facets/") for one in found.values())
    assert facets({"results": [], "profile": None}) == {}


def column(name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "rows": 100, "nulls": 0, "nullPercent": 0.0, "distinct": 60, "distinctExact": True, **more}


PROFILE = {
    "rows": 100,
    "sampledRows": None,
    "columns": [
        column("id", "BIGINT", distinct=100, min=1, max=100),
        column("Amount (net)", "NUMERIC(12,2)", min="0.01", max="987.65"),
        column("e-mail", "TEXT", nulls=4, nullPercent=4.0, topValues=[{"value": f"a{n}@b.pl", "rows": 1} for n in range(4)]),
        column("note", "TEXT", nulls=70, nullPercent=70.0, topValues=[{"value": "x", "rows": 30}]),
        column("delta", "INTEGER", min=-7, max=-3, distinctExact=False, distinct=100),
    ],
}


def test_what_holds_is_suggested_with_room_and_can_be_applied() -> None:
    rules = {rule["name"]: rule for rule in suggested(PROFILE)}
    assert rules["row-count"] == {"name": "row-count", "type": "ROW_COUNT", "min": 50, "severity": "high"}
    assert rules["id-is-unique"]["severity"] == "critical"
    assert (rules["amount-net-in-range"]["min"], rules["amount-net-in-range"]["max"]) == (0, 1090)
    assert (rules["delta-in-range"]["min"], rules["delta-in-range"]["max"]) == (-7.4, -2.6)
    assert (rules["e-mail-is-filled-in"]["minPercent"], rules["e-mail-is-well-formed"]["pattern"]) == (94.0, "EMAIL")
    assert not [name for name in rules if name.startswith("note")]
    text, count = document(PROFILE, "sales", "sales/warehouse:public.orders")
    assert count == len(rules)
    said = read_documents(text)
    assert [problem for problem in validate(said) if problem.severity == "error" and problem.code != "not_available"] == []
    assert said[0].tree["spec"]["dataset"] == {"connector": "warehouse", "table": "public.orders"}
    assert yaml.safe_load(document(PROFILE, "sales", "other/lake:out/orders.parquet")[0])["spec"]["dataset"] == {
        "connector": "other/lake", "path": "out/orders.parquet",
    }  # fmt: skip


def test_of_a_sample_and_of_few_rows_little_is_said() -> None:
    assert [rule["type"] for rule in suggested({**PROFILE, "rows": 9})] == ["ROW_COUNT"]
    sampled = {rule["type"] for rule in suggested({**PROFILE, "sampledRows": 50})}
    assert sampled.isdisjoint({"NOT_NULL", "UNIQUE"})
