"""Which fire times of schedules have passed their deadlines and were not looked at for that yet."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from shared.store.database import Tx

# A fire time whose deadline passed so long before anybody could look is old news.
_NEWS = timedelta(minutes=1)


def watched(tx: Tx) -> list[dict[str, Any]]:
    """{id, namespace, pipeline, version, config, checked_to} of schedules in force with a deadline, locked. `checked_to` None: not yet
    looked at. Those that are in force no longer, or have no deadline any more, are forgotten: they begin anew.
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
            SELECT t.id::text AS id, t.namespace, t.pipeline, t.version, t.config, l.checked_to
              FROM triggers t LEFT JOIN lateness l ON l.trigger_id = t.id
             WHERE t.type = 'schedule' AND t.active AND t.config ->> 'deadline' IS NOT NULL
            """
        )
    )


def first(tx: Tx, trigger: str, deadline: timedelta) -> str:
    """From where on fire times count that is looked at for the first time."""
    row = tx.execute(
        """
        SELECT to_char((now() - %(back)s) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since
        """,
        {"back": deadline + _NEWS},
    ).fetchone()
    assert row is not None
    checked(tx, trigger, row["since"])
    return str(row["since"])


def past(tx: Tx, trigger: str, after: str, deadline: timedelta, limit: int) -> list[dict[str, Any]]:
    """{key, fire, outcome, detail, run_id, status, error} of fire times after `after` whose deadline is over, in their order."""
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
            {"trigger": trigger, "after": after, "deadline": deadline, "limit": limit},
        )
    )


def checked(tx: Tx, trigger: str, to: str) -> None:
    tx.execute(
        """
        INSERT INTO lateness (trigger_id, checked_to) VALUES (%(trigger)s, %(to)s)
        ON CONFLICT (trigger_id) DO UPDATE SET checked_to = excluded.checked_to
        """,
        {"trigger": trigger, "to": to},
    )
