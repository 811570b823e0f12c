"""A delivery from the request to the answer: let in, read, kept with its run in one statement, answered. The order is that of the checks
that an attacker is to get through: size, sender, rate, then what the body says.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

from flask import Response, current_app, jsonify, request

from services.api.auth import database
from services.api.feed import Feed, Full
from services.api.hooks import reading, sender
from services.api.hooks.known import CHANGED_S, KEPT_S, Hook, Hooks, Name
from services.api.incoming import JSON, body
from services.api.problems import Refused, problem
from services.api.resources.runs import run_json
from services.api.settings import Settings
from shared.errors import PenstockError
from shared.kill_points import kill_point
from shared.runs.states import RUN_FINAL
from shared.store import deliveries, run_views
from shared.store.deliveries import Delivery
from shared.store.identifiers import new_id
from shared.triggers.payloads import KINDS

TAKEN = JSON | frozenset(KINDS)
# A recipe that is saved all the time must not keep a delivery waiting for ever.
_TRIES = 3
_LOOK_AGAIN_S = 1.0


def receive(namespace: str, pipeline: str, trigger: str) -> Response:
    """Raises Refused."""
    name = (namespace, pipeline, trigger)
    hooks: Hooks = current_app.extensions["penstock.hooks"]
    sent = body(TAKEN)
    not_older_s = KEPT_S
    for _ in range(_TRIES):
        hook = hooks.find(name, not_older_s=not_older_s)
        if hook is None:
            raise Refused(404, "there is no such hook")
        known, hook = _let_in(hooks, name, hook, sent)
        answer = _take(hook, known, sent)
        if answer is not None:
            return answer
        # The recipe was saved, or the trigger switched, since it was read.
        not_older_s = 0.0
    raise Refused(503, "the pipeline of this hook is being changed; send it again")


def _let_in(hooks: Hooks, name: Name, hook: Hook, sent: bytes) -> tuple[sender.Sent, Hook]:
    """Who sent it, checked against what is known, then, should that be wrong, against what is there now. Raises Refused."""
    settings: Settings = current_app.extensions["penstock.settings"]
    headers = {name.lower(): value for name, value in request.headers.items()}
    for not_older_s in (None, CHANGED_S):
        if not_older_s is not None:
            fresh = hooks.find(name, not_older_s=not_older_s)
            if fresh is None:
                raise Refused(404, "there is no such hook")
            if fresh is hook:
                break
            hook = fresh
        if hook.secret is None:
            raise Refused(503, "the secret of this hook cannot be read; its operator finds why in the log of the API")
        try:
            known = sender.check(hook.scheme, hook.secret, headers, sent, now_s=time.time(), window_s=settings.hook_window.total_seconds())
        except sender.NotLetIn as error:
            refused = error
            continue
        except sender.BadKey as error:
            raise Refused(422, str(error)) from error
        _admit(hook)
        return known, hook
    current_app.extensions["penstock.bell"].forged(hook.id)
    raise Refused(401, str(refused))


def _admit(hook: Hook) -> None:
    wait_s = current_app.extensions["penstock.rate"].wait_s(hook.id)
    if wait_s is not None:
        raise TooMany(wait_s)
    if not hook.active:
        raise Refused(503, "this hook is disabled, and keeps nothing; send it again once it is enabled")


class TooMany(Exception):
    """429."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(wait_s)
        self.wait_s = wait_s

    def answer(self) -> Response:
        response = problem(429, f"this hook takes no more just now; send it again in {self.wait_s} s (PENSTOCK_HOOK_RATE)")
        response.headers["Retry-After"] = str(self.wait_s)
        return response


def _take(hook: Hook, known: sender.Sent, sent: bytes) -> Response | None:
    """None where the hook is not as it was read. Raises Refused."""
    identity, at = new_id(), datetime.now(UTC)
    key, digest = known.key or identity, hashlib.sha256(sent).digest()
    try:
        said = reading.read(hook, sent, _kind())
        delivery, outcome = _delivery(hook, said, identity, key, known.signature, digest, sent)
        # Of one that waits the run is made to see whether it can be: who is told that it was taken cannot correct it any more.
        made = _run(hook, said, delivery, at)
        run = made if outcome == "accepted" else None
    except (Refused, PenstockError) as error:
        return _not_taken(hook, Delivery(identity, identity, digest, len(sent)), key, known, error)
    with database().transaction(of_one=True) as tx:
        there, new = deliveries.record(tx, hook.id, hook.version.number, delivery, outcome, run=run)
    if not there:
        return None
    if not new:
        return _again(hook, key, known, digest)
    kill_point("api.accepted")
    current_app.extensions["penstock.bell"].ring()
    if delivery.shares_for is not None and outcome == "pending":
        current_app.extensions["penstock.bell"].ring(delivery.shares_for.total_seconds())
    return answered(hook, identity, outcome, run["run"] if run else None)


def _kind() -> str:
    return KINDS.get(request.mimetype.lower(), "json")


def _delivery(
    hook: Hook, said: reading.Said, identity: str, key: str, signature: str | None, digest: bytes, sent: bytes
) -> tuple[Delivery, str]:
    """What is kept, and what becomes of it: accepted, pending, parked."""
    shares = hook.config.get("batchMillis")
    review = bool(hook.config.get("review"))
    outcome = "parked" if review else "pending" if shares else "accepted"
    delivery = Delivery(
        identity,
        key,
        digest,
        len(sent),
        signature,
        said.parameters,
        said.rows,
        said.lines,
        # Only of one that a person is to look at: bodies may be anybody's data.
        _shown(sent) if review else None,
        timedelta(milliseconds=shares) if shares else None,
    )
    return delivery, outcome


def _shown(sent: bytes) -> str:
    return sent.decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")


def _run(hook: Hook, said: reading.Said, delivery: Delivery, at: datetime) -> dict[str, Any]:
    settings: Settings = current_app.extensions["penstock.settings"]
    return reading.run_of(hook, said, new_id(), at, {"delivery": delivery.id}, settings.template_env, by="webhook")


def _not_taken(hook: Hook, delivery: Delivery, key: str, known: sender.Sent, error: Refused | PenstockError) -> Response | None:
    """A delivery that says nothing useful is on record with the reason; whoever corrects it may use its id again. Raises the error."""
    with database().transaction() as tx:
        there, _ = deliveries.record(tx, hook.id, hook.version.number, delivery, "refused", detail=reading.why(error))
    if not there:
        return None
    raise error if isinstance(error, Refused) else Refused(422, error.message, kind=error.code)


def _again(hook: Hook, key: str, known: sender.Sent, digest: bytes) -> Response:
    """A delivery that is on record: the same answer for the same, 409 for a replay, 422 for another body under its id. Raises Refused."""
    with database().transaction() as tx:
        earlier = deliveries.repeated(tx, hook.id, key, known.signature)
    # Taken away since, with the run that it started.
    if earlier is None:
        raise Refused(409, "this delivery was sent before, and is not kept any longer")
    if earlier["key"] != key:
        raise Refused(409, "this signed delivery was sent before; sign it again with the time at which it is sent", kind="replayed")
    if bytes(earlier["body_hash"]) != digest:
        raise Refused(422, "this id was used for a delivery with another body; choose a new one")
    response = answered(hook, earlier["id"], earlier["outcome"], earlier["run"])
    response.headers["Idempotency-Replayed"] = "true"
    return response


def answered(hook: Hook, delivery: str, outcome: str, run: str | None) -> Response:
    """202; with `reply: finished` 200 once the run has ended well."""
    if run is not None and hook.config.get("reply") == "finished":
        ended = _ended(run, float(hook.config.get("waitSeconds", 25)))
        if ended is not None:
            return _figures(delivery, ended)
    where = f"/api/v1/runs/{run}" if run else f"/api/v1{address(hook)}/deliveries/{delivery}"
    response = jsonify({"delivery": delivery, "outcome": outcome, "run": run})
    response.status_code = 202
    response.headers["Location"] = where
    return response


def address(hook: Hook) -> str:
    return f"/pipelines/{hook.namespace}/{hook.pipeline}/triggers/{hook.name}"


def _figures(delivery: str, run: Mapping[str, Any]) -> Response:
    if run["status"] != "SUCCEEDED":
        why = (run.get("error") or {}).get("message") or "see the run"
        raise Refused(500, f"run {run['id']} ended {run['status']}: {why}", kind="run-failed")
    response = jsonify({"delivery": delivery, "outcome": "finished", "run": run["id"], "figures": run})
    response.headers["Location"] = f"/api/v1/runs/{run['id']}"
    return response


def _ended(run: str, wait_s: float) -> dict[str, Any] | None:
    """The run as it is shown, once it has ended; None where that takes longer, or too many wait already."""
    feed: Feed = current_app.extensions["penstock.feed"]
    try:
        with feed.watch(run) as bell:
            return _watched(run, bell, time.monotonic() + wait_s)
    except Full:
        return None


def _watched(run: str, bell: Event, until: float) -> dict[str, Any] | None:
    while True:
        bell.clear()
        with database().transaction() as tx:
            row = run_views.run(tx, run)
            if row is not None and row["status"] in RUN_FINAL:
                return run_json(tx, row)
        left = until - time.monotonic()
        if left <= 0:
            return None
        bell.wait(min(left, _LOOK_AGAIN_S))
