"""Rows that a table does not take are set aside, and the others go in: for databases with savepoints.

First all rows are written as if none were wrong. Where the database refuses, the transaction is begun anew, and the rows, which were
kept in a file on their way, go in by halves: a half that is refused is taken back and halved again, down to the row that is wrong.

The good rows of an UPSERT are written together, and may be refused together though each is taken alone (two new rows that ask for one
name): then each half is held against all that are good before it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pyarrow as pa

from shared.connectors.errors import RejectedData
from shared.connectors.protocols import ArrowRows, SinkWrite
from shared.datasets import Columns
from shared.formats.json_values import record

Figures = dict[str, int | None]
Aside = tuple[str, str, str | None]
# Found one by one; beyond that it is the load that is wrong.
MOST_ASIDE = 10_000
_WRITTEN = ("rowsInserted", "rowsUpdated", "rowsUnchanged", "rowsDeleted")


class Kept:
    """Rows on their way, noted in a file as they are read. To be closed."""

    def __init__(self, rows: ArrowRows) -> None:
        self._rows = rows
        self._file = tempfile.NamedTemporaryFile(prefix="penstock-rows-")  # noqa: SIM115 (closed by `close`)
        self._reader: pa.RecordBatchReader | None = None
        self._writer: pa.RecordBatchWriter | None = None

    @property
    def columns(self) -> Columns:
        return self._rows.columns

    @property
    def count(self) -> int:
        return self._rows.count

    def arrow(self) -> pa.RecordBatchReader:
        self._reader = self._rows.arrow()
        self._writer = pa.ipc.new_file(self._file.name, self._reader.schema)
        return pa.RecordBatchReader.from_batches(self._reader.schema, self._noted())

    def _noted(self) -> Iterator[pa.RecordBatch]:
        assert self._reader is not None and self._writer is not None
        for batch in self._reader:
            self._writer.write_batch(batch)
            yield batch

    def everything(self) -> pa.Table:
        """All rows, those too that nobody has read yet; in the file, not in memory."""
        if self._writer is None:
            self.arrow()
        for _ in self._noted():
            pass
        assert self._writer is not None
        self._writer.close()
        return pa.ipc.open_file(pa.memory_map(self._file.name)).read_all()

    def close(self) -> None:
        self._file.close()


@dataclass(frozen=True, slots=True)
class Slice:
    """Some of the rows, as rows."""

    table: pa.Table
    columns: Columns

    @property
    def count(self) -> int:
        return int(self.table.num_rows)

    def arrow(self) -> pa.RecordBatchReader:
        return self.table.to_reader()


@dataclass(slots=True)
class Sifting:
    """`write` publishes rows; `say` runs a statement of the transaction; `afresh` takes back all that was written and begins it again."""

    write: Callable[[SinkWrite, ArrowRows], Figures]
    say: Callable[[str], None]
    afresh: Callable[[], bool]
    aside: list[Aside] = field(default_factory=list)

    def written(self, sink: SinkWrite, rows: ArrowRows) -> Figures:
        kept = Kept(rows)
        try:
            try:
                return self.write(sink, kept)
            except RejectedData:
                everything = kept.everything()
                if not self.afresh():
                    return dict.fromkeys(_WRITTEN)
                return self._sifted(sink, everything, rows.columns)
        finally:
            kept.close()

    def _sifted(self, sink: SinkWrite, everything: pa.Table, columns: Columns) -> Figures:
        if sink.write_mode == "UPSERT":
            # What was changed and changed again is one change: the good rows are written together.
            good = self._halves(sink, everything, columns, keep=False)
            self.say("SAVEPOINT penstock_rows")
            try:
                figures = self.write(sink, Slice(good, columns))
            except RejectedData:
                self.say("ROLLBACK TO SAVEPOINT penstock_rows")
                half = good.num_rows // 2
                taken = self._together(sink, good.slice(0, 0), good.slice(0, half), columns)
                taken = self._together(sink, taken, good.slice(half), columns)
                figures = self.write(sink, Slice(taken, columns))
            return figures | {"rejected": len(self.aside)}
        deleted: int | None = 0
        if sink.write_mode == "OVERWRITE":
            deleted = self.write(sink, Slice(everything.slice(0, 0), columns))["rowsDeleted"]
        good = self._halves(replace(sink, write_mode="INSERT"), everything, columns, keep=True)
        figures = dict.fromkeys(_WRITTEN, 0) | {"merged": None}
        return figures | {"rowsInserted": good.num_rows, "rowsDeleted": deleted, "rejected": len(self.aside)}

    def _halves(self, sink: SinkWrite, rows: pa.Table, columns: Columns, *, keep: bool) -> pa.Table:
        """The rows that go in. `keep`: they stay there, so that a row is held against those before it."""
        if not rows.num_rows:
            return rows
        self.say("SAVEPOINT penstock_rows")
        try:
            self.write(sink, Slice(rows, columns))
        except RejectedData as refusal:
            self.say("ROLLBACK TO SAVEPOINT penstock_rows")
            if rows.num_rows == 1:
                self._set_aside(sink, rows, columns, refusal)
                return rows.slice(0, 0)
            half = rows.num_rows // 2
            parts = [self._halves(sink, part, columns, keep=keep) for part in (rows.slice(0, half), rows.slice(half))]
            return pa.concat_tables(parts)
        if not keep:
            self.say("ROLLBACK TO SAVEPOINT penstock_rows")
        return rows

    def _together(self, sink: SinkWrite, before: pa.Table, rows: pa.Table, columns: Columns) -> pa.Table:
        """`before`, which can be written, and those of the rows that can be written with it."""
        if not rows.num_rows:
            return before
        both = pa.concat_tables([before, rows])
        self.say("SAVEPOINT penstock_rows")
        try:
            self.write(sink, Slice(both, columns))
            return both
        except RejectedData as refusal:
            if rows.num_rows == 1:
                self._set_aside(sink, rows, columns, refusal)
                return before
        finally:
            self.say("ROLLBACK TO SAVEPOINT penstock_rows")
        half = rows.num_rows // 2
        before = self._together(sink, before, rows.slice(0, half), columns)
        return self._together(sink, before, rows.slice(half), columns)

    def _set_aside(self, sink: SinkWrite, row: pa.Table, columns: Columns, refusal: RejectedData) -> None:
        if len(self.aside) >= MOST_ASIDE:
            raise refusal
        stamp = sink.options.get("updatedAtColumn")
        came = {column.name: values[0].as_py() for column, values in zip(columns, row.columns, strict=True) if column.name != stamp}
        # The sentence is of a whole load, which ends there.
        said = refusal.message.partition("; nothing was written")[0].partition("; correct the rows")[0]
        self.aside.append((record(list(came), list(came.values())), said, None))
