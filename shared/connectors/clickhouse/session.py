"""All that a stage writes to one ClickHouse: staged as it is computed, agreed on at the commit, then published (`journal`, `publish`)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from shared.connectors.clickhouse import journal
from shared.connectors.clickhouse.client import Server
from shared.connectors.clickhouse.publish import carry_out
from shared.connectors.clickhouse.staging import Staging
from shared.connectors.clickhouse.targets import taken, target
from shared.connectors.protocols import AttemptKey, Rows, SinkWrite
from shared.errors import PenstockError

Figures = dict[str, int | None]


class Session:
    """Opening it ends older attempts' statements and looks for what was agreed; what an earlier attempt left half published is finished."""

    def __init__(self, config: Mapping[str, Any], key: AttemptKey) -> None:
        self._key = key
        self._server = Server(config, key.session)
        self._staging = Staging(self._server, key)
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

    def write(self, write: SinkWrite, rows: Rows) -> Figures:
        table = target(self._server, write, rows.columns)
        reader = rows.arrow()
        names = list(reader.schema.names)
        into = taken(table, write, names)
        if write.write_mode == "OVERWRITE":
            fresh, step = self._staging.fresh(table, write.node)
            self._staging.load(fresh, into, reader, numbered=False)
            self._steps.append(step)
            # Rows that others add until the tables are exchanged are dropped uncounted.
            return {"rowsInserted": rows.count, "rowsUpdated": 0, "rowsUnchanged": 0, "rowsDeleted": None, "merged": None}
        staged = self._staging.staged(table, names)
        self._staging.load(staged, into, reader, numbered=True)
        # Which rows of an UPSERT were there already, no insert says.
        figures: Figures = {"rowsInserted": None, "rowsUpdated": None, "rowsUnchanged": None, "rowsDeleted": 0, "merged": None}
        if write.write_mode == "UPSERT":
            staged, distinct = self._staging.latest(staged, table, names, write)
            figures["merged"] = rows.count - distinct
        else:
            figures |= {"rowsInserted": rows.count, "rowsUpdated": 0, "rowsUnchanged": 0}
        self._steps.append(
            {"does": "insert", "node": write.node, "place": list(table.place), "staged": staged, "columns": names, "last": rows.count}
        )
        return figures

    def commit(self, outcome: dict[str, Any]) -> dict[str, Any]:
        try:
            # From here on what is staged may be what stands, whether or not an answer comes.
            self._agreed = True
            standing = journal.agree(self._server, self._key, outcome, self._steps)
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
