"""Events of runs on their way to OpenLineage's receiver: written with what they tell of, read in order, dropped once they are sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.store.database import Tx
from shared.store.endings import Ending

# A run that was skipped, or ended before it began, was none.
ENDS = {"SUCCEEDED": "COMPLETE", "FAILED": "FAIL", "TIMED_OUT": "FAIL", "CANCELLED": "ABORT"}
_AGAIN = "(SELECT count(*) FROM events e WHERE e.run_id = r.id AND e.type = 'run.finished' AND e.at < {})"


@dataclass(frozen=True, slots=True)
class Waiting:
    """`again`: how often the run had ended before."""

    id: int
    run: str
    type: str
    at: datetime
    again: int


def started(tx: Tx, runs: Sequence[str]) -> None:
    """Of runs that begin in this transaction."""
    if runs:
        tx.execute(
            f"""
            INSERT INTO lineage_events (run_id, type, at, again)
            SELECT r.id, 'START', r.started_at, {_AGAIN.format("r.started_at")} FROM runs r
             WHERE r.id = ANY(%(runs)s::uuid[]) AND r.started_at IS NOT NULL ORDER BY r.started_at
            """,  # noqa: S608 (its parts are above)
            {"runs": list(runs)},
        )


def ended(tx: Tx, ending: Ending) -> None:
    """Nothing of a run that never began."""
    if (type_ := ENDS.get(ending.status)) is not None:
        tx.execute(
            f"""
            INSERT INTO lineage_events (run_id, type, at, again)
            SELECT r.id, %(type)s, %(at)s, {_AGAIN.format("%(at)s")} FROM runs r WHERE r.id = %(run)s AND r.started_at IS NOT NULL
            """,  # noqa: S608 (its parts are above)
            {"run": ending.run, "type": type_, "at": ending.at},
        )


def first(tx: Tx, limit: int) -> list[Waiting]:
    """The oldest, in order."""
    rows = tx.execute("SELECT id, run_id::text AS run, type, at, again FROM lineage_events ORDER BY id LIMIT %(limit)s", {"limit": limit})
    return [Waiting(**row) for row in rows]


def drop(tx: Tx, sent: int) -> None:
    tx.execute("DELETE FROM lineage_events WHERE id = %(id)s", {"id": sent})


def prune(tx: Tx, age: timedelta) -> int:
    """Drops what nobody wanted for so long; how many."""
    return tx.execute("DELETE FROM lineage_events WHERE at < now() - %(age)s", {"age": age}).rowcount


def told(tx: Tx, run: str) -> dict[str, Any] | None:
    """What an event tells of a run, but for its recipe."""
    return tx.execute(
        """
        SELECT r.id::text AS id, r.namespace, r.pipeline, r.resource_uid::text AS resource_uid, r.version, r.git_commit_sha, r.trigger,
               r.run_values, r.data_interval_start, r.data_interval_end, r.started_at,
               coalesce(r.error ->> 'message', (SELECT n.error ->> 'message' FROM nodes n
                                                 WHERE n.run_id = r.id AND n.status = 'FAILED' AND n.error IS NOT NULL
                                                 ORDER BY n.finished_at NULLS LAST, n.ordinal LIMIT 1)) AS error,
               ARRAY(SELECT DISTINCT s.engine FROM stages s WHERE s.run_id = r.id AND s.engine IS NOT NULL ORDER BY 1) AS engines
          FROM runs r WHERE r.id = %(run)s
        """,
        {"run": run},
    ).fetchone()


def rows_of_nodes(tx: Tx, run: str) -> dict[str, int | None]:
    """Node -> rows that it gave, or its destination took; of those that are done."""
    found = tx.execute(
        "SELECT node, (figures ->> 'rowsOut')::bigint AS rows FROM nodes WHERE run_id = %(run)s AND status = 'COMPLETED'", {"run": run}
    )
    return {row["node"]: row["rows"] for row in found}


def checks_of_nodes(tx: Tx, run: str, upto: datetime) -> dict[str, dict[str, Any]]:
    """Node -> facets of what was checked of it, the newest."""
    found = tx.execute(
        """
        SELECT node, data -> 'facets' AS facets FROM events
         WHERE run_id = %(run)s AND type = 'quality.result' AND node IS NOT NULL AND at <= %(upto)s ORDER BY seq
        """,
        {"run": run, "upto": upto},
    )
    return {row["node"]: row["facets"] or {} for row in found}
