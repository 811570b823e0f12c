"""What is told behind the work: bounded, samples go before log lines, and everything that is dropped is counted."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.attempts import behind
from shared.attempts.behind import Behind
from shared.dispatch.claims import Claim
from shared.store.database import Database


def claim(stage: int = 1) -> Claim:
    run = "0197f0f0-0000-7000-8000-000000000000"
    return Claim("default", "p", run, stage, 1, "work", ("n1",), {}, {}, {}, 0, 0, datetime.now(UTC), datetime.now(UTC))


@pytest.fixture
def full() -> Behind:
    """Nobody empties it: it was not started."""
    made = Behind(Database("postgresql://nobody@127.0.0.1:1/none", name="test"), "worker-1")
    for stage in range(3):
        made.progress(claim(stage), {"n1": 1})
    made.sample(claim(), {"port": "n1", "rows": [], "profile": None})
    for number in range(behind._MOST_LINES):
        made.log(claim(), "INFO", f"line {number}")
    return made


def test_nothing_is_dropped_while_there_is_room(full: Behind) -> None:
    assert full.dropped == {"progress": 0, "samples": 0, "lines": 0}


def test_a_full_buffer_drops_samples_first_and_then_the_newest_lines(full: Behind) -> None:
    full.log(claim(), "INFO", "one too many")
    assert full.dropped == {"progress": 3, "samples": 1, "lines": 1}
    full.sample(claim(), {"port": "n1", "rows": [], "profile": None})
    full.log(claim(), "INFO", "and another")
    assert full.dropped == {"progress": 3, "samples": 2, "lines": 2}
