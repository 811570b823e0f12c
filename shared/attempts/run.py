"""From a message to a recorded end: claim, resolve, run in a child, record, send what became ready.

`Attempts` is all of it for one process. Each task thread of Celery calls `run` and waits there; nothing in that path sleeps or polls. The
transaction that records how a stage ended claims the next one of its run, too, so that short stages cost one transaction each, not two.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import psycopg
from celery import Celery

from shared.attempts import connectors, cursors, delivered, memory, rejects, replaying, tracing
from shared.attempts.answers import Answers
from shared.attempts.behind import Behind
from shared.attempts.breakers import Breakers, Guard, HeldBack
from shared.attempts.ended import Ended
from shared.attempts.history import history
from shared.attempts.leases import Leases
from shared.attempts.place import Place
from shared.attempts.record import insist
from shared.attempts.slots import Child, ChildDied, Key, NoChild, Slots
from shared.attempts.watch import Watch
from shared.breakers import Change
from shared.dispatch import results, sending
from shared.dispatch.claims import Claim, Hold, claim, claim_next, report_breaker, too_late, wake
from shared.engines.work import Job, Limits, Outcome
from shared.errors import Bug, ConfigurationError, PenstockError, UnavailableError, bug
from shared.kill_points import kill_point
from shared.messages import RequestMessage, StageMessage, UnknownVersion
from shared.process.start import asked_by, context
from shared.secrets.masking import Masker
from shared.secrets.stores import NO_STORES, Stores
from shared.store.database import Database, Tx
from shared.store.runs import LockedRun

log = logging.getLogger(__name__)

_CANCEL_GRACE_S = 2.0
_GIVE_BACK_GRACE_S = 0.5
# A slot goes from stage to stage of one run for so long; then whoever else waits in its queues has its turn.
_SAME_RUN_S = 1.0


class TookTooLong(UnavailableError):
    """The recipe's timeout for all attempts together is over; the statements of this one were stopped."""

    code = "timeout"
    retry_on = "timeout"


@dataclass(frozen=True, slots=True)
class Taken:
    """A claim, with what was read for it in the same transaction: the documents as they are when the attempt begins, at no extra commit.
    `refused`: why it cannot even begin.
    """

    claim: Claim
    resolution: connectors.Resolution
    past: tuple[dict[str, Any], ...]
    known: cursors.Known
    refused: PenstockError | None


@dataclass(slots=True)
class Held:
    """An attempt of ours. `verdict`: why it is to stop, if it is; `gone`: set when there is no use in recording it any more. `guard`: from
    when its connectors may be called. `over`: its work has ended, so that only the loss of its lease changes what is recorded of it.
    `following`: what was claimed for this slot as its end was recorded.
    """

    claim: Claim
    child: Child
    following: Taken | None = None
    guard: Guard | None = None
    verdict: str | None = None
    over: bool = False
    gone: threading.Event = field(default_factory=threading.Event)


class Attempts:
    def __init__(
        self,
        place: Place,
        database: Database,
        app: Celery,
        unseal: connectors.Unseal,
        breakers: Breakers,
        stores: Stores = NO_STORES,
        *,
        queues: Sequence[str],
    ) -> None:
        self.place, self._unseal, self._stores, self._queues = place, unseal, stores, queues
        self._breakers = breakers
        self._database, self._app = database, app
        self._slots = Slots(place)
        self._watch = Watch(place.memory_setting)
        self._leases = Leases(database, place.lease, self._tell)
        self._behind = Behind(database, place.name)
        self._held: dict[Key, Held] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._too_late = 0
        self._answers = Answers(place, database, self._watch, self._resolution, self._closing, breakers)

    def _resolution(self) -> connectors.Resolution:
        return connectors.Resolution(self._unseal, self._stores)

    def start(self) -> None:
        self._slots.start()
        self._watch.start()
        self._leases.start()
        self._behind.start()

    def stop(self) -> None:
        """Ends children and threads; whatever still runs is given back first."""
        self.give_back()
        self._slots.stop()
        self._behind.stop()
        self._leases.stop()
        self._watch.stop()

    @property
    def free_slots(self) -> int:
        return self._slots.free

    @property
    def dropped(self) -> dict[str, int]:
        """What was to be told of runs, and was not: {progress, samples, lines}."""
        return self._behind.dropped

    @property
    def too_late(self) -> int:
        """Messages so far of what somebody had already, or nobody is to have any more."""
        return self._too_late

    def give_back(self) -> None:
        """Stops what runs and lets the stages be released to others. Takes no new ones from now on."""
        self._closing.set()
        with self._lock:
            held = list(self._held.values())
        for one in held:
            self._stop(one, "given back", _GIVE_BACK_GRACE_S)

    def run(self, message: StageMessage) -> bool:
        """Handles one message; returns when its stage, and those of its run that followed, are recorded. False: it is for another one."""
        with context(run=message.run, stage=message.stage, epoch=message.epoch):
            return self._in_a_slot(lambda child: self._run(message, child))

    def answer(self, message: RequestMessage) -> bool:
        """The same for what the API asks."""

        def answered(child: Child) -> bool:
            if not self._closing.is_set():
                self._answers.run(message, child)
            return not self._closing.is_set()

        return self._in_a_slot(answered)

    def _in_a_slot(self, work: Callable[[Child], bool]) -> bool:
        try:
            child = self._slots.acquire()
        except NoChild as error:
            log.error("%s", error.message)
            return False
        try:
            return work(child)
        finally:
            self._slots.release(child)

    def _run(self, message: StageMessage, child: Child) -> bool:
        if self._closing.is_set():
            return False
        kill_point("attempt.taken")
        # Most messages of a run with short stages come too late.
        taken = self._taken(message)
        if taken is None:
            if self._closing.is_set():
                return False
            with self._lock:
                self._too_late += 1
            return True
        until = time.monotonic() + _SAME_RUN_S
        while taken is not None:
            kill_point("attempt.claimed")
            run, stage, epoch = taken.claim.key
            with context(run=run, stage=stage, epoch=epoch), asked_by(taken.claim.request_id, taken.claim.traceparent):
                taken = self._attempt(taken, child, until)
        return True

    def _taken(self, message: StageMessage) -> Taken | None:
        try:
            return insist(self._database, lambda tx: None if too_late(tx, message) else self._take(tx, message), self._closing)
        except (UnknownVersion, psycopg.OperationalError):
            raise
        except Exception as error:
            log.exception("a bug in the claim of stage %s", message.stage)
            # Left as it is, it would be released for ever, and fail in the claim each time: nothing but the claim, then, to say so.
            refused = bug(error, f"the program of stage {message.stage} makes no sense")
            return insist(self._database, lambda tx: self._take(tx, message, refused), self._closing)

    def _take(self, tx: Tx, message: StageMessage, refused: PenstockError | None = None) -> Taken | None:
        taken = claim(tx, message, worker=self.place.name, boot=self.place.boot, lease=self.place.lease)
        return self._with_documents(tx, taken, refused) if taken is not None else None

    def _take_next(self, tx: Tx, run: LockedRun) -> Taken | None:
        taken = claim_next(tx, run, self._queues, worker=self.place.name, boot=self.place.boot, lease=self.place.lease)
        return self._with_documents(tx, taken) if taken is not None else None

    def _with_documents(self, tx: Tx, taken: Claim, refused: PenstockError | None = None) -> Taken:
        """`refused`: why it cannot begin, where that is known already; then nothing is looked up for it."""
        resolution = self._resolution()
        if refused is not None:
            return Taken(taken, resolution, (), cursors.Known(), refused)
        resolution.look_up(tx, taken.namespace, taken.kind, taken.program)
        past = history(tx, taken.namespace, taken.kind, taken.program)
        known = cursors.Known()
        try:
            known = cursors.begin(tx, taken)
        except cursors.CursorHeld as held_by_others:
            refused = held_by_others
        kill_point("attempt.claiming")
        return Taken(taken, resolution, past, known, refused)

    def _attempt(self, taken: Taken, child: Child, until: float) -> Taken | None:
        """Does it and records how it ended; what this slot does next, if that was claimed with the record."""
        held, began = Held(taken.claim, child), datetime.now(UTC)
        with self._lock:
            self._held[taken.claim.key] = held
        self._leases.hold(taken.claim.key)
        try:
            if self._closing.is_set():
                held.verdict = held.verdict or "given back"
            ended = Ended(None, taken.refused.to_json(), None, 0, None) if taken.refused else self._work(held, taken)
            self._is_over(held)
            self._behind.close(taken.claim)
            tracing.send(taken.claim, self.place, ended, held.verdict, began)
            self._record(held, ended, goes_on=time.monotonic() < until and self._slots.fit(child) and not self._closing.is_set())
        finally:
            self._let_go(held)
        if held.following is None:
            # What is ready is released: what is said now is in nobody's way.
            child.rest()
        return held.following

    def _let_go(self, held: Held) -> None:
        self._is_over(held)
        self._leases.let_go(held.claim.key)
        with self._lock:
            del self._held[held.claim.key]

    def _work(self, held: Held, taken: Taken) -> Ended:
        run, scratch = held.claim.run, held.child.scratch
        try:
            resolved = taken.resolution.result()
            with (
                replaying.letters(self._database, run, resolved.program, scratch) as letters,
                delivered.rows(self._database, run, resolved.program, scratch) as rows,
            ):
                return self._run_job(held, replace(resolved, connectors=resolved.connectors | letters | rows), taken.known, taken.past)
        except PenstockError as problem:
            if isinstance(problem, Bug):
                log.exception("a bug before stage %s was begun", held.claim.stage)
            return Ended(None, problem.to_json(), None, 0, None)
        except psycopg.Error:
            raise
        except Exception as error:
            log.exception("a bug before stage %s was begun", held.claim.stage)
            return Ended(None, bug(error).to_json(), None, 0, None)

    def _run_job(self, held: Held, resolved: connectors.Resolved, known: cursors.Known, past: tuple[dict[str, Any], ...]) -> Ended:
        taken, child = held.claim, held.child
        try:
            limits = _limits(child, taken.policy, self.place.memory_setting)
        except PenstockError as problem:
            if isinstance(problem, Bug):
                log.exception("a bug before stage %s was begun", held.claim.stage)
            return Ended(None, problem.to_json(), None, 0, None)
        job = Job(
            namespace=taken.namespace,
            run=taken.run,
            stage=taken.stage,
            epoch=taken.epoch,
            kind=taken.kind,
            program=resolved.program,
            connectors=resolved.connectors,
            inputs=taken.inputs,
            staging=self.place.staging,
            limits=limits,
            rerun=taken.rerun,
            remembered=known.remembered,
            carried=known.carried,
            history=past,
            request_id=taken.request_id,
            traceparent=taken.traceparent,
            at=taken.at,
        )
        try:
            rules = {name: self._breakers.prefer.of(said) for name, said in resolved.circuits.items()}
            held.guard = self._breakers.guard("/".join(map(str, taken.key)), rules, self._closing, lambda news: self._told(taken, news))
        except HeldBack as back:
            return Ended(None, back.to_json(), None, 0, None, back.wait)
        ended = self._in_child(held, job, resolved.values)
        if held.verdict is not None or ended.died is not None:
            self._breakers.leave(held.guard)
        else:
            self._breakers.end(held.guard, ended.error)
        return ended

    def _in_child(self, held: Held, job: Job, values: tuple[str, ...]) -> Ended:
        taken, child = held.claim, held.child
        if held.verdict is not None:
            return Ended(None, None, held.verdict, 0, None)
        child.rest()
        started = time.monotonic()
        self._watch.begin(child, taken.key)
        timer = self._timer(held)
        try:
            what, said = child.run(job, values, lambda *heard: self._hear(held, *heard))
        except ChildDied as death:
            error = None
            if death.over_limit:
                error = {
                    "code": death.what,
                    "message": death.over_limit,
                    "node": None,
                    "retryable": False,
                    "fault": "data",
                    "retryOn": None,
                }
            return Ended(None, error, Masker(values).mask(death.message), _ms_since(started), child.peak or None)
        finally:
            timer.cancel()
            self._is_over(held)
            self._watch.end(child, taken.key)
        kill_point("attempt.worked")
        outcome, error = (Outcome.from_json(said), None) if what == "done" else (None, said)
        return Ended(outcome, error, None, _ms_since(started), child.peak or None)

    def _timer(self, held: Held) -> threading.Timer:
        """Stops the attempt, its statements included, once what earlier ones left of the recipe's timeout is over. Runs from now on; to be
        cancelled.
        """
        timeout = held.claim.policy.get("timeout")
        left_s = max(0.0, float(timeout or 0) - held.claim.spent.total_seconds())
        timer = threading.Timer(left_s, self._stop, (held, "timed out", _CANCEL_GRACE_S))
        timer.daemon = True
        if timeout:
            timer.start()
        return timer

    def _told(self, taken: Claim, news: Change | str) -> None:
        """What became of a breaker, into the attempt's run, and to whoever waits for it."""
        said = news if isinstance(news, str) else _changed(news)
        self._behind.log(taken, "WARNING", said)
        try:
            insist(self._database, lambda tx: report_breaker(tx, taken, news if isinstance(news, Change) else None, said), self._closing)
            if isinstance(news, Change) and news.after == "closed":
                insist(self._database, lambda tx: wake(tx, news.connector), self._closing)
        except psycopg.Error:
            # Told in the middle of an attempt, or after its work: neither is to be thrown away for a sentence that is in the log already.
            log.exception("a change of a circuit breaker could not be written")

    def _hear(self, held: Held, what: str, *values: Any) -> None:
        taken = held.claim
        if what == "reached":
            if held.guard is not None:
                self._breakers.hear(held.guard, values[0], values[1])
        elif what == "progress":
            self._behind.progress(taken, values[0])
        elif what == "sample":
            self._behind.sample(taken, values[0])
        elif what == "log":
            self._behind.log(taken, values[0], values[1])

    def _record(self, held: Held, ended: Ended, *, goes_on: bool) -> None:
        """One transaction says how it ended and releases what became ready; its messages leave after the commit."""
        if held.verdict == "lost":
            log.warning("the lease was lost; this attempt is dropped")
            return
        try:
            level, line, messages = self._end(held, ended, goes_on)
        except PenstockError as refused:
            error = refused.to_json()
            level, line = "ERROR", f"could not be recorded: {refused.message}"
            messages = insist(self._database, lambda tx: self._fail(tx, held, ended, error), held.gone)
        except Exception as refused:
            # Not that the store is away, but that it does not take what we have to say: doing the work again would not help.
            log.exception("the outcome could not be recorded")
            error = PenstockError(f"the outcome of the stage could not be recorded ({refused}); this is a bug in Penstock").to_json()
            level, line = "ERROR", str(error["message"])
            messages = insist(self._database, lambda tx: self._fail(tx, held, ended, error), held.gone)
        if messages is None:
            log.warning("the stage was released to others meanwhile; this attempt is dropped")
            return
        kill_point("attempt.recorded")
        sending.send(self._app, messages)
        kill_point("attempt.sent")
        taken = held.claim
        line = f"stage {taken.stage} ({taken.kind}: {', '.join(taken.nodes)}) {line}"
        self._behind.log(taken, level, line)
        log.log(logging.getLevelName(level), "%s", line)

    def _end(self, held: Held, ended: Ended, goes_on: bool) -> tuple[str, str, list[StageMessage] | None]:
        """Level and text of the log line, and what the record released; None: nothing was recorded."""
        taken, name, after = held.claim, self.place.name, f"after {ended.duration_ms / 1000:.2f} s"
        if (outcome := ended.outcome) is not None:
            if outcome.rejects:
                sentences = insist(self._database, lambda tx: rejects.keep(tx, taken, outcome.rejects), held.gone, copies=True)
                if sentences is None:
                    # Not kept, since there was no time: without its rejected rows the stage is not to count as done.
                    return "WARNING", "", None
                for sentence in sentences:
                    self._behind.log(taken, "ERROR", sentence)
                kill_point("attempt.rejects_kept")
            if outcome.remembered and insist(self._database, lambda tx: _remembered(tx, taken, outcome), held.gone) is None:
                return "WARNING", "", None
            return "INFO", f"done {after} on {name}", self._complete(held, outcome, ended, goes_on)
        if held.verdict == "cancelled":
            line = f"stopped {after} on {name}: its run was cancelled"
            return "WARNING", line, insist(self._database, lambda tx: results.cancelled(tx, taken), held.gone)
        if held.verdict == "timed out":
            timeout = TookTooLong(
                f"stage {taken.stage} took longer than the {taken.policy['timeout']:g} s that node {taken.policy['timeoutNode']} may take,"
                " all attempts and the waits between them together;"
                " raise its timeout, or find out what takes so long",
                node=taken.policy["timeoutNode"],
            )
            line = f"stopped {after} on {name}: {timeout.message}"
            return "ERROR", line, insist(self._database, lambda tx: self._fail(tx, held, ended, timeout.to_json()), held.gone)
        if held.verdict is None and (wait := ended.wait) is not None and ended.error is not None:
            waits = ended.error
            line = f"waits: {waits['message']}"
            return "WARNING", line, insist(self._database, lambda tx: results.hold_back(tx, taken, waits, wait), held.gone)
        if held.verdict is None and (error := ended.error) is not None:
            line = f"failed {after} on {name}: {error['message']}"
            return "ERROR", line, insist(self._database, lambda tx: self._fail(tx, held, ended, error), held.gone)
        given_back = held.verdict == "given back"
        reason = f"{name} is shutting down" if given_back else ended.died or "its process is gone"
        line = f"lost {after} on {name}: {reason}"
        return "ERROR", line, insist(self._database, lambda tx: results.lose(tx, taken, reason, counts=not given_back), held.gone)

    def _complete(self, held: Held, outcome: Outcome, ended: Ended, goes_on: bool) -> list[StageMessage] | None:
        figures: dict[str, Any] = {"duration_ms": ended.duration_ms, "peak_memory_bytes": ended.peak_memory_bytes}

        def step(tx: Tx, goes_on: bool) -> list[StageMessage] | None:
            held.following = None

            def take_next(run: LockedRun) -> None:
                if goes_on:
                    held.following = self._take_next(tx, run)

            messages = _then("attempt.recording", results.complete(tx, held.claim, outcome, **figures, goes_on=take_next))
            following = held.following.claim.key if held.following is not None else None
            return messages and [message for message in messages if (message.run, message.stage, message.epoch) != following]

        try:
            return insist(self._database, lambda tx: step(tx, goes_on), held.gone)
        except Exception:
            if not goes_on:
                raise
            # It may be the next stage that cannot be claimed: that is no reason not to record this one.
            return insist(self._database, lambda tx: step(tx, False), held.gone)

    @staticmethod
    def _fail(tx: Tx, held: Held, ended: Ended, error: dict[str, Any]) -> list[StageMessage] | None:
        figures: dict[str, Any] = {"duration_ms": ended.duration_ms, "peak_memory_bytes": ended.peak_memory_bytes}
        return _then("attempt.failing", results.fail(tx, held.claim, error, **figures))

    def _tell(self, key: Key, hold: Hold) -> None:
        with self._lock:
            held = self._held.get(key)
        if held is not None:
            self._stop(held, "lost" if hold is Hold.LOST else "cancelled", _CANCEL_GRACE_S)

    def _stop(self, held: Held, verdict: str, grace_s: float) -> None:
        """The first verdict stands, but for `lost`, after which there is nothing to record whatever else was asked. What has ended is
        recorded as it ended; whether its run was cancelled meanwhile, the record sees for itself.
        """
        with self._lock:
            if held.over and verdict != "lost":
                return
            held.verdict = verdict if verdict == "lost" else held.verdict or verdict
            if verdict not in {"cancelled", "timed out"}:
                held.gone.set()
            if held.over:
                # Its child may work for another by now.
                return
            # Under the lock, so that `_is_over` comes before it, or after it and takes it back.
            self._watch.end_within(held.claim.key, grace_s)
        held.child.cancel(held.claim.key)

    def _is_over(self, held: Held) -> None:
        with self._lock:
            held.over = True
            self._watch.forget(held.claim.key)


def _limits(child: Child, policy: Mapping[str, Any], setting: str) -> Limits:
    """What the attempt may use: the slot's own, or less where the recipe says so. Raises where it asks for more than the slot has."""
    asked = int(policy.get("memoryBytes", child.limit))
    if asked > child.limit:
        raise ConfigurationError(
            f"the recipe asks for {memory.shown(asked)} of memory, and a slot of this worker has {memory.shown(child.limit)};"
            f" raise {setting}, or let a worker with more run it (worker: a label)"
        )
    threads = memory.threads(asked)
    return Limits(asked, max(1, min(threads, int(policy.get("cpus", threads)))), str(child.scratch), child.scratch_limit)


def _changed(change: Change) -> str:
    why = f": {change.error}" if change.error else ""
    return f"the circuit breaker of connector {change.connector} is {change.after} now (it was {change.before}){why}"


def _remembered(tx: Tx, claim: Claim, outcome: Outcome) -> bool:
    cursors.keep(tx, claim, outcome)
    return True


def _then(point: str, messages: list[StageMessage] | None) -> list[StageMessage] | None:
    kill_point(point)
    return messages


def _ms_since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
