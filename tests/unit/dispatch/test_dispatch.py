"""The life of a run in the store: claims, fences, retries, losses, cancel. On a real PostgreSQL, no broker and no engine."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.datasets import Column, Dataset
from shared.dispatch import claims, recovery, results
from shared.dispatch.advance import advance, descendants, ready, within_slots
from shared.dispatch.claims import Claim, Hold
from shared.engines.work import Outcome
from shared.messages import StageMessage
from shared.planning.stages import PlannedNode, Stage, StageId
from shared.runs.states import IllegalTransition, RunStatus, StageStatus
from shared.store import events, metric_totals, nodes, runs, stages
from shared.store.database import Database
from shared.store.identifiers import new_id
from shared.store.runs import LockedRun
from shared.store.stages import StageRow

LEASE = timedelta(seconds=30)
TRANSIENT = {"code": "connector_unavailable", "message": "it did not answer", "retryable": True, "retryOn": "connection", "node": None}
BROKEN = {"code": "configuration", "message": "no such table", "retryable": False, "retryOn": None, "node": None}


class World:
    """A run over a given stage graph, and what a worker would do to it."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def start(
        self, graph: dict[int, tuple[int, ...]], *, slots: int | None = None, policy: dict[str, Any] | None = None
    ) -> list[StageMessage]:
        self.run = new_id()
        planned = [
            Stage(StageId(s), "work", (f"n{s}",), tuple(StageId(i) for i in inputs), 1, "duckdb", {"n": s}, policy=policy or {})
            for s, inputs in graph.items()
        ]
        with self.database.transaction() as tx:
            runs.create(
                tx, run=self.run, namespace="default", pipeline="p", resource_uid=new_id(), version=1, git_commit_sha=None,
                trigger={"type": "manual"}, parameters={}, logical_date=datetime.now(UTC), reason=None, created_by="test",
            )  # fmt: skip
            run = runs.lock(tx, self.run)
            assert run is not None
            runs.transition(tx, run, RunStatus.RUNNING)
            nodes.insert(tx, self.run, [PlannedNode(f"n{s}", "filter", 1, StageId(s)) for s in graph])
            stages.insert(tx, self.run, planned)
            runs.set_planning(tx, run, "planned", max_parallel_nodes=slots, timeout_s=3600)
            messages = advance(tx, run)
            runs.save(tx, run)
        return messages

    def claim(self, message: StageMessage, worker: str = "worker-1", boot: str | None = None) -> Claim | None:
        with self.database.transaction() as tx:
            return claims.claim(tx, message, worker=worker, boot=boot or new_id(), lease=LEASE)

    def held(self, message: StageMessage) -> Claim:
        claim = self.claim(message)
        assert claim is not None
        return claim

    def complete(self, claim: Claim, staged: Sequence[Dataset] = ()) -> list[StageMessage] | None:
        figures = {node: {"rowsIn": 3, "rowsOut": 2} for node in claim.nodes}
        outcome = Outcome(epoch=claim.epoch, figures=figures, datasets=tuple(staged))
        with self.database.transaction() as tx:
            return results.complete(tx, claim, outcome, duration_ms=5, peak_memory_bytes=7)

    def complete_and_go_on(self, claim: Claim, queue: str = "stages") -> Claim | None:
        """What a slot of a worker of that queue does: the claim of what comes next."""
        outcome = Outcome(epoch=claim.epoch, figures={node: {"rowsIn": 3, "rowsOut": 2} for node in claim.nodes})
        found: list[Claim | None] = []
        with self.database.transaction() as tx:

            def take(run: LockedRun) -> None:
                found.append(claims.claim_next(tx, run, [queue], worker="worker-1", boot=new_id(), lease=LEASE))

            assert results.complete(tx, claim, outcome, duration_ms=5, peak_memory_bytes=7, goes_on=take) is not None
        return found[0]

    def fail(self, claim: Claim, error: dict[str, Any]) -> list[StageMessage] | None:
        with self.database.transaction() as tx:
            return results.fail(tx, claim, error, duration_ms=5, peak_memory_bytes=None)

    def lose(self, claim: Claim) -> list[StageMessage] | None:
        with self.database.transaction() as tx:
            return results.lose(tx, claim, "killed")

    def cancel(self, reason: str = "cancelled") -> None:
        with self.database.transaction() as tx:
            run = runs.lock(tx, self.run)
            assert run is not None
            results.cancel_run(tx, run, reason)
            runs.save(tx, run)

    def sweep(self, grace_s: float = 0, empty: bool = True) -> list[StageMessage]:
        return recovery.sweep(self.database, grace=timedelta(seconds=grace_s), queue_is_empty=lambda _: empty)

    def expire(self) -> None:
        with self.database.transaction() as tx:
            tx.execute(
                "UPDATE stages SET leased_until = clock_timestamp() - interval '1 s', retry_at = clock_timestamp() WHERE run_id = %s",
                (self.run,),
            )

    @property
    def status(self) -> str:
        with self.database.transaction() as tx:
            row = tx.execute("SELECT status FROM runs WHERE id = %s", (self.run,)).fetchone()
            assert row is not None
            return str(row["status"])

    @property
    def stages(self) -> dict[int, str]:
        with self.database.transaction() as tx:
            return {row.stage: row.status.value for row in stages.of_run(tx, self.run)}

    @property
    def nodes(self) -> dict[str, str]:
        with self.database.transaction() as tx:
            return {row["node"]: row["status"] for row in tx.execute("SELECT node, status FROM nodes WHERE run_id = %s", (self.run,))}

    @property
    def events(self) -> list[dict[str, Any]]:
        with self.database.transaction() as tx:
            return events.after(tx, self.run, 0)


@pytest.fixture
def world(store: Database) -> Iterator[World]:
    with store.transaction() as tx:
        tx.execute("UPDATE stages SET status = 'CANCELLED' WHERE status IN ('RELEASED', 'RUNNING', 'RETRYING')")
        tx.execute("UPDATE runs SET status = 'CANCELLED' WHERE status IN ('QUEUED', 'RUNNING')")
    yield World(store)


DIAMOND: dict[int, tuple[int, ...]] = {1: (), 2: (1,), 3: (1,), 4: (2, 3)}


def test_an_attempt_knows_which_call_led_to_it(world: World) -> None:
    (first,) = world.start({1: ()})
    with world.database.transaction() as tx:
        tx.execute("UPDATE runs SET request_id = 'asked-1' WHERE id = %s", (world.run,))
    assert world.held(first).request_id == "asked-1"


def test_a_run_goes_from_stage_to_stage_and_succeeds(world: World) -> None:
    (first,) = world.start(DIAMOND)
    second, third = world.complete(world.held(first)) or []
    assert (second.stage, third.stage) == (2, 3)
    assert world.complete(world.held(second)) == []
    (last,) = world.complete(world.held(third)) or []
    assert world.complete(world.held(last)) == []
    assert world.status == "SUCCEEDED"
    assert set(world.nodes.values()) == {"COMPLETED"}


def test_events_are_numbered_without_a_gap_and_end_with_the_run(world: World) -> None:
    (first,) = world.start({1: ()})
    world.complete(world.held(first))
    told = world.events
    assert [event["seq"] for event in told] == list(range(1, len(told) + 1))
    assert [event["type"] for event in told] == ["run.queued", "run.started", "node.status", "node.status", "run.finished"]
    assert told[3]["data"]["rowsIn"] == 3


def test_one_of_many_claimants_gets_the_stage(world: World) -> None:
    (message,) = world.start({1: ()})
    with ThreadPoolExecutor(8) as pool:
        got = [claim for claim in pool.map(lambda _: world.claim(message), range(16)) if claim]
    assert len(got) == 1


def test_whoever_records_a_stage_claims_the_next_in_the_same_step(world: World) -> None:
    (first,) = world.start(DIAMOND)
    second = world.complete_and_go_on(world.held(first))
    assert second is not None
    assert (second.stage, second.epoch, world.stages) == (2, 1, {1: "COMPLETED", 2: "RUNNING", 3: "RELEASED", 4: "WAITING"})
    told = world.events
    assert [event["seq"] for event in told] == list(range(1, len(told) + 1))
    assert [(event["node"], event["data"]["status"]) for event in told[-2:]] == [("n1", "COMPLETED"), ("n2", "RUNNING")]
    assert world.complete_and_go_on(second, "stages.gpu") is None
    assert world.stages[3] == "RELEASED"


def test_nothing_more_is_claimed_of_a_run_that_is_to_stop_or_has_ended(world: World) -> None:
    (first,) = world.start({1: (), 2: (1,)})
    second = world.complete_and_go_on(world.held(first))
    assert second is not None
    assert world.complete_and_go_on(second) is None
    assert world.status == "SUCCEEDED"
    one, _ = world.start({1: (), 2: ()})
    held = world.held(one)
    with world.database.transaction() as tx:
        tx.execute("UPDATE runs SET cancel_reason = 'cancelled' WHERE id = %s", (world.run,))
    assert world.complete_and_go_on(held) is None
    assert world.stages[2] == "RELEASED"


def test_a_claim_brings_what_its_inputs_have_staged(world: World) -> None:
    (first,) = world.start({1: (), 2: (1,)})
    staged = [Dataset(port, f"/staging/{port}.parquet", (Column("a b", "NUMERIC(12, 2)", False),), 3, 2**40) for port in ("n1", "n1.else")]
    (second,) = world.complete(world.held(first), staged) or []
    assert world.held(second).inputs == {f"1:{one.port}": one for one in staged}


def test_two_siblings_that_finish_at_once_release_their_successor_once(world: World) -> None:
    for _ in range(10):
        (first,) = world.start(DIAMOND)
        siblings = [world.held(message) for message in world.complete(world.held(first)) or []]
        barrier = threading.Barrier(2)

        def finish(claim: Claim, barrier: threading.Barrier = barrier) -> list[StageMessage]:
            barrier.wait()
            return world.complete(claim) or []

        with ThreadPoolExecutor(2) as pool:
            released = [message for messages in pool.map(finish, siblings) for message in messages]
        assert [message.stage for message in released] == [4]


def test_a_message_of_an_older_epoch_does_nothing(world: World) -> None:
    (old,) = world.start({1: ()})
    (new,) = world.sweep()
    assert new.epoch == old.epoch + 1
    assert world.claim(old) is None
    assert world.claim(new) is not None


def test_an_attempt_whose_lease_was_lost_records_nothing(world: World) -> None:
    (message,) = world.start({1: ()})
    zombie = world.held(message)
    world.expire()
    (again,) = world.sweep()
    current = world.held(again)
    assert world.complete(zombie) is None
    assert world.fail(zombie, BROKEN) is None
    assert world.complete(current) == []
    assert world.status == "SUCCEEDED"


def test_renewing_tells_what_became_of_each_lease(world: World) -> None:
    kept, lost = world.start({1: (), 2: ()})
    mine, stale = world.held(kept), world.held(lost)
    with world.database.transaction() as tx:
        tx.execute("UPDATE stages SET leased_until = clock_timestamp() - interval '1 s' WHERE run_id = %s AND stage = 2", (world.run,))
    world.sweep()
    with world.database.transaction() as tx:
        assert claims.renew(tx, [mine.key, stale.key], LEASE) == {mine.key: Hold.OURS, stale.key: Hold.LOST}
    world.cancel()
    with world.database.transaction() as tx:
        assert claims.renew(tx, [mine.key], LEASE) == {mine.key: Hold.CANCEL}


def test_each_lease_that_ran_out_is_counted_once(world: World) -> None:
    def counted() -> int:
        with world.database.transaction() as tx:
            rows = metric_totals.counted(tx, 10)
        return sum(row["count"] for row in rows if row["metric"] == metric_totals.LEASES)

    before = counted()
    for message in world.start({1: (), 2: ()}):
        world.held(message)
    world.expire()
    world.sweep()
    world.sweep()
    assert counted() == before + 2


def test_a_live_lease_is_left_alone_by_the_sweep(world: World) -> None:
    (message,) = world.start({1: ()})
    world.held(message)
    assert world.sweep() == []


def test_a_released_stage_waits_its_turn_while_its_queue_is_long(world: World) -> None:
    world.start({1: ()})
    assert world.sweep(grace_s=1000) == [], "it was released just now"
    with world.database.transaction() as tx:
        tx.execute("UPDATE stages SET released_at = released_at - interval '10 s' WHERE run_id = %s", (world.run,))
    assert world.sweep(grace_s=5, empty=False) == [], "its message may still be in the queue"
    assert [m.epoch for m in world.sweep(grace_s=5, empty=True)] == [2], "its message is gone"


def test_a_transient_error_is_retried_and_waits_as_a_row(world: World) -> None:
    (message,) = world.start({1: ()}, policy={"retries": 1, "retryDelay": 60})
    assert world.fail(world.held(message), TRANSIENT) == []
    assert world.stages == {1: "RETRYING"}
    assert world.nodes == {"n1": "RETRYING"}
    assert world.sweep() == []
    world.expire()
    (again,) = world.sweep()
    assert world.fail(world.held(again), TRANSIENT) == []
    assert world.stages == {1: "FAILED"}
    assert world.status == "FAILED"


def test_a_configuration_error_is_not_retried_and_skips_what_needed_it(world: World) -> None:
    first, other = world.start({1: (), 2: (1,), 3: (2,), 4: ()})
    world.fail(world.held(first), BROKEN)
    assert world.stages == {1: "FAILED", 2: "SKIPPED", 3: "SKIPPED", 4: "RELEASED"}
    assert world.status == "RUNNING"
    world.complete(world.held(other))
    assert world.status == "FAILED"
    assert world.nodes == {"n1": "FAILED", "n2": "SKIPPED", "n3": "SKIPPED", "n4": "COMPLETED"}


def test_what_needs_a_stage_that_fails_but_was_kept_from_before_stays_done(world: World) -> None:
    first, _ = world.start({1: (), 2: (1,), 3: (1,), 4: ()})
    with world.database.transaction() as tx:
        # As a restart leaves it that begins at the first and keeps what is done.
        tx.execute("UPDATE stages SET status = 'COMPLETED' WHERE run_id = %s AND stage = 2", (world.run,))
        tx.execute("UPDATE nodes SET status = 'COMPLETED' WHERE run_id = %s AND node = 'n2'", (world.run,))
    world.fail(world.held(first), BROKEN)
    assert world.stages == {1: "FAILED", 2: "COMPLETED", 3: "SKIPPED", 4: "RELEASED"}
    assert world.nodes == {"n1": "FAILED", "n2": "COMPLETED", "n3": "SKIPPED", "n4": "WAITING"}
    assert ("n2", "SKIPPED") not in [(event["node"], event["data"].get("status")) for event in world.events]


def test_the_error_of_a_failed_run_names_its_node(world: World) -> None:
    (message,) = world.start({1: ()})
    world.fail(world.held(message), BROKEN)
    with world.database.transaction() as tx:
        row = tx.execute("SELECT error FROM runs WHERE id = %s", (world.run,)).fetchone()
    assert row is not None
    assert (row["error"]["node"], row["error"]["message"]) == ("n1", "no such table")


def test_lost_workers_do_not_count_as_retries_but_five_in_a_row_fail_the_stage(world: World) -> None:
    messages = world.start({1: ()}, policy={"retries": 0})
    for _ in range(4):
        messages = world.lose(world.held(messages[0])) or []
        assert len(messages) == 1
    assert world.lose(world.held(messages[0])) == []
    assert world.status == "FAILED"


def test_attempts_that_were_given_back_are_no_lost_workers(world: World) -> None:
    messages = world.start({1: ()}, policy={"retries": 0})
    for _ in range(6):
        claim = world.held(messages[0])
        with world.database.transaction() as tx:
            messages = results.lose(tx, claim, "worker-1 is shutting down", counts=False) or []
    assert [message.epoch for message in messages] == [7]
    with world.database.transaction() as tx:
        (row,) = stages.of_run(tx, world.run)
    assert row.lost == 0


def test_restarts_of_our_own_server_are_no_lost_workers(world: World) -> None:
    messages = world.start({1: ()}, policy={"retries": 0})
    for _ in range(6):
        claim = world.held(messages[0])
        messages = world.fail(replace(claim, server_started_at=claim.server_started_at - timedelta(hours=1)), TRANSIENT) or []
    assert [message.epoch for message in messages] == [7]


def test_an_error_during_which_our_own_server_restarted_is_a_loss(world: World) -> None:
    (message,) = world.start({1: ()}, policy={"retries": 0})
    claim = world.held(message)
    before_restart = replace(claim, server_started_at=claim.server_started_at - timedelta(hours=1))
    assert [m.epoch for m in world.fail(before_restart, TRANSIENT) or []] == [2]


def test_cancel_ends_at_once_what_nobody_works_on_and_the_rest_when_it_stops(world: World) -> None:
    running, waiting = world.start({1: (), 2: (), 3: (1,)})
    claim = world.held(running)
    world.cancel()
    assert world.stages == {1: "RUNNING", 2: "CANCELLED", 3: "CANCELLED"}
    assert world.claim(waiting) is None
    with world.database.transaction() as tx:
        assert results.cancelled(tx, claim) == []
    assert world.status == "CANCELLED"


def test_a_cancelled_run_whose_worker_died_ends_by_the_sweep(world: World) -> None:
    (message,) = world.start({1: ()})
    world.held(message)
    world.cancel()
    world.expire()
    world.sweep()
    assert world.status == "CANCELLED"


def test_a_run_past_its_time_limit_is_timed_out(world: World) -> None:
    world.start({1: ()})
    with world.database.transaction() as tx:
        tx.execute("UPDATE runs SET deadline_at = now() - interval '1 s' WHERE id = %s", (world.run,))
    world.sweep(grace_s=1000)
    assert world.status == "TIMED_OUT"


def test_no_more_stages_than_slots_are_in_flight(world: World) -> None:
    messages = world.start(dict.fromkeys(range(1, 6), ()), slots=2)
    assert [message.stage for message in messages] == [1, 2]
    assert [message.stage for message in world.complete(world.held(messages[0])) or []] == [3]
    assert world.fail(world.held(messages[1]), TRANSIENT) is not None
    assert sorted(world.stages.values()).count("RELEASED") == 2


def test_a_changed_source_sends_a_run_back_to_planning_unless_something_was_done(world: World) -> None:
    changed = {**BROKEN, "code": "source_changed"}
    first, _ = world.start({1: (), 2: ()})
    world.fail(world.held(first), changed)
    assert world.stages == {1: "CANCELLED", 2: "CANCELLED"}
    with world.database.transaction() as tx:
        assert world.run in runs.unplanned(tx, 100)
    first, second = world.start({1: (), 2: ()})
    world.complete(world.held(second))
    world.fail(world.held(first), changed)
    assert world.status == "FAILED"


@pytest.mark.parametrize(("code", "most"), sorted(results.REPLANS.items()))
def test_a_plan_of_many_stages_is_made_anew_as_often_as_one_of_few(world: World, code: str, most: int) -> None:
    changed = {**BROKEN, "code": code}
    messages = world.start(dict.fromkeys(range(1, 6), ()))
    for plan in range(1, most + 2):
        world.fail(world.held(messages[0]), changed)
        if plan > most:
            break
        assert set(world.stages.values()) == {"CANCELLED"}
        with world.database.transaction() as tx:
            run = runs.lock(tx, world.run)
            assert run is not None
            numbers = range(5 * plan + 1, 5 * plan + 6)
            stages.insert(tx, world.run, [Stage(StageId(s), "work", (f"n{s - 5 * plan}",), (), 1, "duckdb", {}) for s in numbers])
            runs.set_planning(tx, run, "planned", max_parallel_nodes=None, timeout_s=3600)
            messages = advance(tx, run)
            runs.save(tx, run)
    assert world.stages[5 * most + 1] == "FAILED"


def test_leases_of_a_predecessor_end_when_its_successor_starts(world: World) -> None:
    (message,) = world.start({1: ()})
    assert world.claim(message, boot="018f0000-0000-7000-8000-000000000001")
    with world.database.transaction() as tx:
        assert claims.expire_predecessor(tx, "worker-1", "018f0000-0000-7000-8000-000000000001") == 0
        assert claims.expire_predecessor(tx, "worker-1", "018f0000-0000-7000-8000-000000000002") == 1
    assert [m.epoch for m in world.sweep(grace_s=1000)] == [2]


def test_an_illegal_step_is_refused(world: World) -> None:
    world.start({1: ()})
    world.cancel()
    with world.database.transaction() as tx, pytest.raises(IllegalTransition):
        run = runs.lock(tx, world.run)
        assert run is not None
        runs.transition(tx, run, RunStatus.SUCCEEDED)


@given(st.data())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_graph_is_released_in_order_and_within_its_slots(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 12))
    inputs = {n: tuple(sorted(data.draw(st.sets(st.integers(1, n - 1))))) if n > 1 else () for n in range(1, size + 1)}
    slots = data.draw(st.one_of(st.none(), st.integers(1, 4)))
    status = dict.fromkeys(inputs, StageStatus.WAITING)

    def rows() -> list[StageRow]:
        return [StageRow(n, "work", status[n], inputs[n], (), "stages", 0, 0) for n in inputs]

    while any(s is not StageStatus.COMPLETED for s in status.values()):
        for row in within_slots(rows(), ready(rows()), slots):
            assert all(status[i] is StageStatus.COMPLETED for i in row.inputs)
            status[row.stage] = StageStatus.RUNNING
        running = [n for n, s in status.items() if s is StageStatus.RUNNING]
        assert running, "something must always be running until all is done"
        assert slots is None or len(running) <= slots
        status[data.draw(st.sampled_from(running))] = StageStatus.COMPLETED


def test_descendants_are_all_that_needs_a_stage() -> None:
    rows = [StageRow(n, "work", StageStatus.WAITING, inputs, (), "stages", 0, 0) for n, inputs in DIAMOND.items()]
    assert [row.stage for row in descendants(rows, 2)] == [4]
    assert [row.stage for row in descendants(rows, 1)] == [2, 3, 4]


def test_a_stage_whose_figures_contradict_one_another_fails_when_it_is_recorded(world: World) -> None:
    (first,) = world.start({1: (), 2: (1,)})
    claim = world.held(first)
    crooked = Outcome(epoch=claim.epoch, figures={"n1": {"rowsIn": 3, "rowsOut": 2, "rowsRejected": 0, "ledger": {"filtered": 0}}})
    with world.database.transaction() as tx:
        assert results.complete(tx, claim, crooked, duration_ms=5, peak_memory_bytes=7) == []
    assert (world.status, world.stages, world.nodes) == ("FAILED", {1: "FAILED", 2: "SKIPPED"}, {"n1": "FAILED", "n2": "SKIPPED"})
    with world.database.transaction() as tx:
        row = tx.execute("SELECT figures, error FROM nodes WHERE run_id = %s AND node = 'n1'", (world.run,)).fetchone()
    assert row is not None
    assert (row["figures"]["rowsIn"], row["figures"]["balanced"], row["error"]["code"]) == (3, False, "unbalanced")
