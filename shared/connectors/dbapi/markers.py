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

# Of the commit itself; those from 1 on are checkpoints of a load that is not committed yet.
BATCH = 0
# The namespace of rows that stand for targets (`locks`).
LOCKS = "penstock lock"
_KEYS = ("namespace", "run", "node", "rerun", "batch")
_TYPES = {"namespace": "VARCHAR(255)", "run": "VARCHAR(36)", "node": "VARCHAR(255)", "rerun": "INTEGER", "batch": "INTEGER"}


def table_name(database: Database) -> str:
    """Name, or schema.name, from PENSTOCK_MARKER_TABLE; it may be made beforehand, by somebody who has the right."""
    return database.placed(os.environ.get("PENSTOCK_MARKER_TABLE", "penstock_markers"))


def table(database: Database) -> exp.Table:
    return named(table_name(database))


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
    said = exp.Select(expressions=columns(["outcome"])).from_(table(database), copy=False).where(_where(exp.EQ), copy=False)
    found = database.fetch(connection, said, _of(key))
    return json.loads(found[0][0]) if found else None


def put(database: Database, connection: Connection, key: AttemptKey, outcome: dict[str, Any]) -> None:
    """One row per sink node of the stage; a second attempt's collides with the first's."""
    for node in key.nodes:
        _put(database, connection, key, node, BATCH, outcome)


def last_checkpoint(database: Database, connection: Connection, key: AttemptKey) -> dict[str, Any] | None:
    said = exp.Select(expressions=columns(["outcome"])).from_(table(database), copy=False).where(_where(exp.GT), copy=False)
    found = [json.loads(outcome) for (outcome,) in database.fetch(connection, said, _of(key))]
    return max(found, key=lambda one: int(one["batch_id"]), default=None)


def put_checkpoint(database: Database, connection: Connection, key: AttemptKey, batch: int, checkpoint: dict[str, Any]) -> None:
    """Raises RejectedData where another attempt has put that batch."""
    _put(database, connection, key, key.nodes[0], batch, checkpoint)


def forget_checkpoints(database: Database, connection: Connection, key: AttemptKey) -> None:
    database.execute(connection, exp.Delete(this=table(database), where=exp.Where(this=_where(exp.GT))), _of(key))


def prune(database: Database, connection: Connection, before: datetime) -> int:
    """Drops what is older, with the tables of loads that nobody went on with; returns how many rows."""
    at = exp.LT(this=columns(["at"])[0], expression=exp.Placeholder())
    later = exp.GT(this=columns(["batch"])[0], expression=exp.Placeholder())
    said = exp.Select(expressions=columns(["outcome"])).from_(table(database), copy=False).where(exp.and_(at, later), copy=False)
    left = [json.loads(outcome) for (outcome,) in database.fetch(connection, said, (before.isoformat(), BATCH))]
    for name in sorted({str(one["table"]) for one in left}):
        database.execute(connection, exp.Drop(tables=[named(name)], kind="TABLE", exists=True))
    # Rows that stand for targets are kept: who loads changes them first.
    marks = exp.NEQ(this=columns(["namespace"])[0], expression=exp.Placeholder())
    old = exp.Delete(this=table(database), where=exp.Where(this=exp.and_(at.copy(), marks)))
    return database.execute(connection, old, (before.isoformat(), LOCKS))


def probe(database: Database, connection: Connection) -> None:
    """Takes a row in and out again, in the caller's transaction: what a sink has to be allowed. Raises what stands in the way."""
    key = AttemptKey("penstock", "00000000-0000-0000-0000-000000000000", 0, 0, 0, ("check",))
    _put(database, connection, key, "check", BATCH, {})
    database.execute(connection, exp.Delete(this=table(database), where=exp.Where(this=_where(exp.EQ))), _of(key))


def _put(database: Database, connection: Connection, key: AttemptKey, node: str, batch: int, outcome: dict[str, Any]) -> None:
    said = insert_values(table(database), [*_KEYS, "epoch", "outcome", "at"])
    values = (key.namespace, key.committed_as, node, key.rerun, batch, key.epoch, json.dumps(outcome), datetime.now(UTC).isoformat())
    database.execute(connection, said, values)


def _where(batch: type[exp.Binary]) -> exp.Expr:
    """One attempt's rows; `batch` compares theirs with the last value."""
    *keys, last = columns(_KEYS)
    equal = [exp.EQ(this=column, expression=exp.Placeholder()) for column in keys]
    return exp.and_(*equal, batch(this=last, expression=exp.Placeholder()))


def _of(key: AttemptKey) -> tuple[str, str, str, int, int]:
    return key.namespace, key.committed_as, key.nodes[0], key.rerun, BATCH
