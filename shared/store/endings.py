"""Runs that have ended, until all conclusions are drawn from it. Written in the transaction that ends the run, so none is forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.store.database import Tx


@dataclass(frozen=True, slots=True)
class Ending:
    """One end of a run; a run that was asked for again ends again. `status`: what it ended as."""

    id: int
    run: str
    namespace: str
    pipeline: str
    status: str
    at: datetime


def add(tx: Tx, run: str, namespace: str, pipeline: str, status: str) -> None:
    tx.execute(
        "INSERT INTO endings (run_id, namespace, pipeline, status) VALUES (%(run)s, %(ns)s, %(p)s, %(status)s)",
        {"run": run, "ns": namespace, "p": pipeline, "status": status},
    )


def mine(tx: Tx) -> bool:
    """Whether this transaction may draw conclusions. One at a time may: two that start the same pipelines for different ends would each
    wait for rows that the other holds.
    """
    row = tx.execute("SELECT pg_try_advisory_xact_lock(hashtext('penstock.endings')) AS mine").fetchone()
    return row is not None and bool(row["mine"])


def take(tx: Tx, limit: int) -> list[Ending]:
    """The oldest, locked; those that somebody holds are passed over. `drop` them in the same transaction."""
    rows = tx.execute(
        "SELECT id, run_id::text AS run, namespace, pipeline, status, at FROM endings ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED",
        {"limit": limit},
    )
    return [Ending(**row) for row in rows]


def drop(tx: Tx, ids: list[int]) -> None:
    tx.execute("DELETE FROM endings WHERE id = ANY(%(ids)s)", {"ids": ids})
