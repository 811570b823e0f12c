"""Whole numbers of csv and tsv files. DuckDB's reader takes 2.5 for 3 in such a column; here it is a rejected line, as in any other format.

So they are read as texts, and cast here. A clean file is read once: the read draws a number for each line that does not fit, and only where
one was drawn are the files read again, for which and why.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count

import duckdb

from shared.datasets import Columns
from shared.engines.duckdb.connection import name, text
from shared.engines.duckdb.rejected import Lines
from shared.formats.header import fields
from shared.formats.types import duckdb as in_duckdb

_AT_ONCE = 10_000
# All texts of that are whole numbers of the type.
_STRICT = {"SMALLINT": "DECIMAL(4,0)", "INTEGER": "DECIMAL(9,0)", "BIGINT": "DECIMAL(18,0)"}
# With a point there may be nothing behind it.
_POINT = r"\s*[+-]?[0-9]+[.]0*\s*"


def whole(columns: Columns, used: Iterable[str]) -> Columns:
    """Those that are read as texts: what nobody uses is not looked at."""
    wanted = set(used)
    return tuple(column for column in columns if column.type in _STRICT and column.name in wanted)


def strict(columns: Columns) -> dict[str, str]:
    """DuckDB's types for reads in which no text fits that is not sure to be a whole number: decimals, which take no fraction where its mark
    is not the decimal separator.
    """
    return {column.name: _STRICT[column.type] for column in columns}


@dataclass(frozen=True, slots=True)
class WholeNumbers:
    """`refused`: the lines that DuckDB's reader refused. `counter`: the sequence that the read draws from. `all`: the columns of the files,
    in the order in which they are handed on; `columns`: those of them that are whole. `orders`: the columns of each file, in its order.
    `again`: reads (a relation each, and where its lines are noted) that refuse whatever may be no whole number, as `strict` has it.
    """

    refused: Lines
    counter: str
    all: Columns
    columns: Columns
    orders: Sequence[Sequence[str]]
    again: Sequence[tuple[Lines, str]]

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
        return self.refused.any(connection) or self._drawn(connection)

    def query(self, connection: duckdb.DuckDBPyConnection) -> str:
        if not self._drawn(connection):
            return self.refused.query(connection)
        found = name(f"{self.counter} found")
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {found} AS FROM ({self.refused.noted(connection)})")
        for lines, sql in self.again:
            read = ", ".join(f"count({name(column.name)})" for column in self.columns)
            connection.execute(f"SELECT {read} FROM {sql}").fetchall()  # noqa: S608 (quoted names, and a call made as a tree)
            self._judge(connection, found, lines)
        return f"SELECT original_record, error_message, position FROM {found} ORDER BY file, position"  # noqa: S608 (a quoted name)

    def _drawn(self, connection: duckdb.DuckDBPyConnection) -> bool:
        found = connection.execute(f"SELECT last_value FROM duckdb_sequences() WHERE sequence_name = {text(self.counter)}").fetchone()  # noqa: S608
        return bool(found and found[0])

    def _judge(self, connection: duckdb.DuckDBPyConnection, found: str, lines: Lines) -> None:
        """Adds to `found` those of the doubtful lines that are wrong, and not there yet."""
        doubtful, wrong = f"{self.counter} doubtful", f"{self.counter} wrong"
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {name(doubtful)} AS FROM ({lines.noted(connection)})")
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {name(wrong)} (file INTEGER, position BIGINT, why VARCHAR)")
        given = ", ".join(f"unnest(?::VARCHAR[]) AS x{at}" for at in range(len(self.columns)))
        why = ", ".join(
            f"CASE WHEN x{at} IS NOT NULL AND {_cast(f'x{at}', column.type)} IS NULL THEN {text(f'column {column.name}: ')}"
            f" || chr(39) || left(x{at}, 200) || chr(39) || {text(f' does not fit {column.type}')} END"
            for at, column in enumerate(self.columns)
        )
        asked = f"SELECT unnest(?::INTEGER[]) AS file, unnest(?::BIGINT[]) AS position, {given}"
        for some in _in_turn(connection, f"SELECT file, position, line FROM {name(doubtful)} ORDER BY file, position"):  # noqa: S608
            texts = [dict(zip(self.orders[file], fields(line, lines.dialect), strict=False)) for file, _, line in some]
            connection.execute(
                f"INSERT INTO {name(wrong)} SELECT file, position, concat_ws('; ', {why}) AS why FROM ({asked}) WHERE why <> ''",  # noqa: S608
                [[row[0] for row in some], [row[1] for row in some], *([one.get(column.name) for one in texts] for column in self.columns)],
            )
        connection.execute(
            f"INSERT INTO {found} SELECT d.file, d.original_record, w.why, d.position, d.line FROM {name(wrong)} AS w"  # noqa: S608 (quoted names)
            f" JOIN {name(doubtful)} AS d USING (file, position) ANTI JOIN {found} AS f ON f.file = d.file AND f.position = d.position"
        )


def _in_turn(connection: duckdb.DuckDBPyConnection, sql: str) -> Iterator[list[tuple[int, int, str]]]:
    for at in count(0, _AT_ONCE):
        some = connection.execute(f"{sql} LIMIT {_AT_ONCE} OFFSET {at}").fetchall()
        if not some:
            return
        yield some


def _cast(value: str, type_: str) -> str:
    """NULL where it does not fit."""
    read = f"TRY_CAST({value} AS {in_duckdb(type_)})"
    return f"CASE WHEN NOT contains({value}, '.') OR regexp_full_match({value}, {text(_POINT)}) THEN {read} END"
