"""Slots with real child processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.attempts import disk
from shared.attempts.place import Place
from shared.attempts.slots import Child, ChildDied, Slots
from shared.attempts.watch import Watch
from shared.engines.resident import resident_bytes
from shared.engines.work import Job, Limits

FOLDER = Path(__file__).parent


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(FOLDER), os.environ.get("PYTHONPATH")))))
    return Place(
        service="worker",
        name="worker-t",
        boot="0",
        slots=1,
        memory_bytes=2**30,
        memory_setting="PENSTOCK_WORKER_MEMORY",
        staging=tmp_path / "staging",
        scratch=tmp_path / "scratch",
        lease=timedelta(seconds=3),
        probe=timedelta(seconds=1),
        drain=timedelta(seconds=1),
        functions={"work": "child_functions:run"},
    )


@pytest.fixture
def slots(place: Place) -> Iterator[Slots]:
    made = Slots(place)
    made.start()
    yield made
    made.stop()


def job(stage: int = 1, **program: Any) -> Job:
    return Job("default", "run", stage, 1, "work", program, {}, {}, "/staging", Limits(2**30, 1, "/tmp"))


def deaf(*_: Any) -> None:
    return


def test_a_child_answers_job_after_job_as_the_same_process(slots: Slots) -> None:
    child = slots.acquire()
    answers = [child.run(job(number), (), deaf) for number in range(3)]
    assert [what for what, _ in answers] == ["done"] * 3
    assert {answer["figures"]["node"]["pid"] for _, answer in answers} == {child.pid}
    slots.release(child)
    assert slots.acquire() is child


def test_progress_and_log_lines_are_heard_before_the_answer_with_secrets_masked(slots: Slots) -> None:
    child, heard = slots.acquire(), []
    child.run(job(do="progress", text="with hunter2 in it"), ("hunter2",), lambda *message: heard.append(message))
    assert heard[0] == ("progress", {"node": 7})
    what, level, text = heard[1]
    assert (what, level) == ("log", "INFO")
    assert text.startswith("read with ") and "hunter2" not in text


def test_an_error_keeps_what_it_says_of_itself_but_no_secret(slots: Slots) -> None:
    what, error = slots.acquire().run(job(do="fail", text="wrong: hunter2"), ("hunter2",), deaf)
    assert what == "failed"
    assert {key: error[key] for key in ("code", "retryable", "retryOn", "node", "fault")} == {
        "code": "busy", "retryable": True, "retryOn": "connection", "node": "node", "fault": "system",
    }  # fmt: skip
    assert "hunter2" not in error["message"]


def test_a_bug_is_told_and_the_child_goes_on(slots: Slots) -> None:
    child = slots.acquire()
    what, error = child.run(job(do="bug"), (), deaf)
    assert (what, error["code"], error["retryable"]) == ("failed", "bug", False)
    assert child.run(job(), (), deaf)[0] == "done"


def test_a_killed_child_is_told_at_once_and_replaced(slots: Slots) -> None:
    child = slots.acquire()
    started = time.monotonic()
    with pytest.raises(ChildDied, match="was ended by SIGKILL"):
        child.run(job(do="die"), (), deaf)
    assert time.monotonic() - started < 1
    slots.release(child)
    other = slots.acquire()
    assert other.pid != child.pid
    assert other.run(job(), (), deaf)[0] == "done"


def test_a_child_that_died_while_idle_is_not_handed_out(slots: Slots) -> None:
    child = slots.acquire()
    slots.release(child)
    os.kill(child.pid, signal.SIGKILL)
    while child.alive:
        time.sleep(0.01)
    assert slots.acquire().run(job(), (), deaf)[0] == "done"


def test_a_cancel_gets_through_to_a_busy_engine(slots: Slots) -> None:
    child = slots.acquire()
    waiting = job(do="wait")
    threading.Timer(0.3, lambda: child.cancel(("run", 1, 1))).start()
    started = time.monotonic()
    what, error = child.run(waiting, (), deaf)
    assert (what, error["code"]) == ("failed", "cancelled")
    assert time.monotonic() - started < 2
    assert child.run(job(), (), deaf)[0] == "done"


def test_a_cancel_that_comes_as_all_is_closed_leaves_the_child_hearing(slots: Slots) -> None:
    """It was deaf from then on: the next attempt waited for an answer that nobody was asked for."""
    child = slots.acquire()
    threading.Timer(0.2, lambda: child.cancel(("run", 1, 1))).start()
    child.run(job(do="wait deaf"), (), deaf)
    assert child.run(job(2), (), deaf)[0] == "done"


def test_a_cancel_of_another_attempt_does_nothing(slots: Slots) -> None:
    child = slots.acquire()
    threading.Timer(0.1, lambda: child.cancel(("run", 9, 9))).start()
    assert child.run(job(do="wait", seconds=0.5), (), deaf)[0] == "done"


class NotHeard(Exception):
    pass


def test_a_child_whose_news_could_not_be_taken_is_not_handed_to_the_next_attempt(slots: Slots) -> None:
    def hear(*_: Any) -> None:
        raise NotHeard

    child = slots.acquire()
    with pytest.raises(NotHeard):
        child.run(job(1, do="progress", seconds=0), (), hear)
    slots.release(child)
    other = slots.acquire()
    assert other.pid != child.pid
    what, answer = other.run(job(2, do="eat", bytes=5), (), deaf)
    assert (what, answer["figures"]["node"]["rowsOut"]) == ("done", 5)


def test_the_end_of_another_attempt_is_not_taken_for_this_ones(slots: Slots) -> None:
    child = slots.acquire()
    # As if somebody had left before the answer came.
    child._send("run", job(1), ())
    what, answer = child.run(job(2, do="eat", bytes=5), (), deaf)
    assert (what, answer["figures"]["node"]["rowsOut"]) == ("done", 5)


@pytest.fixture
def watch() -> Iterator[Watch]:
    made = Watch("PENSTOCK_WORKER_MEMORY")
    made.start()
    yield made
    made.stop()


def watched(watch: Watch, child: Child, work: Job) -> tuple[str, dict[str, Any]]:
    key = (work.run, work.stage, work.epoch)
    watch.begin(child, key)
    try:
        return child.run(work, (), deaf)
    finally:
        watch.end(child, key)


def test_what_a_child_was_killed_for_is_not_said_of_the_next_attempt(place: Place, slots: Slots) -> None:
    child, unwatched = slots.acquire(), Watch("PENSTOCK_WORKER_MEMORY")
    # The watch found it over its limit just after it had told the end of its attempt.
    child.over_limit, child.over_what = "stage 1 used too much", "scratch"
    unwatched.begin(child, ("run", 2, 1))
    with pytest.raises(ChildDied) as died:
        child.run(job(2, do="die"), (), deaf)
    assert (died.value.over_limit, died.value.what) == (None, "memory")


def test_a_child_that_was_killed_but_is_not_dead_yet_is_not_handed_out(slots: Slots) -> None:
    child = slots.acquire()
    # Stopped, it dies only when the kernel comes to it; whoever reaps it is held up here.
    with child._ending:
        child._killed = True
    slots.release(child)
    assert slots._ready.empty()
    child.kill()
    other = slots.acquire()
    assert other.pid != child.pid
    slots.release(other)
    other._killed = True
    threading.Timer(0.3, other.kill).start()
    assert slots.acquire().pid not in {child.pid, other.pid}


def test_a_child_that_does_not_stop_when_asked_is_killed(slots: Slots, watch: Watch) -> None:
    child = slots.acquire()
    threading.Timer(0.2, lambda: watch.end_within(("run", 1, 1), 0.3)).start()
    with pytest.raises(ChildDied):
        watched(watch, child, job(do="hang"))


def test_over_the_memory_limit_a_child_is_ended_and_the_limit_named(place: Place, watch: Watch) -> None:
    slots = Slots(replace(place, memory_bytes=200 * 10**6))
    slots.start()
    try:
        child = slots.acquire()
        with pytest.raises(ChildDied) as died:
            watched(watch, child, job(stage=4, do="eat", bytes=400 * 10**6, seconds=10))
    finally:
        slots.stop()
    assert died.value.over_limit is not None
    assert died.value.over_limit.startswith("stage 4 used ")
    assert "over the worker's limit of 200 MB (PENSTOCK_WORKER_MEMORY)" in died.value.over_limit
    assert child.peak > 200 * 10**6


@pytest.mark.parametrize("does", [{"do": "fill", "bytes": 130 * 10**6, "seconds": 20}, {"do": "spill"}], ids=["file", "engine"])
def test_over_the_scratch_limit_a_child_is_ended_the_limit_named_and_the_disk_free_again(
    place: Place, watch: Watch, does: dict[str, Any]
) -> None:
    slots = Slots(replace(place, scratch_bytes=50 * 10**6))
    slots.start()
    try:
        child = slots.acquire()
        with pytest.raises(ChildDied) as died:
            watched(watch, child, replace(job(stage=4, **does), limits=Limits(400 * 10**6, 1, str(child.scratch))))
        slots.release(child)
        next_child = slots.acquire()
        assert disk.used(next_child.scratch) < 10**6
    finally:
        slots.stop()
    assert died.value.what == "scratch"
    assert died.value.over_limit is not None
    assert died.value.over_limit.startswith("stage 4 used ")
    assert " of scratch disk, over the worker's limit of 50 MB (PENSTOCK_SCRATCH_LIMIT)" in died.value.over_limit


def test_a_full_disk_is_told_as_one_and_may_be_tried_again(slots: Slots) -> None:
    what, said = slots.acquire().run(job(do="no room"), (), deaf)
    assert (what, said["code"], said["retryable"], said["retryOn"]) == ("failed", "disk_full", True, "connection")
    assert said["message"].startswith("a disk of this worker is full ([Errno 28] No space left on device: '/scratch/spilled'); make room")


def test_the_peak_is_each_attempts_own(slots: Slots) -> None:
    child = slots.acquire()
    child.run(job(do="eat", bytes=300 * 10**6), (), deaf)
    large = child.peak
    child.run(job(), (), deaf)
    assert large > 300 * 10**6
    assert child.peak < large - 200 * 10**6


def test_children_end_with_a_killed_parent(place: Place) -> None:
    """The kernel does it: a parent that is killed -9 has no chance to."""
    program = f"""
        import sys, time
        from datetime import timedelta
        from pathlib import Path
        from shared.attempts.place import Place
        from shared.attempts.slots import Slots
        place = Place("worker", "w", "0", 1, 2**30, "M", Path("/"), Path({str(place.scratch)!r}), timedelta(1), timedelta(1), timedelta(1),
                      {{"work": "child_functions:run"}})
        slots = Slots(place)
        slots.start()
        print(slots.acquire().pid, flush=True)
        time.sleep(60)
    """
    parent = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert resident_bytes(child)
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 5
    while resident_bytes(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not resident_bytes(child)
