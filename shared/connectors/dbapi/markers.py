"""The commit marker: a row in the destination, committed with the rows it stands for, that holds the outcome of their attempt."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import Any

from sqlglot import exp

from shared.connectors.dbapi.database import Connection, Database
from shared.connectors.dbapi.statements import columns, insert_values, quoted
from shared.connectors.protocols import AttemptKey
from shared.sql.reads import named

# This release writes a stage in one batch.
BATCH = 0
_KEYS = ("namespace", "run", "node", "rerun", "batch")
_TYPES = {"namespace": "VARCHAR(255)", "run": "VARCHAR(36)", "node": "VARCHAR(255)", "rerun": "INTEGER", "batch": "INTEGER"}


def table(database: Database) -> exp.Table:
    """Name, or schema.name, from PENSTOCK_MARKER_TABLE; it may be made beforehand, by somebody who has the right."""
    return named(database.placed(os.environ.get("PENSTOCK_MARKER_TABLE", "penstock_markers")))


def make(database: Database) -> exp.Create:
    types = {**_TYPES, "epoch": "INTEGER", "outcome": "LONGTEXT", "at": "VARCHAR(32)"}
    parts: list[exp.Expr] = [
        exp.ColumnDef(
            this=quoted(name),
            kind=exp.DataType.build(kind, dialect="mysql"),
            constraints=[exp.ColumnConstraint(kind=exp.NotNullColumnConstraint())],
        )
        for name, kind in types.items()
    ]
    parts.append(exp.PrimaryKey(expressions=[quoted(key) for key in _KEYS]))
    return exp.Create(this=exp.Schema(this=table(database), expressions=parts), kind="TABLE", exists=True)


def find(database: Database, connection: Connection, key: AttemptKey) -> dict[str, Any] | None:
    where = exp.and_(*(exp.EQ(this=column, expression=exp.Placeholder()) for column in columns(_KEYS)))
    said = exp.Select(expressions=columns(["outcome"])).from_(table(database), copy=False).where(where, copy=False)
    found = database.fetch(connection, said, (key.namespace, key.run, key.nodes[0], key.rerun, BATCH))
    return json.loads(found[0][0]) if found else None


def put(database: Database, connection: Connection, key: AttemptKey, outcome: dict[str, Any]) -> None:
    """One row per sink node of the stage; a second attempt's collides with the first's."""
    said = insert_values(table(database), [*_KEYS, "epoch", "outcome", "at"])
    for node in key.nodes:
        values = (key.namespace, key.run, node, key.rerun, BATCH, key.epoch, json.dumps(outcome), datetime.now(UTC).isoformat())
        database.execute(connection, said, values)
