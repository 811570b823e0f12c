"""Runs that are asked for again, and stages that wait for a connection, in the store. On a real PostgreSQL, no broker and no engine."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from shared.datasets import Dataset
from shared.dispatch import claims, recovery, results
from shared.dispatch.advance import advance
from shared.dispatch.claims import Claim
from shared.dispatch.connecting import next_in_line
from shared.dispatch.restart import restart
from shared.engines.work import Outcome
from shared.messages import StageMessage, UnknownVersion
from shared.planning.stages import PlannedNode, Stage, StageId
from shared.runs.restart import CannotRestart, WouldDouble
from shared.runs.states import RunStatus
from shared.store import connections, cursors, datasets, nodes, runs, stages
from shared.store.database import Database, Tx
from shared.store.identifiers import new_id
from shared.store.runs import LockedRun

BROKEN = {"code": "configuration", "message": "no such table", "retryable": False, "retryOn": None, "node": None}


def stage(number: int, inputs: tuple[int, ...] = (), *, mode: str | None = None, connector: str = "default/db", **program: Any) -> Stage:
    sinks = [{"node": f"n{number}", "connector": connector, "writeMode": mode}] if mode else []
    made = {"format": 1, "reads": [], "sinks": sinks, **program}
    return Stage(StageId(number), "work", (f"n{number}",), tuple(StageId(i) for i in inputs), 1, "duckdb", made)


class Runs:
    def __init__(self, database: Database) -> None:
        self.database = database

    def start(self, *planned: Stage, slots: int | None = None, pipeline: str = "p") -> tuple[str, list[StageMessage]]:
        run_id = new_id()
        with self.database.transaction() as tx:
            runs.create(
                tx, run=run_id, namespace="default", pipeline=pipeline, resource_uid=new_id(), version=1, git_commit_sha=None,
                trigger={"type": "manual"}, parameters={}, logical_date=datetime.now(UTC), reason=None, created_by="test",
            )  # fmt: skip
            run = self.locked(tx, run_id)
            runs.transition(tx, run, RunStatus.RUNNING)
            nodes.insert(tx, run_id, [PlannedNode(s.nodes[0], "filter", 1, s.id) for s in planned])
            stages.insert(tx, run_id, planned)
            runs.set_planning(tx, run, "planned", max_parallel_nodes=slots, timeout_s=3600)
            messages = advance(tx, run)
            runs.save(tx, run)
        return run_id, messages

    @staticmethod
    def locked(tx: Tx, run_id: str) -> LockedRun:
        run = runs.lock(tx, run_id)
        assert run is not None
        return run

    def claim(self, message: StageMessage) -> Claim:
        with self.database.transaction() as tx:
            claim = claims.claim(tx, message, worker="w", boot=new_id(), lease=timedelta(seconds=30))
        assert claim is not None
        return claim

    def complete(self, message: StageMessage, *staged: Dataset) -> list[StageMessage]:
        claim = self.claim(message)
        figures: dict[str, dict[str, Any]] = {node: {"rowsIn": 1, "rowsOut": 1} for node in claim.nodes}
        with self.database.transaction() as tx:
            return results.complete(tx, claim, Outcome(claim.epoch, figures, staged), duration_ms=1, peak_memory_bytes=1) or []

    def fail(self, message: StageMessage) -> list[StageMessage]:
        claim = self.claim(message)
        with self.database.transaction() as tx:
            return results.fail(tx, claim, BROKEN, duration_ms=1, peak_memory_bytes=1) or []

    def again(self, run_id: str, node: str | None = None, *, keep: bool = False, duplicates: bool = False) -> list[StageMessage]:
        """Asked for again, and let in at once."""
        with self.database.transaction() as tx:
            run = self.locked(tx, run_id)
            restart(tx, run, from_node=node, keep=keep, allow_duplicates=duplicates, by="test")
            runs.save(tx, run)
        return self.let_in(run_id)

    def let_in(self, run_id: str) -> list[StageMessage]:
        with self.database.transaction() as tx:
            run = self.locked(tx, run_id)
            runs.transition(tx, run, RunStatus.RUNNING)
            messages = advance(tx, run)
            runs.save(tx, run)
        return messages

    def go_on(self) -> list[StageMessage]:
        """What a scheduler does when it is rung."""
        messages = []
        with self.database.transaction() as tx:
            found = next_in_line(tx)
        for run_id in found:
            with self.database.transaction() as tx:
                run = self.locked(tx, run_id)
                messages += advance(tx, run)
                runs.save(tx, run)
        return messages

    def row(self, run_id: str) -> dict[str, Any]:
        return self.all("SELECT * FROM runs WHERE id = %s", run_id)[0]

    def stage_rows(self, run_id: str) -> dict[int, dict[str, Any]]:
        return {row["stage"]: row for row in self.all("SELECT * FROM stages WHERE run_id = %s", run_id)}

    def all(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        with self.database.transaction() as tx:
            return list(tx.execute(statement, values))  # type: ignore[call-overload]


@pytest.fixture
def world(store: Database) -> Iterator[Runs]:
    with store.transaction() as tx:
        tx.execute("UPDATE stages SET status = 'CANCELLED' WHERE status IN ('RELEASED', 'RUNNING', 'RETRYING')")
        tx.execute("UPDATE runs SET status = 'CANCELLED' WHERE status IN ('QUEUED', 'RUNNING')")
    yield Runs(store)
    with store.transaction() as tx:
        tx.execute("DELETE FROM connector_limits")
        tx.execute("DELETE FROM cursors")


def test_a_failed_run_goes_on_where_it_failed_and_keeps_what_is_done(world: Runs) -> None:
    run, (first,) = world.start(stage(1), stage(2, (1,), mode="INSERT"), stage(3, (2,)))
    (second,) = world.complete(first)
    world.fail(second)
    assert world.row(run)["status"] == "FAILED"

    (second,) = world.again(run)
    assert (second.stage, second.epoch) == (2, 2)
    (third,) = world.complete(second)
    world.complete(third)

    row = world.row(run)
    assert (row["status"], row["error"]) == ("SUCCEEDED", None)
    assert {number: (s["epoch"], s["rerun"]) for number, s in world.stage_rows(run).items()} == {1: (1, 0), 2: (2, 0), 3: (1, 0)}
    told = [event["type"] for event in world.all("SELECT type FROM events WHERE run_id = %s ORDER BY seq", run)]
    assert told.count("run.queued") == told.count("run.started") == told.count("run.finished") == 2


def test_it_waits_in_the_queue_with_a_time_limit_that_counts_from_its_new_start(world: Runs) -> None:
    run, (first,) = world.start(stage(1))
    world.fail(first)
    with world.database.transaction() as tx:
        tx.execute("UPDATE runs SET deadline_at = now() - interval '1 h', queued_at = now() - interval '2 h' WHERE id = %s", (run,))
        locked = world.locked(tx, run)
        restart(tx, locked, from_node=None, keep=False, allow_duplicates=False, by="test")
        runs.save(tx, locked)
    row = world.row(run)
    assert (row["status"], row["deadline_at"], row["finished_at"]) == ("QUEUED", None, None)
    assert datetime.now(UTC) - row["queued_at"] < timedelta(minutes=1)
    world.let_in(run)
    row = world.row(run)
    assert abs(row["deadline_at"] - row["started_at"] - timedelta(seconds=3600)) < timedelta(milliseconds=1)


def test_an_insert_that_was_committed_is_done_again_only_where_that_is_allowed(world: Runs) -> None:
    run, (first,) = world.start(stage(1), stage(2, (1,), mode="INSERT"))
    (second,) = world.complete(first)
    world.complete(second)
    with pytest.raises(WouldDouble):
        world.again(run, "n1")
    assert world.row(run)["status"] == "SUCCEEDED"
    (first,) = world.again(run, "n1", duplicates=True)
    (second,) = world.complete(first)
    assert world.claim(second).rerun == 1


def test_figures_and_nodes_of_what_is_done_again_begin_anew(world: Runs) -> None:
    run, (first,) = world.start(stage(1), stage(2, (1,)))
    (second,) = world.complete(first)
    world.fail(second)
    world.again(run, "n1")
    found = world.all("SELECT node, status, figures, error FROM nodes WHERE run_id = %s ORDER BY node", run)
    assert [(row["status"], row["figures"], row["error"]) for row in found] == [("WAITING", {}, None)] * 2


def test_staged_rows_that_were_swept_are_computed_again(world: Runs) -> None:
    run, (first,) = world.start(stage(1), stage(2, (1,)))
    (second,) = world.complete(first, Dataset("n1", "/nowhere/1.parquet", (), 1, 1))
    world.fail(second)
    with world.database.transaction() as tx:
        datasets.mark_deleted(tx, [run])
    (again,) = world.again(run)
    assert (again.stage, again.epoch) == (1, 2)


def test_a_run_that_is_still_going_is_left_alone(world: Runs) -> None:
    run, _ = world.start(stage(1))
    with pytest.raises(CannotRestart, match="the run is RUNNING; wait until it has ended, or cancel it first"):
        world.again(run)


def test_one_that_was_asked_for_again_can_be_cancelled_before_it_starts_and_asked_for_once_more(world: Runs) -> None:
    run, (first,) = world.start(stage(1), stage(2, (1,)))
    world.fail(first)
    with world.database.transaction() as tx:
        locked = world.locked(tx, run)
        restart(tx, locked, from_node=None, keep=False, allow_duplicates=False, by="test")
        results.cancel_run(tx, locked, "cancelled")
        runs.save(tx, locked)
    assert {row["status"] for row in world.stage_rows(run).values()} == {"CANCELLED"}
    (message,) = world.again(run)
    assert world.complete(message)


def test_a_run_that_could_not_be_planned_looks_at_its_sources_again(world: Runs) -> None:
    run, _ = world.start(stage(1))
    with world.database.transaction() as tx:
        locked = world.locked(tx, run)
        tx.execute("DELETE FROM stages WHERE run_id = %s", (run,))
        tx.execute("UPDATE runs SET planning = 'surveyed' WHERE id = %s", (run,))
        locked.planning = "surveyed"
        runs.transition(tx, locked, RunStatus.FAILED, error=BROKEN)
        runs.save(tx, locked)
    world.again(run)
    assert world.row(run)["planning"] == "stale"
    with world.database.transaction() as tx:
        assert run in runs.unplanned(tx, 100)


def test_stages_of_a_plan_that_was_thrown_away_stay_where_they_are(world: Runs) -> None:
    run, (first, _) = world.start(stage(1), stage(2))
    claim = world.claim(first)
    with world.database.transaction() as tx:
        results.fail(tx, claim, {**BROKEN, "code": "source_changed"}, duration_ms=1, peak_memory_bytes=1)
        locked = world.locked(tx, run)
        stages.insert(tx, run, [stage(3)])
        runs.set_planning(tx, locked, "planned")
        (third,) = advance(tx, locked)
        runs.save(tx, locked)
    world.fail(third)
    assert [message.stage for message in world.again(run)] == [3]
    assert {number: row["status"] for number, row in world.stage_rows(run).items()} == {1: "CANCELLED", 2: "CANCELLED", 3: "RELEASED"}


def test_a_stage_of_a_newer_plan_is_left_as_it_is(world: Runs) -> None:
    run, (message,) = world.start(stage(1, format=99))
    assert message.queue == "stages@plan-99"
    with pytest.raises(UnknownVersion, match="the plan of stage 1 has format 99"):
        world.claim(message)
    assert world.stage_rows(run)[1]["status"] == "RELEASED"


def limited(world: Runs, most: int, connector: str = "default/db") -> None:
    with world.database.transaction() as tx:
        connections.set_limit(tx, connector, most)


def test_a_stage_waits_for_a_free_connection_and_says_so_and_the_next_one_gets_it(world: Runs) -> None:
    limited(world, 1)
    _, (holding,) = world.start(stage(1, mode="INSERT"))
    second, none = world.start(stage(1, mode="INSERT"))
    third, _ = world.start(stage(1, mode="INSERT"))
    assert none == []
    why = world.stage_rows(second)[1]["waiting_for"]
    assert why["reason"] == "connector"
    assert why["detail"] == "connector default/db allows one connection at once (maxConnections); others are before this stage"
    assert world.go_on() == []
    world.complete(holding)
    (message,) = world.go_on()
    assert message.run == second
    row = world.stage_rows(second)[1]
    assert (row["waiting_since"], row["waiting_for"]) == (None, None)
    world.complete(message)
    assert [message.run for message in world.go_on()] == [third]


def test_a_lost_stage_keeps_its_connection_and_one_that_was_cancelled_gives_its_place_away(world: Runs) -> None:
    limited(world, 1)
    _, (holding,) = world.start(stage(1, mode="INSERT"))
    second, _ = world.start(stage(1, mode="INSERT"))
    third, _ = world.start(stage(1, mode="INSERT"))
    claim = world.claim(holding)
    with world.database.transaction() as tx:
        (again,) = results.lose(tx, claim, "killed") or []
        cancelled = world.locked(tx, second)
        results.cancel_run(tx, cancelled, "cancelled")
        runs.save(tx, cancelled)
    assert world.go_on() == []
    world.complete(again)
    assert [message.run for message in world.go_on()] == [third]


def test_stages_of_one_run_share_the_limit_with_all_others(world: Runs) -> None:
    limited(world, 2)
    _, released = world.start(*(stage(n, mode="INSERT") for n in range(1, 5)), stage(5, mode="INSERT", connector="default/other"))
    assert [message.stage for message in released] == [1, 2, 5]


def test_a_stage_that_must_wait_for_a_connection_leaves_its_slot_to_another(world: Runs) -> None:
    limited(world, 1)
    world.start(stage(1, mode="INSERT"))
    _, released = world.start(stage(1, mode="INSERT"), stage(2, mode="INSERT"), stage(3, connector="default/files", mode="INSERT"), slots=1)
    assert [message.stage for message in released] == [3]


def test_a_free_connection_is_not_kept_for_a_run_that_has_no_slot_for_it(world: Runs) -> None:
    limited(world, 1)
    _, (holding,) = world.start(stage(1, mode="INSERT"))
    without_slot, _ = world.start(stage(1, mode="INSERT"), stage(2, connector="default/files", mode="INSERT"), slots=1)
    third, _ = world.start(stage(1, mode="INSERT"))
    world.complete(holding)
    (message,) = world.go_on()
    assert message.run == third
    assert world.stage_rows(without_slot)[1]["waiting_since"] is not None, "it keeps its place"


def test_whatever_is_killed_the_limit_holds_and_all_runs_end(world: Runs) -> None:
    """Thirty runs; attempts complete, are lost, fail and are retried, or die without a word; a sweep and a bell come now and then."""
    chance = random.Random(6)
    limited(world, 3)
    policy = {"retries": 50, "retryDelay": 0}
    transient = {**BROKEN, "retryable": True, "retryOn": "connection"}
    waiting: list[StageMessage] = []
    started = []
    for _ in range(30):
        planned = [stage(1, mode="INSERT"), stage(2, (1,), mode="UPSERT"), stage(3, (1,), connector="default/files", mode="OVERWRITE")]
        run, messages = world.start(*(_with(one, policy) for one in planned), slots=2)
        started.append(run)
        waiting += messages
    in_flight = "SELECT count(*) AS n FROM stages WHERE status IN ('RELEASED', 'RUNNING') AND 'default/db' = ANY(connectors)"
    for _ in range(3000):
        assert world.all(in_flight)[0]["n"] <= 3
        if not world.all("SELECT FROM runs WHERE status = 'RUNNING'"):
            break
        if waiting:
            waiting += _end(world, waiting.pop(chance.randrange(len(waiting))), chance, transient)
        if chance.random() < 0.3 or not waiting:
            waiting += world.go_on()
        if chance.random() < 0.1 or not waiting:
            world.all(
                "UPDATE stages SET leased_until = now() - interval '1 s', retry_at = now()"
                " WHERE status IN ('RUNNING', 'RETRYING') RETURNING stage"
            )
            empty = not waiting
            waiting += recovery.sweep(world.database, grace=timedelta(0), queue_is_empty=lambda _, empty=empty: empty)
    assert {world.row(run)["status"] for run in started} <= {"SUCCEEDED", "FAILED"}


def _with(planned: Stage, policy: dict[str, Any]) -> Stage:
    return replace(planned, policy=policy)


def _end(world: Runs, message: StageMessage, chance: random.Random, transient: dict[str, Any]) -> list[StageMessage]:
    with world.database.transaction() as tx:
        claim = claims.claim(tx, message, worker="w", boot=new_id(), lease=timedelta(seconds=30))
    if claim is None:
        return []
    how = chance.random()
    with world.database.transaction() as tx:
        if how < 0.6:
            return results.complete(tx, claim, Outcome(claim.epoch), duration_ms=1, peak_memory_bytes=1) or []
        if how < 0.75:
            return results.lose(tx, claim, "killed") or []
        if how < 0.9:
            return results.fail(tx, claim, transient, duration_ms=1, peak_memory_bytes=1) or []
    return []


def reading(number: int, inputs: tuple[int, ...] = (), *, reads: bool, **more: Any) -> Stage:
    return stage(number, inputs, cursors={"n1": {"reads": reads, "exact": reads, "sinks": [f"n{number}"]}}, **more)


def hold_window(world: Runs, run: str) -> None:
    with world.database.transaction() as tx:
        cursors.hold(tx, run, "default", "p", "n1")
        cursors.fix(tx, run, "default", "p", "n1", "5", ["n1"])


def test_a_failed_window_is_read_again_by_its_own_run_while_nobody_else_has_it(world: Runs) -> None:
    run, (first,) = world.start(reading(1, reads=True, mode="OVERWRITE"))
    hold_window(world, run)
    world.fail(first)
    (message,) = world.again(run)
    world.fail(message)
    other, _ = world.start(stage(1))
    with pytest.raises(CannotRestart, match=f"run {other} of this pipeline reads what is new too \\(n1\\); wait until it has ended"):
        world.again(run)
    with world.database.transaction() as tx:
        results.cancel_run(tx, (locked := world.locked(tx, other)), "cancelled")
        runs.save(tx, locked)
    hold_window(world, other)
    with pytest.raises(CannotRestart, match="another run has read what is new in n1 since"):
        world.again(run)


def test_a_window_that_was_taken_over_is_not_told_apart_from_itself(world: Runs) -> None:
    run, (first,) = world.start(reading(1, reads=True, mode="OVERWRITE"), stage(2, (1,)))
    hold_window(world, run)
    (second,) = world.complete(first)
    with world.database.transaction() as tx:
        assert cursors.held(tx, run, "default", "p", ["n1"]) == {"n1": False}
    world.fail(second)
    with pytest.raises(CannotRestart, match="what was new in n1 has been taken over, and its cursor has moved"):
        world.again(run, "n1")
    (again,) = world.again(run)
    assert again.stage == 2


def test_a_replay_goes_on_only_with_the_rows_that_it_holds(world: Runs) -> None:
    run, (first,) = world.start(stage(1))
    letter = (
        "INSERT INTO dead_letters (run_id, id, stage, epoch, node, original_record, error_message, replay_run)"
        " VALUES (%s, %s, 1, 1, 'n1', '{}', 'bad', %s) RETURNING id"
    )
    replay = Jsonb({"type": "replay", "of": run, "node": "n1", "kind": "row", "letters": 1})
    world.all("UPDATE runs SET trigger = %s WHERE id = %s RETURNING id", replay, run)
    world.fail(first)
    with pytest.raises(CannotRestart, match="the rows that this run replayed are no longer with it; replay them again"):
        world.again(run)
    world.all(letter, new_id(), new_id(), run)
    assert [message.stage for message in world.again(run)] == [1]


def test_corrections_and_waivers_are_not_forgotten_without_leave(world: Runs) -> None:
    for state in ("fixed", "waived"):
        run, (first,) = world.start(stage(1, mode="UPSERT"))
        world.complete(first)
        letter = (
            "INSERT INTO dead_letters (run_id, id, stage, epoch, node, original_record, error_message, state)"
            " VALUES (%s, %s, 1, 1, 'n1', '{}', 'bad', %s) RETURNING id"
        )
        world.all(letter, run, new_id(), "open")
        (decided,) = world.all(letter, run, new_id(), state)
        with pytest.raises(WouldDouble, match="corrected or waived"):
            world.again(run, "n1")
        world.all("UPDATE dead_letters SET state = 'open' WHERE id = %s RETURNING id", decided["id"])
        assert [message.stage for message in world.again(run, "n1")] == [1]


OPEN = {"code": "breaker_open", "message": "default/db is left alone", "retryable": True, "retryOn": None, "connector": "default/db"}


def test_a_stage_that_a_breaker_holds_back_gives_its_connection_away_and_stands_in_line_for_it_again(world: Runs) -> None:
    limited(world, 1)
    first, (message,) = world.start(_with(stage(1, mode="INSERT"), {"retries": 3}))
    second, _ = world.start(stage(1, mode="INSERT"))
    claim = world.claim(message)
    with world.database.transaction() as tx:
        assert results.hold_back(tx, claim, OPEN, timedelta(0)) == []
    (other,) = world.go_on()
    assert other.run == second
    assert recovery.sweep(world.database, grace=timedelta(hours=1), queue_is_empty=lambda _: True) == []
    row = world.stage_rows(first)[1]
    assert (row["status"], row["waiting_for"]["reason"]) == ("RETRYING", "connector")
    world.complete(other)
    (again,) = recovery.sweep(world.database, grace=timedelta(hours=1), queue_is_empty=lambda _: True)
    assert (again.run, again.epoch) == (first, 2)


def test_the_time_of_a_stage_that_was_asked_for_again_does_not_begin_while_a_breaker_holds_it_back(world: Runs) -> None:
    run, (message,) = world.start(stage(1))
    world.fail(message)
    (message,) = world.again(run)
    claim = world.claim(message)
    with world.database.transaction() as tx:
        results.hold_back(tx, claim, OPEN, timedelta(seconds=60))
    assert world.stage_rows(run)[1]["started_at"] is None
