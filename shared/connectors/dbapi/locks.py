"""The row of the marker table that stands for a target: whoever is about to write the target changes it first, and so waits for whoever
did before, in every database that has transactions. No two loads of one target are published at once, and none misses another's marker.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlglot import exp

from shared.connectors.dbapi import markers
from shared.connectors.dbapi import statements as say
from shared.connectors.errors import RejectedData

if TYPE_CHECKING:
    from shared.connectors.dbapi.database import Connection, Database

# Not a namespace, nor a run, that any load can have.
_KEY = {"namespace": markers.LOCKS, "run": "lock"}
_MOST = 255


def make(database: Database, connection: Connection, target: str) -> None:
    """The row, committed, where it is not there yet."""
    found = exp.Select(expressions=[exp.Count(this=exp.Star())]).from_(markers.table(database), copy=False).where(_this(), copy=False)
    if database.fetch_one(connection, found, _values(target)) != (0,):
        return
    row = {**_KEY, "node": target[:_MOST], "rerun": 0, "batch": 0, "epoch": 0, "outcome": "{}", "at": datetime.now(UTC).isoformat()}
    try:
        with database.translated():
            database.execute(connection, say.insert_values(markers.table(database), list(row)), list(row.values()))
            database.commit(connection)
    except RejectedData:
        # Somebody else made it meanwhile. Where nothing keeps keys unique there are two rows then, and both are changed.
        database.rollback(connection)


def take(database: Database, connection: Connection, target: str) -> None:
    """Waits until nobody else holds it; held until the transaction ends."""
    at = exp.EQ(this=exp.column("at", quoted=True), expression=exp.Placeholder())
    said = exp.Update(this=markers.table(database), expressions=[at], where=exp.Where(this=_this()))
    database.execute(connection, said, (datetime.now(UTC).isoformat(), *_values(target)))


def _this() -> exp.Expr:
    return exp.and_(*(exp.EQ(this=column, expression=exp.Placeholder()) for column in say.columns(["namespace", "run", "node"])))


def _values(target: str) -> tuple[str, ...]:
    # Long names that begin alike share a row, and wait for one another.
    return (*_KEY.values(), target[:_MOST])
