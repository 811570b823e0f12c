"""All that a stage writes to one ClickHouse: staged as it is computed, agreed on at the commit, then published (`journal`, `publish`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from shared.connectors.clickhouse import journal
from shared.connectors.clickhouse.catalogue import Table
from shared.connectors.clickhouse.client import Server
from shared.connectors.clickhouse.computing import Computing
from shared.connectors.clickhouse.publish import carry_out
from shared.connectors.clickhouse.staging import Staging
from shared.connectors.clickhouse.targets import taken, target
from shared.connectors.protocols import AttemptKey, Computed, Query, Rows, SinkWrite
from shared.errors import PenstockError
from shared.kill_points import kill_point
from shared.sql.writes import ORDINAL

Figures = dict[str, int | None]


class Session:
    """Opening it ends older attempts' statements and looks for what was agreed; what an earlier attempt left half published is finished."""

    def __init__(self, config: Mapping[str, Any], key: AttemptKey) -> None:
        self._key = key
        self._server = Server(config, key.session)
        self._staging = Staging(self._server, key)
        self._computing = Computing(self._server, self._staging)
        self._steps: list[journal.Step] = []
        self._agreed = False
        self.adopted: dict[str, Any] | None = None
        try:
            journal.make(self._server)
            self._server.end(f"penstock/{key.run}/{key.stage}/", but=f"{key.session}/")
            if (standing := journal.find(self._server, key)) is not None:
                self._finish(standing)
                self.adopted = standing.outcome
        except BaseException:
            self._server.close()
            raise
        if self.adopted is not None:
            self._server.close()

    @property
    def schema(self) -> str:
        return self._server.database

    def keep(self, name: str, query: Query) -> int:
        return self._computing.keep(name, query)

    def tally(self, tallies: tuple[tuple[str, str | None], ...]) -> tuple[int | None, ...]:
        return self._computing.tally(tallies)

    def fetch(self, query: Query) -> Iterator[tuple[Any, ...]]:
        return self._computing.fetch(query)

    def write(self, write: SinkWrite, rows: Rows) -> Figures:
        table = target(self._server, write, rows.columns)
        reader = rows.arrow()
        into = taken(table, write, list(reader.schema.names))

        def load(where: str, numbered: bool) -> int:
            self._staging.load(where, into, reader, numbered=numbered)
            return rows.count

        return self._written(table, write, list(reader.schema.names), load)[0]

    def write_query(self, write: SinkWrite, query: Query) -> Computed:
        """The rows go by way of this worker only where they are not of the target's own types."""
        table = target(self._server, write, write.columns)
        names = [column.name for column in write.columns]
        into, text = taken(table, write, names), self._computing.text(query)
        there = self._computing.exact(text, into)

        def load(where: str, numbered: bool) -> int:
            if there:
                return self._computing.insert(where, names, text, ORDINAL if numbered else None)
            return self._staging.load(where, into, self._computing.batches(text, write.columns), numbered=numbered)

        figures, rows = self._written(table, write, names, load)
        return Computed(figures, rows, self._computing.tally(query.tallies, query))

    def _written(self, table: Table, write: SinkWrite, names: list[str], load: Callable[[str, bool], int]) -> tuple[Figures, int]:
        """`load` brings the rows into an empty table, numbered or not, and says how many; what becomes of them is a step of the commit."""
        figures: Figures = {"rowsInserted": None, "rowsUpdated": None, "rowsUnchanged": None, "rowsDeleted": 0, "merged": None}
        if write.write_mode == "OVERWRITE":
            fresh, step = self._staging.fresh(table, write.node)
            rows = load(fresh, False)
            self._steps.append(step)
            # Rows that others add until the tables are exchanged are dropped uncounted.
            return figures | {"rowsInserted": rows, "rowsUpdated": 0, "rowsUnchanged": 0, "rowsDeleted": None}, rows
        staged = self._staging.staged(table, names)
        rows = load(staged, True)
        if write.write_mode == "UPSERT":
            # Which of them were there already, no insert says.
            staged, distinct = self._staging.latest(staged, table, names, write)
            figures["merged"] = rows - distinct
        else:
            figures |= {"rowsInserted": rows, "rowsUpdated": 0, "rowsUnchanged": 0}
        self._steps.append(
            {"does": "insert", "node": write.node, "place": list(table.place), "staged": staged, "columns": names, "last": rows}
        )
        return figures, rows

    def commit(self, outcome: dict[str, Any]) -> dict[str, Any]:
        try:
            # From here on what is staged may be what stands, whether or not an answer comes.
            self._agreed = True
            standing = journal.agree(self._server, self._key, outcome, self._steps)
            kill_point("clickhouse.agreed")
            self._finish(standing)
            return standing.outcome
        finally:
            self._server.close()

    def _finish(self, standing: journal.Standing) -> None:
        if not standing.published:
            try:
                carry_out(self._server, self._key, standing)
            except PenstockError:
                # Two that do it at once come to the same end, but not if one has tidied up already.
                again = journal.find(self._server, self._key)
                if again is None or not again.published:
                    raise
        self._staging.forget_all(standing.steps)

    def cancel(self) -> None:
        self._server.cancel()

    def abort(self) -> None:
        # What a server says that is gone is nobody's concern here; the next attempt tidies up.
        with suppress(Exception):
            if not self._agreed:
                self._staging.forget()
            self._server.close()
