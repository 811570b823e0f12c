"""The rows that did not get through, as a query in the shape of `RejectsFile`: original_record JSON text, error_message, position.

Rows of a node keep every value exactly; what JSON has no word for (NaN, the infinities) becomes text in PostgreSQL's spelling,
since the dead letters are stored as jsonb. Lines of a file keep their text, the file's name, and the line's number as an editor counts it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO

import duckdb

from shared.connectors.files.roots import Root
from shared.engines.duckdb.connection import name, text
from shared.formats.errors import reading
from shared.formats.names import FileFormat
from shared.formats.options import CsvDialect
from shared.formats.unpacking import unpacked

_BLOCK_BYTES = 1 << 20
FLOATS = ("DOUBLE", "FLOAT")


@dataclass(frozen=True, slots=True)
class Lines:
    """Where DuckDB notes the lines that a read could not make a row of: `errors` and `scans` are temporary tables.

    `root`: file names are told relative to it. `readable`: what DuckDB reads, each with the file it stands for; `copied`: that is a plain
    copy in utf-8, with as many lines, but not the same bytes.
    """

    errors: str
    scans: str
    root: Root
    readable: Mapping[str, str]
    file: FileFormat
    dialect: CsvDialect
    copied: bool = False

    def any(self, connection: duckdb.DuckDBPyConnection) -> bool:
        return bool(connection.execute(f"SELECT 1 FROM {name(self.errors)} LIMIT 1").fetchone())  # noqa: S608 (quoted name)

    def query(self, connection: duckdb.DuckDBPyConnection) -> str:
        """One row per bad line, however many of its columns are wrong, in the order of the file."""
        return f"SELECT original_record, error_message, position FROM ({self.noted(connection)}) ORDER BY file, position"  # noqa: S608

    def noted(self, connection: duckdb.DuckDBPyConnection) -> str:
        """The same, in no order, with file (its place in `readable`) and line, its text."""
        numbers = f"{self.errors}_numbers"
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {name(numbers)} (scan_id UBIGINT, file_id UBIGINT, line UBIGINT, position BIGINT)"
        )
        for scan, file_id, path in connection.execute(
            f"SELECT DISTINCT scan_id, file_id, file_path FROM {name(self.scans)}"  # noqa: S608 (quoted name)
        ).fetchall():
            self._number(connection, numbers, scan, file_id, path)
        told = " ".join(f"WHEN {text(path)} THEN {text(self.root.relative(of))}" for path, of in self.readable.items())
        places = " ".join(f"WHEN {text(path)} THEN {at}" for at, path in enumerate(self.readable))
        file = f"CASE any_value(s.file_path) {told} ELSE any_value(s.file_path) END"
        return (
            f"SELECT file, CAST(json_object('file', name, 'line', line) AS VARCHAR) AS original_record, error_message, position, line"  # noqa: S608
            f" FROM (SELECT CASE any_value(s.file_path) {places} END AS file, {file} AS name,"
            # A line that follows a carriage return is noted with the line feed before it.
            " trim(first(e.csv_line), chr(13) || chr(10)) AS line,"
            " string_agg(e.error_message, '; ' ORDER BY e.column_idx) AS error_message,"
            f" any_value(n.position) AS position FROM {name(self.errors)} AS e JOIN {name(self.scans)} AS s USING (scan_id, file_id)"
            f" JOIN {name(numbers)} AS n USING (scan_id, file_id, line) GROUP BY e.scan_id, e.file_id, e.line)"
        )

    def _number(self, connection: duckdb.DuckDBPyConnection, numbers: str, scan: int, file_id: int, path: str) -> None:
        """DuckDB numbers records; a quoted field that holds line ends makes an editor's number larger from there on."""
        found = connection.execute(
            f"SELECT DISTINCT line, line_byte_position FROM {name(self.errors)} WHERE scan_id = ? AND file_id = ? ORDER BY 2",  # noqa: S608
            [scan, file_id],
        ).fetchall()
        if not found:
            return
        records = [int(line) for line, _ in found]
        # In another encoding, DuckDB's positions are those of the text it made of it, not the file's.
        exact = self.copied or self.dialect.encoding == "utf-8"
        lines = self._physical(path, [int(at) for _, at in found]) if exact else records
        connection.execute(
            f"INSERT INTO {name(numbers)} SELECT ?, ?, unnest(?::UBIGINT[]), unnest(?::BIGINT[])",
            [scan, file_id, records, lines],
        )

    def _physical(self, path: str, starts: Sequence[int]) -> list[int]:
        """For ascending positions of bytes, the numbers, from 1, of the lines they stand in."""
        if self.copied:
            with open(path, "rb") as stream:  # noqa: PTH123 (as DuckDB names it)
                return _numbers(stream, starts)
        with self.root.open(self.readable.get(path, path)) as stream, reading(self.readable.get(path, path)):
            return _numbers(unpacked(stream, self.file), starts)


def _numbers(stream: IO[bytes], starts: Sequence[int]) -> list[int]:
    numbers: list[int] = []
    line, base, block = 1, 0, b""
    for start in starts:
        while start >= base + len(block):
            line += block.count(b"\n")
            base += len(block)
            if not (block := stream.read(_BLOCK_BYTES)):
                break
        within = min(start - base, len(block))
        line += block.count(b"\n", 0, within)
        base, block = base + within, block[within:]
        numbers.append(line)
    return numbers


def rows(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    """A node's rejected rows: `sql` yields its input columns and, last, the error; names may repeat, so columns are taken by position."""
    described = [(str(column), str(kind)) for column, kind, *_ in connection.execute(f"DESCRIBE {sql}").fetchall()]
    aliases = [f"c{at}" for at in range(len(described))]
    pairs = ", ".join(f"{text(column)}, {in_json(alias, kind)}" for alias, (column, kind) in zip(aliases, described[:-1], strict=False))
    return (
        f"SELECT CAST(json_object({pairs}) AS VARCHAR) AS original_record, {aliases[-1]} AS error_message,"  # noqa: S608
        f" CAST(NULL AS BIGINT) AS position FROM ({sql}) AS r ({', '.join(aliases)})"
    )


def in_json(column: str, kind: str) -> str:
    """A column as JSON takes it: what JSON has no word for becomes text in PostgreSQL's spelling."""
    if kind not in FLOATS:
        return column
    spelled = f"CASE WHEN isnan({column}) THEN 'NaN' WHEN {column} > 0 THEN 'Infinity' ELSE '-Infinity' END"
    return f"CASE WHEN {column} IS NULL OR isfinite({column}) THEN to_json({column}) ELSE to_json({spelled}) END"
