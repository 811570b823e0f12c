"""Which queued runs start."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from services.scheduler.admission import Asking, Decision, Policy, decide

A, B = ("default", "a"), ("default", "b")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
# Of a fire time a minute after noon.
LATER = Asking("1", A, fired=True, queued_at=NOON + timedelta(minutes=1))
NONE: list[tuple[str, tuple[str, str]]] = []


def decided(
    queue: list[Asking],
    running: list[tuple[str, tuple[str, str]]] = NONE,
    *,
    limit: int = 20,
    policy: Policy | None = None,
    replays: tuple[str, ...] = (),
    started: datetime = NOON,
) -> Decision:
    return decide(queue, running, limit, lambda _: policy or Policy(), replays, {run: started for run, _ in running})


def test_the_oldest_start_until_the_limit_is_reached_and_the_others_say_so() -> None:
    made = decided([Asking("1", A), Asking("2", B), Asking("3", ("default", "c"))], [("0", ("default", "z"))], limit=3)
    assert made.start == ["1", "2"]
    assert made.waits == {"3": ("concurrency", "3 runs are running, the limit is 3 (PIPELINE_MAX_CONCURRENT_EXECUTIONS)")}


def test_one_run_of_a_pipeline_at_a_time_where_its_policy_forbids_more() -> None:
    made = decided([Asking("1", A), Asking("2", A), Asking("3", B)])
    assert made.start == ["1", "3"]
    assert made.waits == {"2": ("pipeline", "run 1 of this pipeline is still running (concurrencyPolicy: Forbid)")}


def test_a_scheduled_run_is_skipped_where_its_policy_forbids_it() -> None:
    made = decided([LATER], [("0", A)])
    assert (made.start, made.skip) == ([], {"1": "run 0 of this pipeline was still running (concurrencyPolicy: Forbid)"})


def test_a_scheduled_run_waits_for_one_that_began_after_its_fire_time() -> None:
    told = ("pipeline", "run 0 of this pipeline is still running (concurrencyPolicy: Forbid)")
    made = decided([LATER], [("0", A)], started=NOON + timedelta(minutes=2))
    assert (made.start, made.skip, made.waits) == ([], {}, {"1": told})
    together = decided([replace(LATER, id="0"), LATER])
    assert (together.start, together.skip, together.waits) == (["0"], {}, {"1": told})


def test_any_number_side_by_side_where_its_policy_allows() -> None:
    made = decided([Asking("1", A), Asking("2", A)], [("0", A)], policy=Policy("Allow"))
    assert (made.start, made.waits) == (["1", "2"], {})


def test_runs_that_share_a_sequence_go_one_by_one_whatever_their_policy() -> None:
    made = decided(
        [Asking("1", A)],
        [("0", A)],
        policy=Policy("Allow", ("sequence", "numbers rows in number; runs that share a sequence go one by one")),
    )
    assert made.waits == {"1": ("sequence", "run 0 numbers rows in number; runs that share a sequence go one by one")}


def test_a_replacing_run_ends_all_that_run_and_then_starts_even_where_the_limit_is_reached() -> None:
    made = decided([Asking("1", A)], [("0", A), ("00", A)], limit=2, policy=Policy("Replace"))
    assert (made.start, made.replace) == ([], ["0", "00"])
    assert made.waits["1"][0] == "pipeline"


def test_a_run_that_has_just_been_let_in_is_not_replaced_in_the_same_breath() -> None:
    made = decided([Asking("1", A), Asking("2", A)], policy=Policy("Replace"))
    assert (made.start, made.replace, list(made.waits)) == (["1"], [], ["2"])


def test_a_replay_waits_its_turn_where_others_would_replace() -> None:
    made = decided([Asking("1", A, replays=True), Asking("2", A, replays=True)], [("0", A)], policy=Policy("Replace"))
    assert (made.start, made.replace) == ([], [])
    assert made.waits["1"] == ("pipeline", "run 0 of this pipeline is still running (concurrencyPolicy: Replace)")
    assert "2" in made.waits


def test_a_replay_is_not_replaced() -> None:
    made = decided([Asking("1", A)], [("0", A)], policy=Policy("Replace"), replays=("0",))
    assert (made.start, made.replace, list(made.waits)) == ([], [], ["1"])
    both = decided([Asking("1", A)], [("0", A), ("00", A)], policy=Policy("Replace"), replays=("0",))
    assert both.replace == ["00"]


def test_a_scheduled_run_waits_for_a_replay_and_is_not_skipped() -> None:
    made = decided([LATER], [("0", A)], replays=("0",))
    assert (made.skip, made.waits["1"][0]) == ({}, "pipeline")
    started = decided([Asking("0", A, replays=True), LATER])
    assert (started.start, started.skip, list(started.waits)) == (["0"], {}, ["1"])
