"""The driver's short part: minutes of faults lose nothing and double nothing; and a build whose fence is broken is found out."""

from __future__ import annotations

import pytest

from tests.chaos.driven import driven

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(600)]


def test_minutes_of_faults_lose_nothing_and_double_nothing() -> None:
    code, lines = driven("--minutes", "1.5")
    summary = lines[-1]
    assert (code, summary["what"], summary["wrong"]) == (0, "summary", 0), lines
    assert summary["faults"] >= 10


def test_a_build_that_forgets_its_markers_is_found_out() -> None:
    code, lines = driven("--broken-fence", "--rounds", "4", "--faults", "8")
    assert code == 1, lines
    assert lines[-1]["doubled"] > 0
