"""Where messages and stages wait that only a newer release can read."""

from __future__ import annotations

from shared.runs import queues


def test_what_everybody_can_read_is_in_the_plain_queue() -> None:
    assert queues.of_plan("stages.gpu", 1) == "stages.gpu"


def test_a_newer_plan_waits_beside_it() -> None:
    assert queues.of_plan("stages.gpu", 2) == "stages.gpu@plan-2"


def test_a_message_that_was_put_aside_already_is_put_aside_once_more_not_below() -> None:
    assert queues.beside("stages@plan-2", "message", 3) == "stages@message-3"


def test_a_version_that_is_no_number_is_put_aside_too() -> None:
    assert queues.beside("stages", "message", {"odd": 1}) == "stages@message-unknown"
    assert queues.beside("stages", "message", True) == "stages@message-unknown"


def test_a_process_listens_to_what_it_can_read() -> None:
    assert queues.read_by(("stages", "maintenance"), 2, {1, 2}) == (
        "stages", "stages@message-2", "stages@plan-2", "maintenance", "maintenance@message-2", "maintenance@plan-2",
    )  # fmt: skip
