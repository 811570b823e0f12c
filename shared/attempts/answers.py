"""Answers what the API asks of a worker, in a slot like any stage. Nothing is retried: whoever asked is still there and asks again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from shared.attempts import connectors, memory
from shared.attempts.breakers import Breakers, Guard, HeldBack
from shared.attempts.history import history
from shared.attempts.place import Place
from shared.attempts.record import insist
from shared.attempts.slots import Child, ChildDied
from shared.attempts.watch import Watch
from shared.breakers import Change
from shared.dispatch import watching
from shared.dispatch.claims import wake
from shared.engines.program import CHECK, OWN_MAIL, PROFILE, TELLING
from shared.engines.work import Job, Limits, Outcome, ResolvedConnector
from shared.errors import PenstockError, UnavailableError
from shared.kill_points import kill_point
from shared.messages import RequestMessage
from shared.secrets.masking import Masker
from shared.store import facts, notifications, quality, requests
from shared.store.database import Database, Tx

# What nobody asked for must not keep others waiting, behind a lock perhaps.
_UNASKED_AT_MOST_S = 60.0
# Of what a check measured.
_ANSWERED = ("dataset", "ruleSet", "scope", "score", "passed", "failed", "errors")


class Answers:
    def __init__(
        self,
        place: Place,
        database: Database,
        watch: Watch,
        resolution: Callable[[], connectors.Resolution],
        closing: threading.Event,
        breakers: Breakers,
    ) -> None:
        self._place, self._database, self._watch, self._resolution, self._closing = place, database, watch, resolution, closing
        self._breakers = breakers

    def run(self, message: RequestMessage, child: Child) -> None:
        """Claims it, does it in the child and writes the reply; nothing when it is not to be had any more."""
        resolution = self._resolution()
        past: tuple[dict[str, Any], ...] = ()

        def take(tx: Tx) -> dict[str, Any] | None:
            nonlocal past
            taken = requests.claim(tx, message.request, self._place.name)
            if taken is not None and taken["kind"] == PROFILE:
                taken = {**taken, "kind": CHECK, "seconds_left": min(taken["seconds_left"], _UNASKED_AT_MOST_S)}
            if taken is not None:
                past = history(tx, taken["namespace"], taken["kind"], taken["args"])
                resolution.look_up(tx, taken["namespace"], taken["kind"], taken["args"])
            return taken

        taken = insist(self._database, take, self._closing)
        if taken is None:
            return
        state, reply = self._reply(taken, child, resolution, past)
        insist(self._database, lambda tx: self._record(tx, taken, state, reply), self._closing)
        if taken["kind"] == watching.KIND:
            kill_point("watch.recorded")

    def _reply(
        self, taken: dict[str, Any], child: Child, resolution: connectors.Resolution, past: tuple[dict[str, Any], ...]
    ) -> tuple[str, dict[str, Any]]:
        try:
            resolved = self._with_own_mail(taken, resolution.result())
        except PenstockError as problem:
            return "FAILED", problem.to_json()
        limits = Limits(child.limit, memory.threads(child.limit), str(child.scratch), child.scratch_limit)
        job = Job(
            taken["namespace"],
            taken["id"],
            0,
            1,
            taken["kind"],
            resolved.program,
            resolved.connectors,
            {},
            self._place.staging,
            limits,
            history=past,
        )
        try:
            rules = {name: self._breakers.prefer.of(said) for name, said in resolved.circuits.items()}
            guard = self._breakers.guard(f"request/{job.run}", rules, self._closing, self._told)
        except HeldBack as back:
            return "FAILED", back.to_json()
        try:
            what, said = self._in_child(child, job, resolved, taken, guard)
        except ChildDied as death:
            self._breakers.leave(guard)
            reason = death.over_limit or f"no answer in time: {Masker(resolved.values).mask(death.message)}"
            # A message may arrive when it is tried again; whoever asked for anything else asks again.
            lost = UnavailableError(reason) if taken["kind"] == TELLING else PenstockError(reason)
            return "FAILED", lost.to_json()
        self._breakers.end(guard, said if what == "failed" else None)
        if what != "done":
            return "FAILED", said
        outcome = Outcome.from_json(said)
        if taken["kind"] != CHECK:
            return "DONE", outcome.facts or {}
        # All rows that break a rule are staged, and nothing is measured then.
        return "DONE", outcome.quality or {"export": outcome.datasets[0].to_json()}

    def _with_own_mail(self, taken: dict[str, Any], resolved: connectors.Resolved) -> connectors.Resolved:
        mail = self._place.mail
        if taken["kind"] != TELLING or taken["args"]["type"] != "email" or resolved.connectors or mail is None:
            return resolved
        ours = ResolvedConnector(OWN_MAIL, "email", dict(mail))
        return replace(resolved, connectors={OWN_MAIL: ours}, values=(*resolved.values, *filter(None, [mail.get("password")])))

    def _in_child(
        self, child: Child, job: Job, resolved: connectors.Resolved, taken: dict[str, Any], guard: Guard
    ) -> tuple[str, dict[str, Any]]:
        def hear(what: str, *values: Any) -> None:
            if what == "reached":
                self._breakers.hear(guard, values[0], values[1])

        key = (job.run, job.stage, job.epoch)
        self._watch.begin(child, key)
        self._watch.end_within(key, max(1.0, taken["seconds_left"]))
        try:
            return child.run(job, resolved.values, hear)
        finally:
            self._watch.end(child, key)

    def _told(self, news: Change | str) -> None:
        """No run is told of it; who waits for the connector is woken."""
        if isinstance(news, Change) and news.after == "closed":
            insist(self._database, lambda tx: wake(tx, news.connector), self._closing)

    def _record(self, tx: Tx, taken: dict[str, Any], state: str, reply: dict[str, Any]) -> None:
        if taken["kind"] == watching.KIND:
            watching.record(tx, taken["id"], taken["args"], state, reply, self._place.template_env, taken["namespace"])
        else:
            record(tx, taken, state, reply, worker=self._place.name)


def record(tx: Tx, taken: dict[str, Any], state: str, reply: dict[str, Any], *, worker: str) -> None:
    """What came of a request that was claimed, once, however often it is said. `state` and `reply` as in `requests.answer`."""
    if state == "DONE" and taken["kind"] == "survey":
        facts.record(tx, taken["args"], reply)
    if state == "DONE" and taken["kind"] == CHECK and "export" not in reply:
        # The whole of it is kept as that of any check is; the answer says only how it went.
        if requests.answer(tx, taken["id"], state, {key: reply[key] for key in _ANSWERED}):
            quality.insert(tx, taken["id"], 0, taken["namespace"], reply)
    elif requests.answer(tx, taken["id"], state, reply) and taken["kind"] == TELLING:
        notifications.tried(tx, taken["args"]["notification"], reply if state == "DONE" else {"ok": False, "error": reply}, worker=worker)
