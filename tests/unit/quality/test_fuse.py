"""Many rules as few statements."""

from __future__ import annotations

from typing import Any

from services.quality.fuse import Asked, fused
from shared.datasets import Column, Columns
from shared.rules import RULES
from shared.sql.render import sql

COLUMNS: Columns = (Column("a", "INTEGER"), Column("b", "TEXT"))


def asked(*rules: dict[str, Any]) -> list[Asked]:
    return [Asked(number, RULES[rule["type"]].scan(rule, COLUMNS, f"grouped_{number}")) for number, rule in enumerate(rules)]


def test_all_rules_are_one_statement_over_one_scan() -> None:
    rules = asked({"type": "NOT_NULL", "column": "a"}, {"type": "UNIQUE", "column": "b"}, {"type": "RANGE", "column": "a", "min": 0})
    (statement,) = fused(rules, 100)
    assert {number for number, _ in statement.places} == {0, 1, 2}
    assert sql(statement.select, "duckdb").count('FROM "this"') == 2, "the scan, and the grouping beside it"


def test_what_two_rules_ask_alike_is_computed_once() -> None:
    (one,) = fused(asked({"type": "NOT_NULL", "column": "a"}), 100)
    (two,) = fused(asked({"type": "NOT_NULL", "column": "a"}, {"type": "NOT_NULL", "column": "a", "severity": "high"}), 100)
    assert len(one.select.expressions) == len(two.select.expressions)
    row = list(range(len(two.select.expressions)))
    measured = two.measured(row)
    assert measured[0] == measured[1]


def test_a_statement_is_no_wider_than_it_may_be_and_a_rule_stays_whole() -> None:
    rules = asked(*({"type": "RANGE", "column": "a", "min": bound} for bound in range(5)))
    statements = list(fused(rules, 8))
    assert len(statements) == 3
    assert sorted(number for statement in statements for number in {number for number, _ in statement.places}) == [0, 1, 2, 3, 4]
    assert all(len(statement.select.expressions) <= 8 for statement in statements)
