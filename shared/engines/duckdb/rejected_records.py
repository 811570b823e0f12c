"""The records of JSON, XML and Excel files that did not become rows. A clean file is read once: the read draws a number for each record
that does not fit, and only where one was drawn are the files read again, for what and why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import duckdb

from shared.connectors.files.roots import Root
from shared.datasets import Columns
from shared.engines.duckdb.connection import name, text
from shared.formats import calls, json_sql
from shared.formats.errors import reading
from shared.formats.exact import rewritten
from shared.formats.names import FileFormat
from shared.formats.options import Texts
from shared.formats.unpacking import unpacked

_AT_ONCE = 10_000


def keep_long_numbers(connection: duckdb.DuckDBPyConnection) -> None:
    """The function of `shared.formats.exact` as SQL's. Again is cheap: an instance keeps it."""
    if not connection.execute(f"SELECT 1 FROM duckdb_functions() WHERE function_name = {text(json_sql.EXACT)} LIMIT 1").fetchone():  # noqa: S608
        connection.create_function(json_sql.EXACT, rewritten, ["VARCHAR"], "VARCHAR")


@dataclass(frozen=True, slots=True)
class Records:
    """`counter`: the sequence that the read draws from. `readable`: what DuckDB read, each with the file it stands for. `shape` as
    `json_records.shape`; `compression` is of what was read, `file` of what it stands for. `of_lines`:
    a record is a line of the file.
    """

    counter: str
    root: Root
    readable: Mapping[str, str]
    columns: Columns
    texts: Texts
    shape: str
    compression: str | None
    file: FileFormat
    of_lines: bool

    def any(self, connection: duckdb.DuckDBPyConnection) -> bool:
        found = connection.execute(f"SELECT last_value FROM duckdb_sequences() WHERE sequence_name = {text(self.counter)}").fetchone()  # noqa: S608
        return bool(found and found[0])

    def query(self, connection: duckdb.DuckDBPyConnection) -> str:
        """A table of them, since it is made of one pass over each file. Lines are numbered as an editor counts them, rows as Excel does,
        other records in their own order, from 1.
        """
        table = name(f"{self.counter}_found")
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {table} (file INTEGER, original_record VARCHAR, error_message VARCHAR, position BIGINT)"
        )
        for number, path in enumerate(self.readable):
            self._note(connection, table, number, path)
        return f"SELECT original_record, error_message, position FROM {table} ORDER BY file, position"  # noqa: S608 (a quoted name)

    def _note(self, connection: duckdb.DuckDBPyConnection, table: str, number: int, path: str) -> None:
        call = calls.read_json_values([path], self.shape, self.compression).sql("duckdb")
        unfit = name(f"{self.counter}_unfit")
        bad = json_sql.unfit(f"SELECT json FROM {call}", self.columns, self.texts)  # noqa: S608 (a call made as a tree)
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {unfit} AS {bad}")
        lines = self._lines(path)
        last = 0
        while True:
            some = connection.execute(
                f"SELECT nth, json, why FROM {unfit} WHERE nth > ? ORDER BY nth LIMIT {_AT_ONCE}",  # noqa: S608 (a quoted name)
                [last],
            ).fetchall()
            if not some:
                return
            placed = [self._placed(nth, record, lines) for nth, record, _ in some]
            connection.execute(
                f"INSERT INTO {table} SELECT ?, CAST(json_object('file', ?, ?, unnest(?::VARCHAR[])) AS VARCHAR), unnest(?::VARCHAR[]),"
                " unnest(?::BIGINT[])",
                [
                    number,
                    self.root.relative(self.readable[path]),
                    "line" if self.of_lines else "record",
                    [record for record, _ in placed],
                    [why for _, _, why in some],
                    [position for _, position in placed],
                ],
            )
            last = int(some[-1][0])

    def _lines(self, path: str) -> Iterator[tuple[int, int, str]] | None:
        """(nth, line number, text) of each line that is not blank; None where records are no lines."""
        if self.shape != "newline_delimited":
            return None

        def told() -> Iterator[tuple[int, int, str]]:
            nth = 0
            # What was unpacked or converted for this read lies on this machine, whatever it stands for.
            made = path != self.readable[path]
            with open(path, "rb") if made else self.root.open(path) as stream, reading(self.readable[path]):  # noqa: PTH123 (either is a stream)
                for number, line in enumerate(stream if made else unpacked(stream, self.file), start=1):
                    if line.strip(b" \t\r\n"):
                        nth += 1
                        yield nth, number, line.decode("utf-8", "replace").strip("\r\n")

        return told()

    @staticmethod
    def _placed(nth: int, record: str | None, lines: Iterator[tuple[int, int, str]] | None) -> tuple[str, int]:
        if lines is None:
            return record or "", nth
        for at, number, text_ in lines:
            if at == nth:
                return text_, number
        return record or "", nth
