"""Monthly partitions of everything that hangs on a run: made ahead of time, and dropped whole when nobody needs them any more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from psycopg import sql

from shared.runs.states import RUN_FINAL
from shared.store.database import Tx
from shared.store.identifiers import least_id

MONTHS_AHEAD = 3


def ensure(tx: Tx, now: datetime) -> list[str]:
    """Makes the partitions of this month and the next three where they are missing; returns the names of those it made. Idempotent."""
    # One maker at a time: two that both see a partition missing would collide on its name.
    tx.execute("SELECT pg_advisory_xact_lock(hashtext('penstock.partitions'))")
    parents = [
        row["relname"]
        for row in tx.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind = 'p' AND n.nspname = current_schema() ORDER BY 1"
        )
    ]
    present = {row["relname"] for row in tx.execute("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'")}
    made = []
    for ahead in range(MONTHS_AHEAD + 1):
        start, end = _month(now, ahead), _month(now, ahead + 1)
        for parent in parents:
            name = f"{parent}_{start:%Y%m}"
            if name in present:
                continue
            tx.execute(
                sql.SQL("CREATE TABLE {} PARTITION OF {} FOR VALUES FROM ({}) TO ({})").format(
                    sql.Identifier(name), sql.Identifier(parent), sql.Literal(least_id(start)), sql.Literal(least_id(end))
                )
            )
            made.append(name)
    return made


def _month(now: datetime, ahead: int) -> datetime:
    months = now.astimezone(UTC).year * 12 + now.astimezone(UTC).month - 1 + ahead
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Keep:
    """For how long after a month's end its partitions stay; None: for ever. `looks`: what only people look at."""

    runs: timedelta | None
    looks: timedelta | None


# Dropped earlier than the rest: the bulk of it, which no decision needs.
LOOKS = ("logs", "samples")
# Waits for whoever uses the table just now, and gives up: everybody else would wait behind it.
_LOCK_WAIT = "2s"


def expired(tx: Tx, now: datetime, keep: Keep) -> list[tuple[str, ...]]:
    """Partitions to be dropped, oldest first, those in one tuple together: every run of theirs is final, their time is
    over, and no run replays rows that they hold.
    """
    ends: dict[datetime, list[tuple[str, str]]] = {}
    for row in tx.execute(
        """
        SELECT p.relname AS parent, c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
          JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace n ON n.oid = p.relnamespace
         WHERE n.nspname = current_schema() AND p.relkind = 'p' AND c.relname ~ ('^' || p.relname || '_[0-9]{6}$') ORDER BY 2
        """
    ):
        month = datetime.strptime(row["name"][-6:], "%Y%m").replace(tzinfo=UTC)
        ends.setdefault(_month(month, 1), []).append((row["parent"], row["name"]))
    found = []
    for end in sorted(ends):
        over = {"runs": _is_over(end, now, keep.runs), "looks": _is_over(end, now, keep.looks)}
        names = tuple(name for parent, name in ends[end] if over["runs"] or (over["looks"] and parent in LOOKS))
        if names and not _unfinished(tx, _month(end, -1), end):
            found.append(names)
    return found


def drop(tx: Tx, names: Sequence[str]) -> None:
    """Those partitions, for good. Raises LockNotAvailable where somebody uses one for long; nothing is dropped then."""
    tx.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(_LOCK_WAIT)))
    tx.execute(sql.SQL("DROP TABLE {}").format(sql.SQL(", ").join(map(sql.Identifier, names))))


def _is_over(end: datetime, now: datetime, keep: timedelta | None) -> bool:
    return keep is not None and end + keep < now


def _unfinished(tx: Tx, start: datetime, end: datetime) -> bool:
    row = tx.execute(
        "SELECT 1 AS open FROM runs WHERE id >= %(start)s AND id < %(end)s AND NOT status = ANY(%(final)s) LIMIT 1",
        {"start": least_id(start), "end": least_id(end), "final": [status.value for status in RUN_FINAL]},
    ).fetchone()
    return row is not None or _being_replayed(tx, start, end)


def _being_replayed(tx: Tx, start: datetime, end: datetime) -> bool:
    """A run that has not ended, of whatever month, replays rows that were rejected in these."""
    row = tx.execute(
        """
        SELECT 1 AS held FROM dead_letters d JOIN runs r ON r.id = d.replay_run
         WHERE d.run_id >= %(start)s AND d.run_id < %(end)s AND NOT r.status = ANY(%(final)s) LIMIT 1
        """,
        {"start": least_id(start), "end": least_id(end), "final": [status.value for status in RUN_FINAL]},
    ).fetchone()
    return row is not None
