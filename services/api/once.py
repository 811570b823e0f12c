"""Calls that start something: done once for each Idempotency-Key, and answered alike when they are repeated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, jsonify, request

from services.api.auth import caller, database
from services.api.problems import Refused
from shared.kill_points import kill_point
from shared.store import idempotency
from shared.store.database import Tx

# PostgreSQL indexes the key, and takes no more than some 2,700 bytes there.
LONGEST_KEY = 255


def accepted(start: Callable[[Tx], tuple[Any, str | None]]) -> Response:
    """202 with what `start` gives, a reply and its location (None: it has none), in one transaction.

    Raises Refused for a key that another call used.
    """
    key = _key()
    with database().transaction() as tx:
        if key is not None and (before := _before(tx, key)) is not None:
            return before
        reply, location = start(tx)
        if key is not None:
            idempotency.put(tx, caller().token_id, key, _digest(), 202, location, reply)
        kill_point("api.accepting")
    kill_point("api.accepted")
    return _answer(reply, location)


def answered() -> Response | None:
    """The answer that this call was given before, for one that has to look at the world first, which may be another by now; None: it has
    none yet, and `accepted` decides. Raises Refused as that does.
    """
    key = _key()
    if key is None:
        return None
    with database().transaction() as tx:
        return _before(tx, key)


def _before(tx: Tx, key: str) -> Response | None:
    earlier = idempotency.find(tx, caller().token_id, key)
    if earlier is None:
        return None
    if bytes(earlier["body_hash"]) != _digest():
        raise Refused(422, "this Idempotency-Key was used for another call; choose a new one")
    return _answer(earlier["reply"], earlier["location"], replayed=True)


def _digest() -> bytes:
    return idempotency.digest(request.path.encode() + request.get_data())


def _answer(reply: Any, location: str | None, *, replayed: bool = False) -> Response:
    response = jsonify(reply)
    response.status_code = 202
    if location is not None:
        response.headers["Location"] = location
    if replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response


def _key() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not 0 < len(key) <= LONGEST_KEY:
        raise Refused(422, f"Idempotency-Key has {len(key)} characters; give it from 1 to {LONGEST_KEY}, such as a UUID, or leave it out")
    return key
