"""The score's formula (quality.md)."""

from __future__ import annotations

import pytest

from services.quality.score import Term, score
from shared.secrets.shown import looks_secret


def term(severity: str, checked: int | None, failing: int | None, *, passed: bool | None = None) -> Term:
    return Term(f"{severity} rule", severity, not failing if passed is None else passed, checked, failing)


def test_shares_are_weighted_by_severity() -> None:
    value, formula = score([term("critical", 10, 0), term("high", 10, 5), term("medium", 4, 1)])
    assert value == 80.6  # (5 * 1 + 3 * 0.5 + 1 * 0.75) / 9
    assert [part["share"] for part in formula["terms"]] == [1.0, 0.5, 0.75]


def test_a_failed_critical_rule_caps_it() -> None:
    value, formula = score([term("critical", 1_000_000, 1)])
    assert (value, formula["cap"]) == (49.9, 49.9)


def test_a_cap_does_not_raise_a_lower_score() -> None:
    assert score([term("critical", 10, 9)])[0] == 10.0


def test_half_a_tenth_is_rounded_up() -> None:
    assert score([term("medium", 2000, 1, passed=True)])[0] == 100.0
    assert score([term("medium", 10_000, 25)])[0] == 99.8


def test_a_rule_without_rows_counts_as_one_or_nothing() -> None:
    assert score([term("high", 0, 0, passed=True)])[0] == 100.0
    assert score([term("high", 0, 0, passed=False)])[0] == 0.0


def test_a_rule_that_could_not_be_measured_is_left_out_and_said_so() -> None:
    lost = Term("lost", "critical", False, None, None, error=True)
    value, formula = score([term("high", 10, 5), lost])
    assert (value, formula["cap"], formula["partial"], formula["leftOut"]) == (50.0, None, True, ["lost"])
    assert "1 of 2 rules could not be measured" in formula["text"]
    assert [part["rule"] for part in formula["terms"]] == ["high rule"]
    value, formula = score([lost])
    assert (value, formula["reason"]) == (None, "no rule could be measured")


def test_no_rules_no_score() -> None:
    value, formula = score([])
    assert (value, formula["reason"]) == (None, "no rules")


@pytest.mark.parametrize("name", ["password", "user_password", "apiKey", "API_KEY", "accessToken", "card_number", "PESEL", "client-secret"])
def test_names_that_look_secret(name: str) -> None:
    assert looks_secret(name)


@pytest.mark.parametrize("name", ["carrier", "pinned", "tokens_used_by", "shipping", "compass", "id"])
def test_names_that_do_not(name: str) -> None:
    assert not looks_secret(name)
