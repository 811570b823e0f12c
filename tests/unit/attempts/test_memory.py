"""Sizes as people read them, and limits where no setting says otherwise."""

from __future__ import annotations

import os

import pytest

from shared.attempts import memory
from shared.engines.resident import resident_bytes


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (2 * 2**30, "2 GiB"),
        (512 * 10**6, "512 MB"),
        (2 * 10**9, "2 GB"),
        (2**29, "512 MiB"),
        (2_123_456_789, "2.1 GB"),
        (345_678_901, "346 MB"),
    ],
)
def test_sizes_are_shown_in_the_unit_a_person_would_use(size: int, text: str) -> None:
    assert memory.shown(size) == text


def test_the_default_limit_leaves_room_for_the_other_slots() -> None:
    assert memory.default_limit(1) <= memory.DEFAULT_LIMIT
    assert memory.default_limit(1000) * 1000 <= memory.machine() * 0.6


def test_each_thread_wants_half_a_gigabyte() -> None:
    assert memory.threads(300 * 10**6) == 1
    assert memory.threads(10**15) == len(os.sched_getaffinity(0))


def test_a_process_that_is_gone_has_no_size() -> None:
    gone = os.fork()
    if gone == 0:
        os._exit(0)
    os.waitpid(gone, 0)
    assert resident_bytes(gone) is None
    assert memory.peak(gone) is None
