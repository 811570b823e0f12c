"""What people are told of runs: what is to be said (`add`), whether it is (`settle`), what is on its way (`due`), and what came of each try
(`tried`).

Told at least once, under an id that stays: a worker that dies after it has sent a message and before it could say so is asked again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from psycopg.types.json import Jsonb

from shared.store.database import Tx
from shared.store.identifiers import least_id, new_id
from shared.store.runs import DOORBELL

# Between the tries: six of them within an hour.
WAITS = tuple(timedelta(seconds=wait) for wait in (30, 120, 300, 900, 2250))
MOST_TRIES = len(WAITS) + 1
# The same trouble within this is told once.
ALIKE_WITHIN = timedelta(hours=1)
DAY = timedelta(hours=24)
# A run that has taken longer counts as none that worked in between, so that not all runs of a pipeline are gone through.
LONGEST_RUN = timedelta(days=7)
# How long a worker has for a try, from when it is asked.
VALID = timedelta(seconds=60)
_LOCK = "penstock.notifications"


@dataclass(frozen=True, slots=True)
class Note:
    """What is to be told once: of `about` (an end of a run, a fire time, a test) one `event`, by one `way`.

    `likeness`, `most_a_day`, `template`: as the columns of 0016.
    """

    namespace: str
    pipeline: str
    run: str | None
    event: str
    about: str
    type: str
    target: Mapping[str, Any]
    way: str
    facts: Mapping[str, str]
    by: str
    likeness: str | None = None
    most_a_day: int | None = None
    template: str | None = None


@dataclass(frozen=True, slots=True)
class New:
    """A note that is not settled. `repeated`: how many like it were held back since the last that was sent by the same way."""

    id: str
    type: str
    event: str
    facts: dict[str, str]
    template: str | None
    repeated: int


def add(tx: Tx, note: Note) -> str | None:
    """Its id; None where it is on record already. The schedulers are rung."""
    row = tx.execute(
        """
        INSERT INTO notifications (id, namespace, pipeline, run_id, event, about, type, target, way, likeness, most_a_day, template, facts,
                                   created_by)
        VALUES (%(id)s, %(namespace)s, %(pipeline)s, %(run)s, %(event)s, %(about)s, %(type)s, %(target)s, %(way)s, %(likeness)s, %(most)s,
                %(template)s, %(facts)s, %(by)s)
        ON CONFLICT (namespace, pipeline, about, event, way) DO NOTHING RETURNING id::text AS id
        """,
        {
            "id": new_id(),
            "namespace": note.namespace,
            "pipeline": note.pipeline,
            "run": note.run,
            "event": note.event,
            "about": note.about,
            "type": note.type,
            "target": Jsonb(dict(note.target)),
            "way": note.way,
            "likeness": note.likeness,
            "most": note.most_a_day,
            "template": note.template,
            "facts": Jsonb(dict(note.facts)),
            "by": note.by,
        },
    ).fetchone()
    if row is None:
        return None
    _ring(tx, row["id"])
    return str(row["id"])


def alone(tx: Tx) -> bool:
    """Takes the lock under which notes are settled, till the transaction ends; False where somebody else has it."""
    row = tx.execute("SELECT pg_try_advisory_xact_lock(hashtext(%(lock)s)) AS mine", {"lock": _LOCK}).fetchone()
    return bool(row and row["mine"])


def settle(tx: Tx, limit: int) -> tuple[list[New], bool]:
    """Holds back those notes that were told just now, or of which there were enough today; the others, to be worded (`word`), in the order
    in which they came. True: there may be more. Call it `alone`.
    """
    rows = list(
        tx.execute(
            """
            SELECT id::text AS id, namespace, pipeline, way, event, likeness, most_a_day, type, facts, template, created_at
              FROM notifications
             WHERE state = 'new' ORDER BY notifications.id LIMIT %(limit)s FOR UPDATE
            """,
            {"limit": limit},
        )
    )
    found = []
    for row in rows:
        if row["event"] != "test" and (held := _held(tx, row)) is not None:
            tx.execute("UPDATE notifications SET state = 'held', held = %(held)s WHERE id = %(id)s", {"held": held, "id": row["id"]})
            continue
        # So that the next one sees it.
        tx.execute("UPDATE notifications SET state = 'pending', retry_at = 'infinity' WHERE id = %(id)s", {"id": row["id"]})
        found.append(New(row["id"], row["type"], row["event"], row["facts"], row["template"], _counted(tx, row)))
    return found, len(rows) == limit


def _held(tx: Tx, row: Mapping[str, Any]) -> str | None:
    """Why a note is not sent. A failure after the pipeline has worked again is no repetition."""
    if row["likeness"] is not None:
        alike = tx.execute(
            """
            SELECT n.id FROM notifications n
             WHERE n.namespace = %(namespace)s AND n.pipeline = %(pipeline)s AND n.way = %(way)s AND n.event = %(event)s
               AND n.likeness = %(likeness)s AND n.state IN ('pending', 'sent') AND n.created_at > %(created_at)s - %(within)s
               AND NOT EXISTS (SELECT FROM runs r WHERE r.namespace = n.namespace AND r.pipeline = n.pipeline AND r.status = 'SUCCEEDED'
                                  AND r.id >= %(least)s AND r.finished_at > n.created_at AND r.finished_at <= %(created_at)s)
             LIMIT 1
            """,
            {**row, "within": ALIKE_WITHIN, "least": least_id(row["created_at"] - LONGEST_RUN)},
        ).fetchone()
        if alike is not None:
            return "repeated"
    if row["most_a_day"] is not None:
        sent = tx.execute(
            """
            SELECT count(*) AS sent FROM notifications
             WHERE namespace = %(namespace)s AND pipeline = %(pipeline)s AND way = %(way)s AND event <> 'test'
               AND most_a_day IS NOT DISTINCT FROM %(most_a_day)s AND state IN ('pending', 'sent') AND created_at > %(created_at)s - %(day)s
            """,
            {**row, "day": DAY},
        ).fetchone()
        if sent is not None and sent["sent"] >= row["most_a_day"]:
            return "limit"
    return None


def _counted(tx: Tx, row: Mapping[str, Any]) -> int:
    """Those that were held back and that this one tells of: of its own event; what works again tells of the failures."""
    events = [row["event"], "failure"] if row["event"] == "recovery" else [row["event"]]
    done = tx.execute(
        """
        UPDATE notifications SET told_in = %(id)s
         WHERE namespace = %(namespace)s AND pipeline = %(pipeline)s AND way = %(way)s AND event = ANY(%(events)s)
           AND state = 'held' AND told_in IS NULL
        """,
        {**row, "events": events},
    )
    return done.rowcount


def word(tx: Tx, note: str, subject: str, body: str) -> None:
    """It can be sent."""
    tx.execute(
        "UPDATE notifications SET subject = %(subject)s, body = %(body)s, retry_at = now() WHERE id = %(id)s",
        {"subject": subject, "body": body, "id": note},
    )


def due(tx: Tx, limit: int) -> list[dict[str, Any]]:
    """{id, namespace, type, target, event, subject, body, facts} of those to be sent now; nobody else is given them for a while."""
    return list(
        tx.execute(
            """
            UPDATE notifications SET retry_at = clock_timestamp() + %(lease)s
             WHERE id IN (SELECT id FROM notifications WHERE state = 'pending' AND retry_at <= now() ORDER BY retry_at LIMIT %(limit)s
                             FOR UPDATE SKIP LOCKED)
            RETURNING id::text AS id, namespace, type, target, event, subject, body, facts
            """,
            # A worker's answer comes within VALID or not at all.
            {"lease": VALID + timedelta(seconds=5), "limit": limit},
        )
    )


def tried(tx: Tx, note: str, result: Mapping[str, Any], *, worker: str) -> None:
    """Records a try. `result`: {ok, status, said, error}, as `shared.engines.telling` gives it."""
    row = tx.execute("UPDATE notifications SET tries = tries + 1 WHERE id = %(id)s RETURNING tries, state", {"id": note}).fetchone()
    if row is None:
        return
    ok, error = bool(result["ok"]), result.get("error")
    tx.execute(
        """
        INSERT INTO notification_tries (notification_id, number, ok, status, said, error, worker)
        SELECT %(id)s, coalesce(max(number), 0) + 1, %(ok)s, %(status)s, left(%(said)s, 200), %(error)s, %(worker)s
          FROM notification_tries WHERE notification_id = %(id)s
        """,
        {
            "id": note,
            "ok": ok,
            "status": result.get("status"),
            "said": result.get("said"),
            "error": Jsonb(error) if error else None,
            "worker": worker,
        },
    )
    if ok:
        tx.execute("UPDATE notifications SET state = 'sent', sent_at = clock_timestamp(), error = NULL WHERE id = %(id)s", {"id": note})
    elif row["state"] == "pending":
        _failed(tx, note, row["tries"], error or {})


def _failed(tx: Tx, note: str, tries: int, error: Mapping[str, Any]) -> None:
    again = bool(error.get("retryable")) and tries < MOST_TRIES
    wait = timedelta(0)
    if again:
        wait = WAITS[tries - 1]
        # It was asked for; but not for longer than anybody wants to hear of it.
        wait = max(wait, min(timedelta(seconds=error.get("retryAfterSeconds") or 0), timedelta(hours=1)))
    tx.execute(
        """
        UPDATE notifications SET state = CASE WHEN %(again)s THEN 'pending' ELSE 'failed' END, error = %(error)s,
               retry_at = clock_timestamp() + %(wait)s
         WHERE id = %(id)s
        """,
        {"again": again, "error": Jsonb(dict(error)), "wait": wait, "id": note},
    )


def resend(tx: Tx, note: str) -> bool:
    """To be sent again, with all its tries before it; False where it is on its way already. One that was held back is worded first."""
    row = tx.execute(
        """
        UPDATE notifications SET state = 'pending', tries = 0, held = NULL, retry_at = now(), error = NULL
         WHERE id = %(id)s AND state IN ('sent', 'failed', 'held') RETURNING id
        """,
        {"id": note},
    ).fetchone()
    if row is None:
        return False
    _ring(tx, note)
    return True


_SHOWN = """
    SELECT id::text AS id, namespace, pipeline, run_id::text AS run_id, event, type, target, state, held, told_in::text AS told_in, tries,
           retry_at, error, subject, body, facts, template, created_by, created_at, sent_at
      FROM notifications
"""


def one(tx: Tx, note: str) -> dict[str, Any] | None:
    return tx.execute(_SHOWN + " WHERE id = %(id)s", {"id": note}).fetchone()


def page(
    tx: Tx,
    *,
    before: str | None,
    limit: int,
    namespaces: Sequence[str] | None,
    namespace: str | None,
    pipeline: str | None,
    run: str | None,
    state: str | None,
    event: str | None,
) -> list[dict[str, Any]]:
    """Newest first, from before an id (ids are in order of time)."""
    return list(
        tx.execute(
            _SHOWN
            + """
             WHERE (%(before)s::uuid IS NULL OR id < %(before)s) AND (%(namespaces)s::text[] IS NULL OR namespace = ANY(%(namespaces)s))
               AND (%(namespace)s::text IS NULL OR namespace = %(namespace)s) AND (%(pipeline)s::text IS NULL OR pipeline = %(pipeline)s)
               AND (%(run)s::uuid IS NULL OR run_id = %(run)s) AND (%(state)s::text IS NULL OR state = %(state)s)
               AND (%(event)s::text IS NULL OR event = %(event)s)
             ORDER BY notifications.id DESC LIMIT %(limit)s
            """,
            {
                "before": before,
                "namespaces": list(namespaces) if namespaces is not None else None,
                "namespace": namespace,
                "pipeline": pipeline,
                "run": run,
                "state": state,
                "event": event,
                "limit": limit,
            },
        )
    )


def tries_of(tx: Tx, note: str) -> list[dict[str, Any]]:
    return list(
        tx.execute(
            "SELECT number, at, ok, status, said, error, worker FROM notification_tries WHERE notification_id = %(id)s ORDER BY number",
            {"id": note},
        )
    )


def prune(tx: Tx, keep: timedelta) -> None:
    tx.execute("DELETE FROM notifications WHERE created_at < now() - %(keep)s", {"keep": keep})


def _ring(tx: Tx, note: str) -> None:
    tx.execute("SELECT pg_notify(%(doorbell)s, %(id)s)", {"doorbell": DOORBELL, "id": note})
