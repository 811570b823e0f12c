"""The commit marker: a row in the destination, committed with the rows it stands for, and it
holds the outcome of the attempt that wrote them.
"""

from __future__ import annotations

import os
from datetime import datetime
from typing import Any, LiteralString, cast

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from shared.connectors.protocols import AttemptKey

# Of the commit itself; those from 1 on are checkpoints of a load that is not committed yet.
BATCH = 0


def _table() -> sql.Composable:
    """Name, or schema.name, from PENSTOCK_MARKER_TABLE; it may be made beforehand, by somebody who has the right."""
    return sql.SQL(".").join(sql.Identifier(part) for part in os.environ.get("PENSTOCK_MARKER_TABLE", "penstock_markers").split("."))


def ensure(connection: psycopg.Connection[Any]) -> None:
    """Makes the marker table where it is missing; in a transaction of its own, so that a race leaves nothing half done."""
    if connection.execute("SELECT to_regclass(%s) IS NOT NULL", (_table().as_string(connection),)).fetchone() == (True,):
        return
    with connection.transaction():
        # CREATE TABLE IF NOT EXISTS can still collide with itself.
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('penstock.markers'))")
        connection.execute(
            sql.SQL(
                "CREATE TABLE IF NOT EXISTS {} (namespace text, run uuid, node text, rerun integer, batch integer, epoch integer NOT NULL,"
                " outcome jsonb NOT NULL, at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (namespace, run, node, rerun, batch))"
            ).format(_table())
        )


def find(connection: psycopg.Connection[Any], key: AttemptKey) -> dict[str, Any] | None:
    row = connection.execute(
        sql.SQL("SELECT outcome FROM {} WHERE namespace = %s AND run = %s AND node = %s AND rerun = %s AND batch = %s").format(_table()),
        (key.namespace, key.committed_as, key.nodes[0], key.rerun, BATCH),
    ).fetchone()
    return None if row is None else row[0]


def put(connection: psycopg.Connection[Any], key: AttemptKey, outcome: dict[str, Any]) -> None:
    """One row per sink node of the stage; a second attempt's collides with the first's."""
    for node in key.nodes:
        connection.execute(
            sql.SQL("INSERT INTO {} (namespace, run, node, rerun, batch, epoch, outcome) VALUES (%s, %s, %s, %s, %s, %s, %s)").format(
                _table()
            ),
            (key.namespace, key.committed_as, node, key.rerun, BATCH, key.epoch, Jsonb(outcome)),
        )


def last_checkpoint(connection: psycopg.Connection[Any], key: AttemptKey) -> dict[str, Any] | None:
    row = connection.execute(
        sql.SQL(
            "SELECT outcome FROM {} WHERE namespace = %s AND run = %s AND node = %s AND rerun = %s AND batch > %s"
            " ORDER BY batch DESC LIMIT 1"
        ).format(_table()),
        (*_of(key), BATCH),
    ).fetchone()
    return None if row is None else row[0]


def put_checkpoint(connection: psycopg.Connection[Any], key: AttemptKey, batch: int, checkpoint: dict[str, Any]) -> None:
    """Raises UniqueViolation where another attempt has put that batch."""
    connection.execute(
        sql.SQL("INSERT INTO {} (namespace, run, node, rerun, batch, epoch, outcome) VALUES (%s, %s, %s, %s, %s, %s, %s)").format(_table()),
        (*_of(key), batch, key.epoch, Jsonb(checkpoint)),
    )


def forget_checkpoints(connection: psycopg.Connection[Any], key: AttemptKey) -> None:
    connection.execute(
        sql.SQL("DELETE FROM {} WHERE namespace = %s AND run = %s AND node = %s AND rerun = %s AND batch > %s").format(_table()),
        (*_of(key), BATCH),
    )


def prune(connection: psycopg.Connection[Any], before: datetime) -> int:
    """Drops what is older, with the tables of loads that nobody went on with; returns how many rows."""
    left = connection.execute(
        sql.SQL("SELECT DISTINCT outcome ->> 'table' FROM {} WHERE batch > %s AND at < %s AND outcome ? 'table'").format(_table()),
        (BATCH, before),
    ).fetchall()
    for (table,) in left:
        # A name that was made and quoted here.
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.SQL(cast(LiteralString, table))))
    return connection.execute(sql.SQL("DELETE FROM {} WHERE at < %s").format(_table()), (before,)).rowcount


def _of(key: AttemptKey) -> tuple[str, str, str, int]:
    return key.namespace, key.committed_as, key.nodes[0], key.rerun
