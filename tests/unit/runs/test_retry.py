"""When a failed stage is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.errors import retry_after_s
from shared.runs.retry import Policy, next_wait
from shared.runs.states import RUN_FINAL, RUN_STEPS, STAGE_STEPS, RunStatus, StageStatus, sources

TRANSIENT = {"retryable": True, "retryOn": "connection"}


def test_the_default_waits_double_and_are_capped() -> None:
    waits = [next_wait(Policy(retries=6), TRANSIENT, done, 0.0) for done in range(6)]
    assert [wait.total_seconds() for wait in waits if wait] == [300, 600, 1200, 1800, 1800, 1800]


def test_three_retries_are_four_attempts() -> None:
    assert next_wait(Policy(), TRANSIENT, 2, 0.0) is not None
    assert next_wait(Policy(), TRANSIENT, 3, 0.0) is None


def test_what_is_not_transient_or_not_listed_is_not_retried() -> None:
    assert next_wait(Policy(), {"retryable": False, "retryOn": "connection"}, 0, 0.0) is None
    assert next_wait(Policy(), {"retryable": True, "retryOn": None}, 0, 0.0) is None
    assert next_wait(Policy(retry_on=frozenset({"timeout"})), TRANSIENT, 0, 0.0) is None


@given(st.integers(0, 10_000), st.floats(0, 0.999), st.floats(0.001, 10_000), st.floats(1, 100))
def test_jitter_only_adds_and_at_most_a_tenth(done: int, chance: float, delay_s: float, multiplier: float) -> None:
    policy = Policy(retries=10_001, delay=timedelta(seconds=delay_s), multiplier=multiplier)
    least, wait = next_wait(policy, TRANSIENT, done, 0.0), next_wait(policy, TRANSIENT, done, chance)
    assert least is not None
    assert wait is not None
    assert least <= wait <= least * 1.1 + timedelta(microseconds=1)
    assert least <= policy.max_delay


def test_a_far_side_that_says_when_to_come_back_is_not_asked_earlier() -> None:
    asked = {**TRANSIENT, "retryAfterSeconds": 700}
    assert [next_wait(Policy(), asked, done, 0.0) for done in range(3)] == [timedelta(seconds=s) for s in (700, 700, 1200)]
    assert next_wait(Policy(), {**TRANSIENT, "retryAfterSeconds": 1e9}, 0, 0.0) == timedelta(days=1)


def test_the_timeout_counts_over_all_attempts_and_the_waits_between_them() -> None:
    policy = Policy.from_json({"retryDelay": 10, "timeout": 60})
    assert next_wait(policy, TRANSIENT, 0, 0.0, timedelta(seconds=49)) == timedelta(seconds=10)
    assert next_wait(policy, TRANSIENT, 0, 0.0, timedelta(seconds=50)) is None
    assert next_wait(policy, {**TRANSIENT, "retryAfterSeconds": 61}, 0, 0.0) is None


def test_retry_after_is_a_number_of_seconds_or_a_date() -> None:
    now = datetime(2026, 3, 29, 2, 0, tzinfo=UTC)
    assert retry_after_s("120") == 120
    assert retry_after_s("Sun, 29 Mar 2026 02:00:30 GMT", now) == 30
    assert retry_after_s("Sun, 29 Mar 2026 01:00:00 GMT", now) == 0
    assert [retry_after_s(text) for text in (None, "", "soon", "-1", "Sun, 99 Mar")] == [None] * 5


def test_the_recipe_s_settings_are_read_by_their_names() -> None:
    policy = Policy.from_json({"retries": 1, "retryDelay": 2, "retryBackoffMultiplier": 3, "retryMaxDelay": 4, "retryOn": ["429"]})
    assert policy == Policy(1, timedelta(seconds=2), 3.0, timedelta(seconds=4), frozenset({"429"}))
    assert Policy.from_json({}) == Policy()


def test_every_state_has_its_row_in_the_table_and_what_has_ended_can_only_be_asked_for_again() -> None:
    assert set(RUN_STEPS) == set(RunStatus)
    assert set(STAGE_STEPS) == set(StageStatus)
    assert all(RUN_STEPS[status] <= {RunStatus.QUEUED} for status in RUN_FINAL)
    assert STAGE_STEPS[StageStatus.COMPLETED] == {StageStatus.WAITING}
    assert RunStatus.RUNNING not in RUN_FINAL
    assert sources(STAGE_STEPS, StageStatus.COMPLETED) == ["WAITING", "RUNNING", "SUBMITTED"]
