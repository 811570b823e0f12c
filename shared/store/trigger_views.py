"""Triggers and what they have done, as people look at them. Reads only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shared.store.database import Tx


def of_pipeline(tx: Tx, namespace: str, pipeline: str) -> list[dict[str, Any]]:
    """All it has or had, each with its last firing (`last_…`, null where there is none), and how many missed fire times wait (`behind`)."""
    return list(
        tx.execute(
            """
            SELECT t.id::text AS id, t.name, t.type, t.config, t.version, t.active, t.handled_to, t.look_at, t.problem,
                   f.key AS last_key, f.at AS last_at, f.run_id::text AS last_run, f.outcome AS last_outcome, f.detail AS last_detail,
                   (SELECT count(*) FROM firings b WHERE b.trigger_id = t.id AND b.outcome = 'behind') AS behind
              FROM triggers t
              LEFT JOIN LATERAL (SELECT * FROM firings f WHERE f.trigger_id = t.id ORDER BY f.at DESC, f.key DESC LIMIT 1) f ON true
             WHERE t.namespace = %(ns)s AND t.pipeline = %(p)s ORDER BY t.active DESC, t.name
            """,
            {"ns": namespace, "p": pipeline},
        )
    )


def firings(tx: Tx, trigger: str, before: tuple[datetime, str] | None, outcome: str | None, limit: int) -> list[dict[str, Any]]:
    """{key, at, run, outcome, detail}, the newest first, from before a time and a key."""
    at, key = before or (None, None)
    return list(
        tx.execute(
            """
            SELECT key, at, run_id::text AS run, outcome, detail FROM firings
             WHERE trigger_id = %(trigger)s AND (%(at)s::timestamptz IS NULL OR (at, key) < (%(at)s::timestamptz, %(key)s::text))
               AND (%(outcome)s::text IS NULL OR outcome = %(outcome)s)
             ORDER BY at DESC, key DESC LIMIT %(limit)s
            """,
            {"trigger": trigger, "at": at, "key": key, "outcome": outcome, "limit": limit},
        )
    )
