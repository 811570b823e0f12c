"""Whole numbers of csv and tsv files. DuckDB's reader takes 2.5 for 3 in such a column; here it is a rejected line, as in any other format.

So they are read as texts, and cast here. A clean file is read once: the read draws a number for each line that does not fit, and only where
one was drawn are the files looked through again, for which and why.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice
from typing import IO

import duckdb

from shared.datasets import Columns
from shared.engines.duckdb.connection import name, text
from shared.formats.header import Line, lines
from shared.formats.options import CsvDialect
from shared.formats.types import duckdb as in_duckdb

# What fits for sure: not worth a question.
_SURE = {"SMALLINT": re.compile("-?[0-9]{1,4}"), "INTEGER": re.compile("-?[0-9]{1,9}"), "BIGINT": re.compile("-?[0-9]{1,18}")}
_AT_ONCE = 10_000
# With a point there may be nothing behind it.
_POINT = r"\s*[+-]?[0-9]+[.]0*\s*"


def whole(columns: Columns, used: Iterable[str]) -> Columns:
    """Those that are read as texts: what nobody uses is not looked at."""
    wanted = set(used)
    return tuple(column for column in columns if column.type in _SURE and column.name in wanted)


@dataclass(frozen=True, slots=True)
class WholeNumbers:
    """`all`: the columns of the files, in the order in which they are handed on; `columns`: those of them that are whole. `counter`: the
    sequence that the read draws from.
    """

    counter: str
    all: Columns
    columns: Columns

    def read(self, connection: duckdb.DuckDBPyConnection, sql: str) -> str:
        """The rows of `sql`, with texts in the columns, that fit, as what may stand after FROM."""
        connection.execute(f"CREATE OR REPLACE TEMP SEQUENCE {name(self.counter)}")
        values = {column.name: f"{self.counter} {at}" for at, column in enumerate(self.columns)}
        casts = ", ".join(f"{_cast(name(column.name), column.type)} AS {name(values[column.name])}" for column in self.columns)
        bad = " OR ".join(f"({name(column)} IS NOT NULL AND {name(value)} IS NULL)" for column, value in values.items())
        drawn = name(f"{self.counter} drawn")
        picked = ", ".join(
            f"{name(values[column.name])} AS {name(column.name)}" if column.name in values else name(column.name) for column in self.all
        )
        return (
            f"(SELECT {picked} FROM (SELECT *, CASE WHEN {bad} THEN nextval({text(self.counter)}) END AS {drawn}"  # noqa: S608 (quoted names)
            f" FROM (SELECT *, {casts} FROM {sql})) WHERE {drawn} IS NULL)"
        )

    def any(self, connection: duckdb.DuckDBPyConnection) -> bool:
        found = connection.execute(f"SELECT last_value FROM duckdb_sequences() WHERE sequence_name = {text(self.counter)}").fetchone()  # noqa: S608
        return bool(found and found[0])

    def find(
        self,
        connection: duckdb.DuckDBPyConnection,
        files: Sequence[tuple[str, Callable[[], AbstractContextManager[IO[bytes]]], Sequence[str], CsvDialect]],
    ) -> str:
        """The name of a table of the lines: file (its place in `files`), line, original_record, error_message. `files`: the name of each,
        how its bytes are had, its columns in their order, and how it is read.
        """
        table = f"{self.counter} found"
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {name(table)} (file INTEGER, line BIGINT, original_record VARCHAR, error_message VARCHAR)"
        )
        for number, (file, opened, order, dialect) in enumerate(files):
            places = [order.index(column.name) for column in self.columns]
            with opened() as stream:
                asked = self._doubtful(lines(stream, dialect), places, len(order))
                while some := list(islice(asked, _AT_ONCE)):
                    self._judge(connection, table, number, file, some)
        return table

    def _judge(
        self, connection: duckdb.DuckDBPyConnection, table: str, number: int, file: str, some: list[tuple[Line, list[str | None]]]
    ) -> None:
        given = ", ".join(f"unnest(?::VARCHAR[]) AS x{at}" for at in range(len(self.columns)))
        why = ", ".join(
            f"CASE WHEN x{at} IS NOT NULL AND {_cast(f'x{at}', column.type)} IS NULL THEN {text(f'column {column.name}: ')}"
            f" || chr(39) || left(x{at}, 200) || chr(39) || {text(f' does not fit {column.type}')} END"
            for at, column in enumerate(self.columns)
        )
        asked = f"SELECT unnest(?::BIGINT[]) AS line, unnest(?::VARCHAR[]) AS raw, {given}"
        connection.execute(
            f"INSERT INTO {name(table)} SELECT ?, line, CAST(json_object('file', ?, 'line', raw) AS VARCHAR), why"  # noqa: S608 (quoted names)
            f" FROM (SELECT line, raw, concat_ws('; ', {why}) AS why FROM ({asked})) WHERE why <> ''",
            [
                number,
                file,
                [line.number for line, _ in some],
                [line.raw for line, _ in some],
                *zip(*(texts for _, texts in some), strict=True),
            ],
        )

    def _doubtful(self, found: Iterator[Line], places: Sequence[int], width: int) -> Iterator[tuple[Line, list[str | None]]]:
        """Lines with the texts that are to be numbers, one of which at least may be none. Of another width, the engine has refused them."""
        sure = [_SURE[column.type] for column in self.columns]
        for line in found:
            if len(line.texts) == width:
                texts = [line.texts[place] for place in places]
                if any(one is not None and not fits.fullmatch(one) for one, fits in zip(texts, sure, strict=True)):
                    yield line, texts


def _cast(value: str, type_: str) -> str:
    """NULL where it does not fit."""
    read = f"TRY_CAST({value} AS {in_duckdb(type_)})"
    return f"CASE WHEN NOT contains({value}, '.') OR regexp_full_match({value}, {text(_POINT)}) THEN {read} END"
