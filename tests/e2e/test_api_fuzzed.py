"""A minute of `make fuzz FUZZ=api`, each time with the same calls as far as the server's answers are the same."""

from __future__ import annotations

import pytest

from tests.fuzz import api

pytestmark = [pytest.mark.stack, pytest.mark.slow]


def test_no_call_breaks_the_server_or_is_taken_or_answered_otherwise_than_the_document_says(capfd: pytest.CaptureFixture[str]) -> None:
    assert api.main(["-max_total_time=60", "-seed=1"]) == 0, capfd.readouterr().out
