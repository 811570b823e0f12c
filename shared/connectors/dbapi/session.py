"""One transaction that holds all a stage writes to one database, and its marker. Nothing of it is seen before it is all there."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from shared.connectors.dbapi import markers
from shared.connectors.dbapi.database import Connection, Database
from shared.connectors.dbapi.publish import Publishing
from shared.connectors.errors import RejectedData
from shared.connectors.protocols import AttemptKey, Rows, SinkWrite


class TableSession:
    """Opening it ends older attempts, takes the locks on the targets, and looks for the marker.

    Rows are staged before the transaction begins, where the database has one lock for all: it is then held only while they are published.
    The marker is looked up once more as the transaction begins, since another attempt may have committed meanwhile.
    """

    def __init__(self, database: Database, key: AttemptKey, writes: tuple[SinkWrite, ...]) -> None:
        self._database, self._key = database, key
        self._begun = False
        self._stands: dict[str, Any] | None = None
        with database.translated():
            self._connection: Connection = database.connect(key.session, write=True)
            try:
                database.execute(self._connection, markers.make())
                database.enter(self._connection, key, sorted({write.target for write in writes}))
                self.adopted = markers.find(database, self._connection, key)
            except BaseException:
                self._connection.close()
                raise
        if self.adopted is not None:
            self.abort()

    def write(self, write: SinkWrite, rows: Rows) -> dict[str, int | None]:
        with self._database.translated():
            return Publishing(self._database, self._connection, self._begin).write(write, rows)

    def _begin(self) -> bool:
        if not self._begun:
            self._database.begin(self._connection)
            self._begun = True
            self._stands = markers.find(self._database, self._connection, self._key)
        return self._stands is None

    def commit(self, outcome: dict[str, Any]) -> dict[str, Any]:
        with self._database.translated():
            try:
                if not self._begin():
                    assert self._stands is not None
                    self._database.rollback(self._connection)
                    return self._stands
                return self._commit(outcome)
            finally:
                self._connection.close()

    def _commit(self, outcome: dict[str, Any]) -> dict[str, Any]:
        try:
            with self._database.translated():
                markers.put(self._database, self._connection, self._key, outcome)
        except RejectedData:
            # Its key is taken: another attempt was first, and its outcome stands.
            self._database.rollback(self._connection)
            stands = markers.find(self._database, self._connection, self._key)
            if stands is None:
                raise
            return stands
        self._database.commit(self._connection)
        return outcome

    def cancel(self) -> None:
        self._database.interrupt(self._connection)

    def abort(self) -> None:
        # What a driver says of a connection that is gone already is nobody's concern; its transaction is rolled back with it.
        with suppress(Exception):
            self._connection.close()
