"""The ledger's verdict on figures, and who is charged."""

from __future__ import annotations

from typing import Any

import pytest

from shared.runs import ledger


def figures(rows_in: int | None, rows_out: int | None, rejected: int | None = 0, **terms: int | None) -> dict[str, Any]:
    return {"rowsIn": rows_in, "rowsOut": rows_out, "rowsRejected": rejected, "ledger": terms}


@pytest.mark.parametrize(
    "counted",
    [
        figures(5, 2, 1, filtered=2),
        figures(5, 6, copies=-1),
        figures(8, 12, fanOut=-4),
        figures(0, 1, merged=-1),
        figures(2, 1, 2, merged=-1),
    ],
)
def test_rows_that_all_have_a_name_balance(counted: dict[str, Any]) -> None:
    assert ledger.balanced(counted) is True
    ledger.check({"it": counted})


def test_what_is_not_counted_has_no_verdict() -> None:
    assert ledger.balanced(figures(None, 2, filtered=None)) is None
    assert ledger.balanced(figures(5, 2, filtered=None)) is None
    assert ledger.balanced({}) is None


@pytest.mark.parametrize(
    ("counted", "said"),
    [
        (figures(5, 2, 1, filtered=1), "1 rows are missing: 5 in = 2 out + 1 rejected + 1 filtered"),
        (figures(5, 6, 0, filtered=0), "1 rows are too many: 5 in = 6 out + 0 rejected + 0 filtered"),
        (figures(5, 6, 0, filtered=-1), "filtered is -1, which no number of rows can be"),
        (figures(3, 1, 0, merged=-1), "merged is -1"),
        (figures(4, 4) | {"rowsInserted": 1, "rowsUpdated": 1, "rowsUnchanged": 1}, "the destination took 1 rowsInserted"),
        (figures(None, -1), "rowsOut is -1"),
    ],
)
def test_rows_without_a_name_are_told_with_node_and_terms(counted: dict[str, Any], said: str) -> None:
    assert ledger.balanced(counted) is False
    with pytest.raises(ledger.Unbalanced) as raised:
        ledger.check({"good": figures(1, 1), "it": counted})
    assert raised.value.node == "it"
    assert "node it do not balance" in raised.value.message
    assert said in raised.value.message
    assert not raised.value.retryable


def test_what_was_staged_is_what_is_read() -> None:
    ledger.check_edge("a.rejected", 7, 7)
    with pytest.raises(ledger.Unbalanced) as raised:
        ledger.check_edge("a.rejected", 7, 6)
    assert raised.value.node == "a"
