"""The commit marker: a row in the destination, committed with the rows it stands for, and it
holds the outcome of the attempt that wrote them.
"""

from __future__ import annotations

import os
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from shared.connectors.protocols import AttemptKey

# This release writes a stage in one batch.
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
        (key.namespace, key.run, key.nodes[0], key.rerun, BATCH),
    ).fetchone()
    return None if row is None else row[0]


def put(connection: psycopg.Connection[Any], key: AttemptKey, outcome: dict[str, Any]) -> None:
    """One row per sink node of the stage; a second attempt's collides with the first's."""
    for node in key.nodes:
        connection.execute(
            sql.SQL("INSERT INTO {} (namespace, run, node, rerun, batch, epoch, outcome) VALUES (%s, %s, %s, %s, %s, %s, %s)").format(
                _table()
            ),
            (key.namespace, key.run, node, key.rerun, BATCH, key.epoch, Jsonb(outcome)),
        )
