"""One transaction that holds all a stage writes to one database, and its marker. Nothing of it is seen before it is all there."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

from shared.connectors.dbapi import computing, markers
from shared.connectors.dbapi.batches import Batches
from shared.connectors.dbapi.database import Connection, Database
from shared.connectors.dbapi.publish import NOT_KNOWN, Publishing
from shared.connectors.dbapi.sifting import Aside, Sifting
from shared.connectors.errors import RejectedData
from shared.connectors.protocols import ArrowRows, AttemptKey, Checkpoint, Computed, Query, Rows, SinkWrite
from shared.connectors.retention import outdated
from shared.errors import PenstockError
from shared.kill_points import kill_point
from shared.sql.writes import STAGED

log = logging.getLogger(__name__)


class TableSession:
    """Opening it ends older attempts, takes the locks on the targets, and looks for the marker.

    Rows are staged before the transaction begins, where the database has one lock for all: it is then held only while they are published.
    The marker is looked up once more as the transaction begins, since another attempt may have committed meanwhile.
    """

    def __init__(self, database: Database, key: AttemptKey, writes: tuple[SinkWrite, ...]) -> None:
        self._database, self._key = database, key
        self._writes = tuple(self._placed(write) for write in writes)
        self._targets = sorted({write.target for write in self._writes})
        self._begun = self._prepared = False
        self._stands: dict[str, Any] | None = None
        self._batches: Batches | None = None
        self._aside: list[Aside] = []
        # Of the last write: who of its rows were set aside and which were left, and how many were given and lost to another of their key.
        self._sifting: Sifting | None = None
        self._told_of: tuple[Publishing, int, int] | None = None
        with database.translated():
            self._connection: Connection = database.connect(key.session, write=True)
            try:
                database.make_markers(self._connection, markers.make(database))
                database.enter(self._connection, key, self._targets)
                self.adopted = markers.find(database, self._connection, key)
                if database.ddl_commits:
                    # A look begins a transaction there, which would keep its locks while the rows are on their way.
                    database.commit(self._connection)
            except BaseException:
                self._connection.close()
                raise
        if self.adopted is not None:
            self.abort()

    def write(self, write: SinkWrite, rows: Rows) -> dict[str, int | None]:
        with self._database.translated():
            self._prepare()
            if not self._begun:
                # All of them: making or changing a table later would commit what is written by then, in some databases, without its marker.
                for other in self._writes[1:]:
                    if all(column.type != "UNKNOWN" for column in other.columns):
                        self._publishing(other).target(other, other.columns)
            publishing = self._publishing(placed := self._placed(write))
            self._sifting = None
            if not self.sets_aside(write):
                figures = publishing.write(placed, rows)
            else:
                self._sifting = sifting = Sifting(self._told(publishing.write), self._say, self._begin_afresh)
                self._aside = sifting.aside
                figures = sifting.written(placed, rows)
            self._told_of = publishing, rows.count, figures.get("merged") or 0
            return figures

    def rejected(self) -> Iterator[tuple[str, str, str | None]]:
        yield from self._aside

    def unwritten(self) -> Iterator[list[int]]:
        if self._sifting is not None:
            yield [place + 1 for place in self._sifting.places]
        if self._told_of is not None and self._told_of[2]:
            publishing, rows, _ = self._told_of
            with self._database.translated():
                for numbers in publishing.lost(rows):
                    yield numbers if self._sifting is None else self._sifting.came_as(numbers)

    def sets_aside(self, write: SinkWrite) -> bool:
        """Where one sink's rows are taken back, another's are not to go with them."""
        return bool(write.options.get("setAside")) and self._database.savepoints and len(self._writes) == 1

    def _told(
        self, write: Callable[[SinkWrite, ArrowRows], dict[str, int | None]]
    ) -> Callable[[SinkWrite, ArrowRows], dict[str, int | None]]:
        """With what the driver says in our words, by which it is known whether it was a row."""

        def told(sink: SinkWrite, rows: ArrowRows) -> dict[str, int | None]:
            with self._database.translated():
                return write(sink, rows)

        return told

    def _say(self, statement: str) -> None:
        self._database.execute(self._connection, statement)

    def _begin_afresh(self) -> bool:
        self._database.rollback(self._connection)
        self._begun = False
        staged = self._database.forget(self._database.own(STAGED))
        staged.set("exists", True)
        self._database.execute(self._connection, staged)
        return self._begin()

    @property
    def schema(self) -> str | None:
        return self._database.schema

    def keep(self, name: str, query: Query) -> int:
        with self._database.translated():
            self._compute()
            return computing.keep(self._database, self._connection, name, query)

    def tally(self, tallies: tuple[tuple[str, str | None], ...]) -> tuple[int | None, ...]:
        with self._database.translated():
            self._compute()
            return computing.tally(self._database, self._connection, tallies)

    def fetch(self, query: Query) -> Iterator[tuple[Any, ...]]:
        with self._database.translated():
            self._compute()
            yield from self._database.fetch(self._connection, computing.text(self._database, query))

    def write_query(self, write: SinkWrite, query: Query) -> Computed:
        with self._database.translated():
            self._compute()
            if self._stands is not None:
                return Computed(dict(NOT_KNOWN), None, (None,) * len(query.tallies))
            return self._publishing(placed := self._placed(write)).write_query(placed, query)

    @property
    def checkpoints(self) -> bool:
        return self._database.checkpoints

    def resume(self, write: SinkWrite, source: str) -> Checkpoint:
        with self._database.translated():
            placed = self._placed(write)
            self._batches = Batches(self._database, self._connection, self._key, self._publishing(placed), placed, source)
            return self._batches.resume(placed.target)

    def put_batch(self, write: SinkWrite, rows: Rows) -> Checkpoint:
        assert self._batches is not None
        with self._database.translated():
            return self._batches.put(rows)

    def publish_batches(self, write: SinkWrite) -> Computed:
        assert self._batches is not None
        with self._database.translated():
            if not self._begin():
                return Computed(dict(NOT_KNOWN), None)
            return self._batches.publish(self._placed(write))

    def drop_batches(self) -> None:
        assert self._batches is not None
        with self._database.translated():
            self._database.rollback(self._connection)
            self._begun = False
            self._batches.drop()
            self._batches = None

    def _placed(self, write: SinkWrite) -> SinkWrite:
        return replace(write, target=self._database.placed(write.target))

    def _publishing(self, write: SinkWrite) -> Publishing:
        number = self._writes.index(write)
        # Several sinks of one session have a table each, where it cannot be made anew for the next.
        staged = STAGED if not number or not self._database.ddl_commits else f"{STAGED}_{number + 1}"
        return Publishing(self._database, self._connection, self._begin, self._database.own(staged))

    def _prepare(self) -> None:
        if self._database.ddl_commits and not self._prepared:
            self._prepared = True
            for write in self._writes:
                self._publishing(write).prepare(write)
            self._database.commit(self._connection)

    def _compute(self) -> None:
        """All calls see one snapshot, that of the transaction. Tables are made before it, since that would end it in some databases.

        Where what is kept is such a table too, each is computed on a snapshot of its own, and the transaction begins with the first write.
        """
        if self._database.ddl_commits:
            self._prepare()
        elif not self._begun:
            for write in self._writes:
                self._publishing(write).target(write, write.columns)
            self._begin()

    def _begin(self) -> bool:
        if not self._begun:
            self._database.begin(self._connection)
            self._database.lock(self._connection, self._targets)
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
        kill_point("dbapi.marked")
        self._database.commit(self._connection)
        if self._batches is not None:
            # Not before: it would be a commit of its own in some databases. What dies here leaves a table that is swept.
            self._batches.forget()
        self._prune()
        return outcome

    def _prune(self) -> None:
        """Markers that are old; what stands in the way of that is no concern of the load's."""
        if (before := outdated(self._key)) is not None:
            try:
                with self._database.translated():
                    markers.prune(self._database, self._connection, before)
                    self._database.commit(self._connection)
            except PenstockError as error:
                log.warning("old markers were not dropped: %s", error.message)

    def cancel(self) -> None:
        self._database.interrupt(self._connection)

    def abort(self) -> None:
        # What a driver says of a connection that is gone already is nobody's concern; its transaction is rolled back with it.
        with suppress(Exception):
            self._connection.close()
