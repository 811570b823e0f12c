"""Rows that a table does not take are set aside, and the others go in: for databases with savepoints.

First all rows are written as if none were wrong. Where the database refuses, the transaction is begun anew, and the rows, which were
kept in a file on their way, go in by halves: a half that is refused is taken back and halved again, down to the row that is wrong.

The good rows of an UPSERT are written together, and may be refused together though each is taken alone (two new rows that ask for one
name): then each half is held against all that are good before it.
"""

from __future__ import annotations

import tempfile
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

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
class Some:
    """Some of all rows, by their places from 0, in ranges that rise."""

    everything: pa.Table
    ranges: tuple[range, ...] = ()

    @property
    def count(self) -> int:
        return sum(map(len, self.ranges))

    def rows(self, columns: Columns) -> Slice:
        parts = [self.everything.slice(one.start, len(one)) for one in self.ranges]
        return Slice(pa.concat_tables(parts) if parts else self.everything.slice(0, 0), columns)

    def halves(self) -> tuple[Some, Some]:
        left = self.count // 2
        first: list[range] = []
        second: list[range] = []
        for one in self.ranges:
            first += [one[:left]] if left else []
            second += [one[left:]] if len(one) > left else []
            left = max(0, left - len(one))
        return Some(self.everything, tuple(first)), Some(self.everything, tuple(second))

    def __add__(self, other: Some) -> Some:
        """`other` comes after these."""
        if self.ranges and other.ranges and self.ranges[-1].stop == other.ranges[0].start:
            between = range(self.ranges[-1].start, other.ranges[0].stop)
            return Some(self.everything, (*self.ranges[:-1], between, *other.ranges[1:]))
        return Some(self.everything, self.ranges + other.ranges)

    def places(self, numbers: Sequence[int]) -> list[int]:
        """Of its own rows by their numbers, from 1: the places."""
        ends = list(accumulate(map(len, self.ranges)))
        return [self.ranges[at][number - 1 - ends[at]] for number in numbers for at in (bisect_left(ends, number),)]


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
    # Of each of them, from 0, among all rows; and those that were written, where not all were.
    places: list[int] = field(default_factory=list)
    left: Some | None = None

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
            good = self._halves(sink, Some(everything, (range(everything.num_rows),)), columns, keep=False)
            self.say("SAVEPOINT penstock_rows")
            try:
                figures = self.write(sink, good.rows(columns))
            except RejectedData:
                self.say("ROLLBACK TO SAVEPOINT penstock_rows")
                first, second = good.halves()
                good = self._together(sink, Some(everything), first, columns)
                good = self._together(sink, good, second, columns)
                figures = self.write(sink, good.rows(columns))
            self.left = good
            return figures | {"rejected": len(self.aside)}
        deleted: int | None = 0
        if sink.write_mode == "OVERWRITE":
            deleted = self.write(sink, Some(everything).rows(columns))["rowsDeleted"]
        whole = Some(everything, (range(everything.num_rows),))
        good = self._halves(replace(sink, write_mode="INSERT"), whole, columns, keep=True)
        figures = dict.fromkeys(_WRITTEN, 0) | {"merged": None}
        return figures | {"rowsInserted": good.count, "rowsDeleted": deleted, "rejected": len(self.aside)}

    def came_as(self, numbers: Sequence[int]) -> list[int]:
        """Numbers, from 1, of rows that were written, as numbers among all rows."""
        return list(numbers) if self.left is None else [place + 1 for place in self.left.places(numbers)]

    def _halves(self, sink: SinkWrite, rows: Some, columns: Columns, *, keep: bool) -> Some:
        """The rows that go in. `keep`: they stay there, so that a row is held against those before it."""
        if not rows.count:
            return rows
        self.say("SAVEPOINT penstock_rows")
        try:
            self.write(sink, rows.rows(columns))
        except RejectedData as refusal:
            self.say("ROLLBACK TO SAVEPOINT penstock_rows")
            if rows.count == 1:
                self._set_aside(sink, rows, columns, refusal)
                return Some(rows.everything)
            first, second = rows.halves()
            return self._halves(sink, first, columns, keep=keep) + self._halves(sink, second, columns, keep=keep)
        if not keep:
            self.say("ROLLBACK TO SAVEPOINT penstock_rows")
        return rows

    def _together(self, sink: SinkWrite, before: Some, rows: Some, columns: Columns) -> Some:
        """`before`, which can be written, and those of the rows that can be written with it."""
        if not rows.count:
            return before
        both = before + rows
        self.say("SAVEPOINT penstock_rows")
        try:
            self.write(sink, both.rows(columns))
            return both
        except RejectedData as refusal:
            if rows.count == 1:
                self._set_aside(sink, rows, columns, refusal)
                return before
        finally:
            self.say("ROLLBACK TO SAVEPOINT penstock_rows")
        first, second = rows.halves()
        return self._together(sink, self._together(sink, before, first, columns), second, columns)

    def _set_aside(self, sink: SinkWrite, row: Some, columns: Columns, refusal: RejectedData) -> None:
        if len(self.aside) >= MOST_ASIDE:
            raise refusal
        stamp = sink.options.get("updatedAtColumn")
        values = row.rows(columns).table.columns
        came = {column.name: value[0].as_py() for column, value in zip(columns, values, strict=True) if column.name != stamp}
        # The sentence is of a whole load, which ends there.
        said = refusal.message.partition("; nothing was written")[0].partition("; correct the rows")[0]
        self.places.append(row.ranges[0].start)
        self.aside.append((record(list(came), list(came.values())), said, None))
