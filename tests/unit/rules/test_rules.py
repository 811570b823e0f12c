"""What a rule asks, what it says of what was measured, and what it refuses. Verdicts on rows: tests/conformance/rules.yaml."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest
from marshmallow import ValidationError
from sqlglot import exp

from shared.datasets import Column, Columns
from shared.pipelines.kinds.quality import Drift
from shared.pipelines.rules import RULES as SCHEMAS
from shared.pipelines.rules import refused
from shared.pipelines.shapes import instance
from shared.rules import RULES, anomaly
from shared.rules.baseline import Past
from shared.sql.errors import SqlProblem
from tests.support.measured import verdict

COLUMNS: Columns = (
    Column("id", "INTEGER"),
    Column("name", "TEXT"),
    Column("weight", "DOUBLE PRECISION"),
    Column("day", "DATE"),
    Column("at", "TIMESTAMP"),
    Column("flag", "BOOLEAN"),
)
NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)


def rule(type_: str, **settings: Any) -> dict[str, Any]:
    return {"name": "r", "type": type_, "now": NOW, **settings}


def test_every_type_that_a_recipe_may_name_can_be_measured() -> None:
    assert set(RULES) == set(SCHEMAS)


def test_what_rules_count_alike_is_one_tree() -> None:
    asked = [
        rule("NOT_NULL", column="name"),
        rule("COMPLETENESS", column="name", minPercent=90),
        rule("ANOMALY", metric="null_percent", column="name"),
        rule("ANOMALY", metric="row_count"),
        rule("ROW_COUNT", min=1),
        rule("REFERENTIAL", column="name", references={"node": "n"}),
    ]
    scans = [RULES[one["type"]].scan(one, COLUMNS, f"g{at}") for at, one in enumerate(asked)]
    own = {f"g{at}" for at in range(len(asked))}
    plain = {
        tree for scan in scans for tree in scan.aggregates.values() if not any(table.name in own for table in tree.find_all(exp.Table))
    }
    assert {tree.sql() for tree in plain} == {"COUNT(*)", 'COUNT("this"."name")'}
    assert len(plain) == 2


def test_where_of_one_text_is_one_tree() -> None:
    both = [rule("NOT_NULL", column="name", where="id / 2 > 1"), rule("RANGE", column="id", min=0, where="id / 2 > 1")]
    first, second = (RULES[one["type"]].scan(one, COLUMNS, "g").aggregates for one in both)
    assert first["checked"].args["expression"] == second["checked"].args["expression"]


def test_two_hundred_rules_on_three_hundred_columns_are_few_aggregates() -> None:
    columns = tuple(Column(f"c{at}", "INTEGER") for at in range(300))
    kinds: tuple[dict[str, Any], ...] = ({"type": "NOT_NULL"}, {"type": "RANGE", "min": 0}, {"type": "COMPLETENESS", "minPercent": 90})
    rules = [{"name": f"r{at}", "column": f"c{at // 2}", **kinds[at % 3]} for at in range(200)]
    trees = {tree for one in rules for tree in RULES[one["type"]].scan(one, columns, "g").aggregates.values()}
    # One count of all rows; of each column the values that are there, and of each RANGE three more.
    assert len(trees) <= 1 + 100 + 3 * 67


def test_a_verdict_says_what_was_found_and_what_was_wanted() -> None:
    found = judged("(1, 'a'), (2, NULL), (2, 'c')", "NOT_NULL", column="name", maxNullPercent=10)
    assert (found.observed, found.expected) == ({"nulls": 1, "nullPercent": 33.333}, {"maxNullPercent": 10})
    found = judged("(1, 'a'), (2, NULL), (2, 'c')", "UNIQUE", column="id")
    assert (found.observed, found.expected) == ({"repeatedCombinations": 1, "rows": 2}, {"repeatedCombinations": 0})
    found = judged("(1, 'a'), (2, NULL), (9, 'c')", "RANGE", column="id", min=0, max=5)
    assert (found.observed, found.expected) == ({"min": 1, "max": 9}, {"min": 0, "max": 5, "inclusive": True})
    found = judged("(1, 'a')", "ROW_COUNT", min=2)
    assert (found.observed, found.expected) == ({"rows": 1}, {"min": 2})


def test_freshness_says_how_old_the_newest_value_is() -> None:
    found = RULES["FRESHNESS"].verdict(rule("FRESHNESS", column="at", maxAge="1h"), {"fresh": 0, "newest": datetime(2024, 3, 1, 10, 30)})
    assert (found.passed, found.observed["ageSeconds"], found.expected) == (False, 5400, {"maxAge": "1h"})


@pytest.mark.parametrize("newest", ["2024-03-01 10:30:00", datetime(2024, 3, 1, 11, 30, tzinfo=UTC), None])
def test_freshness_reads_moments_as_databases_give_them(newest: Any) -> None:
    found = RULES["FRESHNESS"].verdict(rule("FRESHNESS", column="at", maxAge="1h"), {"fresh": 1, "newest": newest})
    assert found.observed["ageSeconds"] == {None: None, "2024-03-01 10:30:00": 5400}.get(newest, 1800)


def test_an_anomaly_is_learning_until_there_is_history() -> None:
    asked = rule("ANOMALY", metric="row_count", minHistory=3)
    past = [Past(NOW - timedelta(days=day), 10 + day) for day in (3, 2, 1)]
    young = RULES["ANOMALY"].verdict(asked, {"rows": 900, "history": past[:2], "at": NOW})
    old = RULES["ANOMALY"].verdict(asked, {"rows": 900, "history": past, "at": NOW})
    assert (young.passed, young.learning, old.passed, old.learning) == (True, True, False, False)
    assert old.observed["value"] == 900


def test_what_floating_point_adds_is_no_anomaly() -> None:
    past = [Past(NOW - timedelta(days=day), 0.1 + 0.2) for day in range(1, 9)]
    judge = RULES["ANOMALY"].verdict
    asked = rule("ANOMALY", metric="sum", column="weight")
    assert judge(asked, {"value": 0.3, "history": past, "at": NOW}).passed
    assert not judge(asked, {"value": 0.3001, "history": past, "at": NOW}).passed


def test_the_figure_of_an_anomaly_is_kept_for_what_it_measures() -> None:
    asked = rule("ANOMALY", metric="sum", column="id")
    others = ({"metric": "mean"}, {"column": "weight"}, {"where": "id > 1"}, {"name": "s"})
    assert len({anomaly.kept_as(asked | other) for other in others} | {anomaly.kept_as(asked)}) == 5
    assert anomaly.kept_as(asked | {"zScore": 9, "description": "d"}) == anomaly.kept_as(asked)
    assert anomaly.kept_for(anomaly.kept_as(asked | {"name": "a#b"})) == "a#b"


def test_the_figure_of_an_anomaly_can_be_kept() -> None:
    assert anomaly.value(rule("ANOMALY", metric="null_percent", column="id"), {"rows": 3, "present": 2}) == pytest.approx(100 / 3)
    assert anomaly.value(rule("ANOMALY", metric="mean", column="id"), {"value": float("nan")}) is None


def test_a_value_that_json_has_no_word_for_is_shown_as_text() -> None:
    found = RULES["RANGE"].verdict(
        rule("RANGE", column="weight", min=0), {"checked": 1, "failing": 1, "least": 1.0, "greatest": float("nan")}
    )
    assert found.observed == {"min": 1.0, "max": "nan"}


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (rule("RANGE", column="name", min="2024-01-01"), "name is TEXT, and its bounds (min 2024-01-01) are dates or timestamps"),
        (rule("RANGE", column="day", max=5), "day is DATE, and its bounds (max 5) are numbers"),
        (rule("RANGE", column="flag", max=5), "flag is BOOLEAN, and its bounds (max 5) are numbers"),
        (rule("NOT_NULL", column="id", where="nam = 'a'"), "there is no column nam; did you mean name?"),
        (rule("NOT_NULL", column="id", where="id + 1"), "where gives INTEGER, not true or false"),
        (rule("CONSISTENCY", expression="id + 1"), "the expression gives INTEGER, not true or false"),
        (rule("CONSISTENCY", expression="id < wieght"), "there is no column wieght; did you mean weight?"),
        (rule("REGEX", column="name", pattern="(a"), "the regular expression '(a' holds a ( without its ), which has no form in SQL"),
        (rule("REGEX", column="name", pattern=r"(a)\1"), r"holds \1, which has no form in SQL"),
        (rule("FRESHNESS", column="id", maxAge="1h"), "id is INTEGER; FRESHNESS needs a date or a timestamp"),
        (rule("CUSTOM_SQL", query="SELECT * FROM that"), "the query reads that; a rule's query has one table, this"),
        (rule("CUSTOM_SQL", query="DELETE FROM this"), "this is no query; begin with SELECT or WITH"),
        (rule("CUSTOM_SQL", query="WITH x AS (DELETE FROM this RETURNING id) SELECT * FROM x"), "changes something"),
        (rule("CUSTOM_SQL", query="SELECT idd FROM this"), "there is no column idd; did you mean id?"),
        (rule("CUSTOM_SQL", query="SELECT id, id FROM this"), "the query has two columns id"),
        (rule("ANOMALY", metric="mean", column="name"), "the metric mean is of numbers, and name is TEXT"),
        (rule("ANOMALY", metric="mean"), "the metric mean is of a column; name it"),
        (rule("ANOMALY", metric="meen"), "'meen' is no metric"),
        (rule("ANOMALY", metric="SUM(id) / id"), "column id of 'SUM(id) / id' stands outside of an aggregate"),
        (rule("REFERENTIAL", columns=["id", "name"], references={"column": "id"}), "id, name cannot refer to id"),
        (
            rule("REFERENTIAL", column="id", references={}, tables={"r.references": (Column("idd", "BIGINT"),)}),
            "what id is compared with has no column id; did you mean idd?",
        ),
        (
            rule("REFERENTIAL", column="id", references={}, tables={"r.references": (Column("id", "TEXT"),)}),
            "id is INTEGER and id, which it is compared with, TEXT; cast one of them",
        ),
    ],
)
def test_settings_that_make_no_sense_are_told(asked: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SqlProblem) as told:
        RULES[asked["type"]].scan(asked, COLUMNS, "g")
    assert sentence in told.value.message


@pytest.mark.parametrize(
    ("asked", "where", "sentence"),
    [
        ({"type": "FRESHNESS", "column": "at", "maxAge": "24h", "onFail": "reject_rows"}, "onFail", "judges the dataset"),
        ({"type": "ROW_COUNT", "min": 1, "onFail": "reject_rows"}, "onFail", "judges the dataset"),
        ({"type": "ANOMALY", "metric": "row_count", "onFail": "reject_rows"}, "onFail", "judges the dataset"),
        ({"type": "CUSTOM_SQL", "query": "SELECT 1 FROM this", "onFail": "reject_rows"}, "onFail", "judges the dataset"),
        ({"type": "NOT_NULL", "column": "a", "maxNullPercent": 5, "onFail": "reject_rows"}, "maxNullPercent", "5 allows a share"),
        ({"type": "COMPLETENESS", "column": "a", "minPercent": 95, "onFail": "reject_rows"}, "minPercent", "95 allows a share"),
        ({"type": "REGEX", "column": "a", "pattern": "[a"}, "pattern", "a [ without its ]"),
        ({"type": "REGEX", "column": "a", "pattern": "(?<=a)b"}, "pattern", "a group that begins with (?"),
        ({"type": "RANGE", "column": "a", "min": float("inf")}, "min", "must be a number"),
        ({"type": "RANGE", "column": "a", "min": "2024-01-02", "max": "2024-01-01"}, "min", "is greater than max"),
        ({"type": "CUSTOM_SQL", "query": "SELECT * FROM that"}, "query", "a rule's query has one table, this"),
        ({"type": "ANOMALY", "metric": "meen"}, "metric", "is no metric"),
        ({"type": "ANOMALY", "metric": "row_count", "minHistory": 1001}, "minHistory", "less than or equal to 1000"),
        ({"type": "REFERENTIAL", "columns": ["a", "b"], "references": {"node": "n", "column": "c"}}, "references", "cannot refer to c"),
    ],
)
def test_a_recipe_with_such_a_rule_is_refused(asked: dict[str, Any], where: str, sentence: str) -> None:
    with pytest.raises(ValidationError) as told:
        instance(SCHEMAS[asked["type"]]).load({"name": "r", **asked})
    assert sentence in str(told.value.messages_dict[where])


@pytest.mark.parametrize(
    ("asked", "where"),
    [({"window": 3}, "window"), ({"minHistory": 31}, "window"), ({"minHistory": 1001, "window": 2000}, "minHistory")],
)
def test_drift_that_would_be_learning_for_ever_is_refused(asked: dict[str, Any], where: str) -> None:
    with pytest.raises(ValidationError) as told:
        instance(Drift).load(asked)
    assert list(told.value.messages_dict) == [where]


@pytest.mark.parametrize(
    "asked",
    [
        {"type": "NOT_NULL", "column": "a", "onFail": "reject_rows", "blockPipeline": True},
        {"type": "COMPLETENESS", "column": "a", "minPercent": 100, "onFail": "reject_rows"},
        {"type": "REFERENTIAL", "column": "a", "references": {"node": "n"}, "onFail": "reject_rows"},
        {"type": "FRESHNESS", "column": "a", "maxAge": "24h", "blockPipeline": True},
    ],
)
def test_rows_at_fault_can_be_taken_out_and_any_rule_can_block(asked: dict[str, Any]) -> None:
    loaded = instance(SCHEMAS[asked["type"]]).load({"name": "r", **asked})
    assert refused(loaded) is None


def judged(rows: str, type_: str, **settings: Any) -> Any:
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE this AS SELECT * FROM (VALUES {rows}) AS v(id, name)")
        return verdict(connection, COLUMNS[:2], rule(type_, **settings))


@pytest.mark.parametrize("bound", ["0001-01-01T00:00:00+05:00", 10**400, -(10**400)])
def test_a_bound_beyond_all_that_can_be_compared_is_refused(bound: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        SCHEMAS["RANGE"]().load({"name": "r", "type": "RANGE", "column": "id", "min": bound})
    assert "beyond what can be compared" in str(refused.value.messages)
