"""A real worker process over a real PostgreSQL and Redis; only the engine is replaced by scripted stages."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from runs_for_tests import events, stage, stage_row, start_run, status
from servers_for_tests import PostgresServer, RedisServer, Worker, wait_for

from shared.dispatch import recovery
from shared.dispatch.results import cancel_run
from shared.dispatch.sending import send
from shared.messages import RUN_STAGE, VERSION, StageMessage, celery_app
from shared.store import logs, metric_totals, runs, workers
from shared.store.database import Database


@pytest.fixture
def app(redis_server: RedisServer) -> Any:
    return celery_app(redis_server.url, "test")


def run(database: Database, app: Any, *stages: Any) -> str:
    run_id, messages = start_run(database, *stages)
    send(app, messages)
    return run_id


def test_a_run_goes_through_its_stages_and_tells_of_each(worker: Worker, database: Database, app: Any) -> None:
    worker.start()
    run_id = run(database, app, stage(1), stage(2), stage(3, [1, 2], do="progress", text="n rows"))
    wait_for(lambda: status(database, run_id) == "SUCCEEDED")
    row = stage_row(database, run_id, 3)
    assert row["worker"] == "worker-t"
    assert row["peak_memory_bytes"] > 10**6
    told = [(event["type"], event["stage"], event["data"].get("status")) for event in events(database, run_id)]
    assert told[0][0] == "run.queued" and told[-1][0] == "run.finished"
    assert told.index(("node.status", 3, "RUNNING")) > told.index(("node.status", 1, "COMPLETED"))

    def log_lines() -> list[str]:
        with database.transaction() as tx:
            return [row["message"] for row in logs.after(tx, run_id, 0) if row["stage"] == 3]

    lines = wait_for(log_lines)
    assert lines[0] == "read n rows"
    assert lines[1].startswith("stage 3 (work: n3) done after ")


def test_messages_that_come_twice_are_counted(worker: Worker, database: Database, app: Any) -> None:
    worker.start()
    run_id, messages = start_run(database, stage(1))
    send(app, [*messages, *messages, *messages])
    wait_for(lambda: status(database, run_id) == "SUCCEEDED")

    def counted() -> bool:
        with database.transaction() as tx:
            return [row["count"] for row in metric_totals.counted(tx, 10) if row["metric"] == metric_totals.DUPLICATES] == [2]

    wait_for(counted)


def test_a_label_is_a_queue_of_its_own(worker: Worker, database: Database, app: Any) -> None:
    worker.start()
    run_id = run(database, app, stage(1, queue="stages.gpu"))
    wait_for(lambda: status(database, run_id) == "SUCCEEDED")


def test_a_message_goes_to_one_queue_only(redis_server: RedisServer, database: Database) -> None:
    app = celery_app(redis_server.url, "test", ("stages", "probe.x"))
    _, messages = start_run(database, stage(1))
    send(app, messages)
    client = redis_server.client()
    assert (client.llen("stages"), client.llen("probe.x")) == (1, 0)
    client.flushall()


def test_a_stage_whose_child_died_is_done_again_at_once(worker: Worker, database: Database, app: Any) -> None:
    worker.start()
    run_id = run(database, app, stage(1, do="die once"))
    wait_for(lambda: status(database, run_id) == "SUCCEEDED", 30)
    row = stage_row(database, run_id, 1)
    assert (row["epoch"], row["retries"]) == (2, 0)
    (lost,) = [event for event in events(database, run_id) if event["type"] == "node.retry"]
    assert lost["data"]["reason"] == "lost"
    assert "was ended by SIGKILL" in lost["data"]["message"]


def test_a_stage_over_the_memory_limit_fails_and_is_not_tried_again(worker: Worker, database: Database, app: Any) -> None:
    worker.start()
    run_id = run(database, app, stage(1, do="eat", bytes=600 * 10**6, seconds=20))
    wait_for(lambda: status(database, run_id) == "FAILED")
    row = stage_row(database, run_id, 1)
    assert row["epoch"] == 1
    assert row["error"]["code"] == "memory"
    assert "over the worker's limit of 300 MB (PENSTOCK_WORKER_MEMORY)" in row["error"]["message"]


def test_what_only_a_newer_release_can_read_is_left_to_it_and_is_in_nobodys_way(
    worker: Worker, database: Database, app: Any, redis_server: RedisServer
) -> None:
    worker.environment["PENSTOCK_WORKER_SLOTS"] = "1"
    worker.start()
    for version in (2, 2, "odd"):
        newer = {"v": version, "run": "of another shape"}
        app.send_task(RUN_STAGE, args=(newer,), queue="stages", ignore_result=True)
    run_id = run(database, app, stage(1))
    wait_for(lambda: status(database, run_id) == "SUCCEEDED")
    client = redis_server.client()
    wait_for(lambda: client.llen("stages@message-2") == 2 and client.llen("stages@message-unknown") == 1)
    time.sleep(1)
    assert (client.llen("stages"), client.llen("stages@message-2")) == (0, 2), "nothing goes round"


def test_a_stage_of_a_newer_plan_is_left_to_a_newer_release(
    worker: Worker, database: Database, app: Any, redis_server: RedisServer
) -> None:
    worker.start()
    run_id, (message,) = start_run(database, stage(1, format=2))
    assert message.queue == "stages@plan-2"
    # As a scheduler of this release would not send it.
    send(app, [replace(message, queue="stages")])
    wait_for(lambda: redis_server.client().llen("stages@plan-2") == 1)
    row = stage_row(database, run_id, 1)
    assert (row["status"], row["epoch"], row["worker"]) == ("RELEASED", 1, None)


def test_a_message_that_was_put_aside_for_this_release_is_taken(worker: Worker, database: Database, app: Any) -> None:
    worker.start()
    run_id, (message,) = start_run(database, stage(1))
    send(app, [replace(message, queue=f"stages@message-{VERSION}")])
    wait_for(lambda: status(database, run_id) == "SUCCEEDED")


def test_a_transient_error_waits_as_the_recipe_says(worker: Worker, database: Database, app: Any) -> None:
    worker.start()
    run_id = run(database, app, stage(1, do="fail", policy={"retries": 1, "retryDelay": 60}))
    wait_for(lambda: stage_row(database, run_id, 1)["status"] == "RETRYING")
    row = stage_row(database, run_id, 1)
    assert (row["retries"], row["error"]["code"]) == (1, "busy")


@pytest.mark.parametrize("do", ["wait", "hang"])
def test_a_cancel_stops_what_runs_within_seconds(worker: Worker, database: Database, app: Any, do: str) -> None:
    worker.start()
    run_id = run(database, app, stage(1, do=do), stage(2, [1]))
    wait_for(lambda: stage_row(database, run_id, 1)["status"] == "RUNNING")
    with database.transaction() as tx:
        locked = runs.lock(tx, run_id)
        assert locked is not None
        cancel_run(tx, locked, "cancelled")
        runs.save(tx, locked)
    wait_for(lambda: status(database, run_id) == "CANCELLED", 8)


def test_an_outcome_is_recorded_when_the_store_comes_back(
    worker: Worker, database: Database, app: Any, postgres_server: PostgresServer
) -> None:
    worker.start()
    run_id = run(database, app, stage(1, do="wait", seconds=2), stage(2, [1]))
    wait_for(lambda: stage_row(database, run_id, 1)["status"] == "RUNNING")
    postgres_server.stop(signal.SIGQUIT)
    time.sleep(2.5)
    postgres_server.start()
    wait_for(lambda: status(database, run_id) == "SUCCEEDED")
    assert stage_row(database, run_id, 1)["epoch"] == 1


def test_a_worker_starts_while_redis_and_the_store_are_away(
    worker: Worker, database: Database, postgres_server: PostgresServer, redis_server: RedisServer
) -> None:
    postgres_server.stop()
    redis_server.kill()
    worker.start()
    time.sleep(2)
    redis_server.start()
    postgres_server.start()
    run_id = run(database, celery_app(redis_server.url, "test"), stage(1))
    wait_for(lambda: status(database, run_id) == "SUCCEEDED")


def test_work_goes_on_after_redis_came_back_empty(worker: Worker, database: Database, redis_server: RedisServer) -> None:
    worker.start()
    first = run(database, celery_app(redis_server.url, "test"), stage(1, do="wait", seconds=1.5))
    wait_for(lambda: stage_row(database, first, 1)["status"] == "RUNNING")
    redis_server.kill()
    wait_for(lambda: status(database, first) == "SUCCEEDED")
    redis_server.start()
    second = run(database, celery_app(redis_server.url, "test"), stage(1))
    wait_for(lambda: status(database, second) == "SUCCEEDED")


def test_on_sigterm_a_short_stage_finishes(worker: Worker, database: Database, app: Any) -> None:
    worker.start()
    run_id = run(database, app, stage(1, do="wait", seconds=0.7))
    wait_for(lambda: stage_row(database, run_id, 1)["status"] == "RUNNING")
    assert worker.stop() == 0
    assert status(database, run_id) == "SUCCEEDED"


def test_on_sigterm_a_long_stage_is_given_back(worker: Worker, database: Database, app: Any) -> None:
    worker.start()
    run_id = run(database, app, stage(1, do="wait"))
    wait_for(lambda: stage_row(database, run_id, 1)["status"] == "RUNNING")
    started = time.monotonic()
    worker.stop()
    assert time.monotonic() - started < 4
    row = stage_row(database, run_id, 1)
    assert (row["status"], row["epoch"]) == ("RELEASED", 2)


def test_a_restarted_worker_ends_the_leases_of_its_predecessor(worker: Worker, database: Database, app: Any) -> None:
    worker.environment["PENSTOCK_LEASE_SECONDS"] = "600"
    worker.start()
    run_id = run(database, app, stage(1, do="wait"))
    wait_for(lambda: stage_row(database, run_id, 1)["status"] == "RUNNING")
    assert worker.process is not None
    worker.process.kill()
    worker.process.wait()
    worker.start()

    def expired() -> bool:
        with database.transaction() as tx:
            found = tx.execute("SELECT leased_until <= clock_timestamp() AS over FROM stages WHERE run_id = %s", (run_id,)).fetchone()
        return bool(found and found["over"])

    wait_for(expired)


def test_a_stopped_worker_that_wakes_up_after_its_lease_changes_nothing(
    worker: Worker, database: Database, app: Any, tmp_path: Path
) -> None:
    def swept() -> list[StageMessage]:
        messages = recovery.sweep(database, grace=timedelta(seconds=600), queue_is_empty=lambda _: False)
        return [message for message in messages if message.run == run_id]

    worker.start()
    run_id = run(database, app, stage(1, do="wait", until=str(tmp_path / "go")))
    wait_for(lambda: stage_row(database, run_id, 1)["status"] == "RUNNING")
    assert worker.process is not None
    os.kill(worker.process.pid, signal.SIGSTOP)
    messages = wait_for(swept)
    assert [(message.stage, message.epoch) for message in messages] == [(1, 2)]
    (tmp_path / "go").touch()
    os.kill(worker.process.pid, signal.SIGCONT)
    time.sleep(1.5)
    row = stage_row(database, run_id, 1)
    assert (row["status"], row["epoch"]) == ("RELEASED", 2)
    send(app, messages)
    wait_for(lambda: status(database, run_id) == "SUCCEEDED")


def test_a_worker_is_seen_by_its_name(worker: Worker, database: Database) -> None:
    worker.start()

    def seen() -> Any:
        with database.transaction() as tx:
            return [row for row in workers.seen_within(tx, timedelta(seconds=2)) if row["name"] == "worker-t"]

    (row,) = wait_for(seen)
    assert (row["service"], row["slots"], row["memory_bytes"]) == ("worker", 2, 300 * 10**6)
