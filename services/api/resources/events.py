"""Events and log lines of a run: everything so far, then live, without a gap or a repeat."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from flask import Response, current_app, request

from services.api.auth import Caller, caller, database
from services.api.blueprint import Blueprint
from services.api.feed import Feed, Full
from services.api.incoming import identifier
from services.api.problems import Refused, brief
from services.api.resources.documents import stamp
from services.api.resources.runs import found
from services.api.schemas.runs import StreamQuery
from services.api.tail import LOOK_AGAIN_S, Frame, Tail
from shared.errors import UnavailableError
from shared.runs.states import RUN_FINAL
from shared.store import events, run_views, tokens
from shared.store.database import Database, Tx

blueprint = Blueprint("events", __name__, url_prefix="/api/v1/runs", description="Events and logs of runs")
KEEP_ALIVE_S = 15.0
_NUMBER = re.compile(r"[0-9]{1,18}")
# Workers write log lines every half second, the last of them after the run has ended.
LOGS_SETTLE = timedelta(seconds=2)
BATCH = 1000
# After a batch: what is written meanwhile is read together. Each stage rings twice, and a look costs two statements; to wake a watcher
# costs a part of a millisecond of the one processor that all of the API has.
GATHER_S, GATHER_FOR_EACH_S = 0.02, 0.001

STREAM: dict[str, Any] = {
    "parameters": [
        {"in": "header", "name": "Last-Event-ID", "schema": {"type": "integer"}, "description": "Goes on after this one"},
    ],
    "responses": {
        "200": {
            "description": "Everything so far, then live; `event: end` closes it",
            "content": {kind: {"schema": {"type": "string"}} for kind in ("text/event-stream", "application/x-ndjson")},
        }
    },
}

# (tx, run, after) -> [(id, type, value)]
Reader = Callable[[Tx, str, int], list[tuple[int, str, dict[str, Any]]]]


def _events(tx: Tx, run: str, after: int) -> list[tuple[int, str, dict[str, Any]]]:
    return [
        (
            row["seq"],
            row["type"],
            {
                "v": row["v"],
                "seq": row["seq"],
                "at": stamp(row["at"]),
                "run": run,
                "type": row["type"],
                "node": row["node"],
                "stage": row["stage"],
                "epoch": row["epoch"],
                "data": row["data"],
            },
        )
        for row in events.after(tx, run, after, BATCH)
    ]


def _logs(tx: Tx, run: str, after: int) -> list[tuple[int, str, dict[str, Any]]]:
    return [(row["id"], "log", {**row, "at": stamp(row["at"])}) for row in run_views.logs(tx, run, after, BATCH)]


@blueprint.get("/<run>/events")
@blueprint.doc(**STREAM)
@blueprint.arguments(StreamQuery, location="query")
def stream_events(query: dict[str, Any], run: str) -> Response:
    """What happened in a run: everything so far, then live."""
    return _stream(query, run, "events", _events, timedelta(0))


@blueprint.get("/<run>/logs")
@blueprint.doc(**STREAM)
@blueprint.arguments(StreamQuery, location="query")
def stream_logs(query: dict[str, Any], run: str) -> Response:
    """What was logged of a run: everything so far, then live."""
    return _stream(query, run, "logs", _logs, LOGS_SETTLE)


def _stream(query: dict[str, Any], run: str, what: str, read: Reader, settle: timedelta) -> Response:
    with database().transaction() as tx:
        found(tx, run)
    run = identifier(run, "run")
    after = _after(query)
    if not query["follow"]:
        return Response(_ndjson(database(), run, after, read), mimetype="application/x-ndjson")
    feed: Feed = current_app.extensions["penstock.feed"]
    store = database()
    try:
        watcher = feed.join(run, what, lambda: _tail(store, run, read, settle))
    except Full as full:
        raise Refused(503, "there are as many event streams as this server holds; try again soon, or read with ?follow=false") from full
    response = Response(
        _live(store, watcher.tail, after, feed, caller()), mimetype="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )
    # Not at the end of the generator, which is never begun where the caller is gone by now.
    response.call_on_close(watcher.leave)
    return response


def _after(query: dict[str, Any]) -> int:
    """The header wins: a browser that reconnects sends it beside the address it began with."""
    text = request.headers.get("Last-Event-ID")
    if not text:
        return int(query.get("after", 0))
    if not _NUMBER.fullmatch(text):
        raise Refused(422, f"Last-Event-ID is {brief(text)!r}; it must be the number of an event")
    return int(text)


def _ndjson(store: Database, run: str, after: int, read: Reader) -> Iterator[str]:
    while True:
        with store.transaction() as tx:
            batch = read(tx, run, after)
        yield from (json.dumps(value) + "\n" for _, _, value in batch)
        if len(batch) < BATCH:
            return
        after = batch[-1][0]


def _tail(store: Database, run: str, read: Reader, settle: timedelta) -> Tail:
    def behind(after: int) -> tuple[list[Frame], bool]:
        with store.transaction() as tx:
            # Asked for before the events are read: whatever a final run had to say is then among them.
            row = run_views.ended(tx, run)
            batch = read(tx, run, after)
        over = row is None or (row["status"] in RUN_FINAL and row["ended_for"] >= settle)
        return [(number, f"id: {number}\nevent: {kind}\ndata: {json.dumps(value)}\n\n") for number, kind, value in batch], over

    return Tail(behind, BATCH)


def _live(store: Database, tail: Tail, after: int, feed: Feed, who: Caller) -> Iterator[str]:
    said_at = let_in_at = time.monotonic()
    while True:
        if time.monotonic() - let_in_at >= KEEP_ALIVE_S:
            try:
                with store.transaction() as tx:
                    # Who watches on with a token that was revoked would never be asked for it again.
                    if not tokens.holds(tx, who.token_id, who.session, who.namespaces):
                        return
                let_in_at = time.monotonic()
            except UnavailableError:
                threading.Event().wait(LOOK_AGAIN_S)
                continue
        frames, over = tail.behind(after)
        if frames:
            yield "".join(text for _, text in frames)
            after, said_at = frames[-1][0], time.monotonic()
            # What is written meanwhile is read together; and the more watch, the less often each is woken.
            threading.Event().wait(GATHER_S + feed.watchers * GATHER_FOR_EACH_S)
            continue
        if over:
            yield "event: end\ndata: {}\n\n"
            return
        if time.monotonic() - said_at >= KEEP_ALIVE_S:
            said_at = time.monotonic()
            yield ": still here\n\n"
        tail.wait()
