"""Which fire times of schedules have passed their deadlines and were not looked at for that yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from shared.store.database import Tx

# A fire time whose deadline passed so long before anybody could look is old news.
_NEWS = timedelta(minutes=1)
# As firings spell a fire time.
_SPELLED = """to_char(({time}) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"""


def watched(tx: Tx) -> list[dict[str, Any]]:
    """{id, namespace, pipeline, version, deadline, begun} of schedules in force with a deadline; `begun`: it was looked at before.

    Those that are in force no longer, or have no deadline any more, are forgotten: they begin anew.
    """
    tx.execute(
        """
        DELETE FROM lateness l USING triggers t
         WHERE t.id = l.trigger_id AND (NOT t.active OR t.type <> 'schedule' OR t.config ->> 'deadline' IS NULL)
        """
    )
    return list(
        tx.execute(
            """
            SELECT t.id::text AS id, t.namespace, t.pipeline, t.version, t.config -> 'deadline' AS deadline,
                   l.trigger_id IS NOT NULL AS begun
              FROM triggers t LEFT JOIN lateness l ON l.trigger_id = t.id
             WHERE t.type = 'schedule' AND t.active AND t.config ->> 'deadline' IS NOT NULL
            """
        )
    )


def begin(tx: Tx, triggers: Sequence[tuple[str, timedelta]]) -> None:
    """From where on fire times count of (trigger, deadline) that are looked at for the first time."""
    tx.execute(
        f"""
        INSERT INTO lateness (trigger_id, checked_to)
        SELECT t.id, {_SPELLED.format(time="now() - t.back")} FROM unnest(%(ids)s::uuid[], %(back)s::interval[]) AS t (id, back)
        ON CONFLICT (trigger_id) DO NOTHING
        """,  # noqa: S608 (a spelling of ours)
        {"ids": [one for one, _ in triggers], "back": [deadline + _NEWS for _, deadline in triggers]},
    )


def with_news(tx: Tx, triggers: Sequence[tuple[str, timedelta]]) -> set[str]:
    """Those of (trigger, deadline) that have a fire time whose deadline is over, and that was not looked at: few of many, as a rule."""
    rows = tx.execute(
        f"""
        SELECT t.id::text AS id FROM unnest(%(ids)s::uuid[], %(deadlines)s::interval[]) AS t (id, deadline)
          JOIN lateness l ON l.trigger_id = t.id
         WHERE EXISTS (SELECT FROM firings f WHERE f.trigger_id = t.id AND f.key > l.checked_to
                          AND f.key <= {_SPELLED.format(time="now() - t.deadline")})
        """,  # noqa: S608 (a spelling of ours)
        {"ids": [one for one, _ in triggers], "deadlines": [deadline for _, deadline in triggers]},
    )
    return {row["id"] for row in rows}


def past(tx: Tx, trigger: str, deadline: timedelta, limit: int) -> list[dict[str, Any]]:
    """{key, fire, outcome, detail, run_id, status, error} of fire times that were not looked at and whose deadline is over, in their order.

    Holds the row under which they are looked at.
    """
    row = tx.execute("SELECT checked_to FROM lateness WHERE trigger_id = %(trigger)s FOR UPDATE", {"trigger": trigger}).fetchone()
    if row is None:
        return []
    return list(
        tx.execute(
            """
            SELECT f.key, f.key::timestamptz AS fire, f.outcome, f.detail, f.run_id::text AS run_id, r.status, r.error
              FROM firings f LEFT JOIN runs r ON r.id = f.run_id
             WHERE f.trigger_id = %(trigger)s AND f.key > %(after)s
               AND f.key <= to_char((now() - %(deadline)s) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
               AND f.key ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z$'
             ORDER BY f.key LIMIT %(limit)s
            """,
            {"trigger": trigger, "after": row["checked_to"], "deadline": deadline, "limit": limit},
        )
    )


def checked(tx: Tx, trigger: str, to: str) -> None:
    tx.execute("UPDATE lateness SET checked_to = %(to)s WHERE trigger_id = %(trigger)s", {"trigger": trigger, "to": to})
