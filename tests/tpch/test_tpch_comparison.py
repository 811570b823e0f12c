"""The comparison tells every difference that would matter."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.tpch.compare import difference
from tests.tpch.data import Rows

EXPECTED: Rows = [(1, "a", Decimal("10.00"), 0.5), (2, None, Decimal("0.10"), 1.0)]


@pytest.mark.parametrize(
    "found",
    [
        EXPECTED[:1],
        EXPECTED[::-1],
        [(1, "a ", Decimal("10.00"), 0.5), EXPECTED[1]],
        [(1, "a", Decimal("10.01"), 0.5), EXPECTED[1]],
        [(1, "a", 10.000000001, 0.5), EXPECTED[1]],
        [(1, "a", Decimal("10.00"), 0.50000001), EXPECTED[1]],
        [EXPECTED[0], (2, "", Decimal("0.10"), 1.0)],
        [row[:3] for row in EXPECTED],
    ],
)
def test_a_different_answer_is_told(found: Rows) -> None:
    assert difference(found, EXPECTED) is not None


def test_the_same_answer_may_have_more_digits() -> None:
    assert difference([(1, "a", Decimal("10.0000"), Decimal("0.50000000000000000001")), (2, None, Decimal("0.1"), 1.0)], EXPECTED) is None
