"""Rows into Snowflake in bulk: Parquet files of this worker's, PUT into the user's own stage, and one COPY INTO the table.

What Parquet and Snowflake might read differently (decimals, days, moments, bytes, JSON) travels as text, and is converted by the SELECT
that copies, with its format said. COPY is part of the transaction; files in a stage are not, and are removed whatever became of them.

Sources: Snowflake documentation, PUT; COPY INTO <table> (Transformation Parameters, CONTINUE and ABORT_STATEMENT, copyOptions); REMOVE.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from sqlglot import exp

from shared.connectors.dbapi.database import Connection, Database, Table
from shared.connectors.dbapi.to_python import as_texts
from shared.connectors.errors import RejectedData
from shared.datasets import Column, Columns
from shared.errors import PenstockError

# Of a file: Snowflake loads files side by side, best of 100 to 250 MB compressed.
FILE_ROWS = 1_000_000


@dataclass(frozen=True, slots=True)
class _Way:
    """How a value travels in Parquet, and what makes it the column's again; `{}` stands for its text."""

    carried: Callable[[pa.Array], pa.Array]
    read: str


def _same(values: pa.Array) -> pa.Array:
    return values


def _texts(values: pa.Array) -> pa.Array:
    return pa.array(as_texts(values), pa.string())


def _digits(values: pa.Array) -> pa.Array:
    return pa.array([None if value is None else format(value, "f") for value in values.to_pylist()], pa.string())


def _hexadecimal(values: pa.Array) -> pa.Array:
    return pa.array([None if value is None else value.hex() for value in values.to_pylist()], pa.string())


def _clock(values: pa.Array) -> pa.Array:
    return values.cast(pa.int64()).cast(pa.timestamp("us")).cast(pa.string())


_WAYS = {
    "BOOLEAN": _Way(_same, "{}::BOOLEAN"),
    "SMALLINT": _Way(_same, "{}::NUMBER(38, 0)"),
    "INTEGER": _Way(_same, "{}::NUMBER(38, 0)"),
    "BIGINT": _Way(_same, "{}::NUMBER(38, 0)"),
    "REAL": _Way(_same, "{}::FLOAT"),
    "DOUBLE PRECISION": _Way(_same, "{}::FLOAT"),
    "DATE": _Way(lambda values: values.cast(pa.string()), "TO_DATE({}::VARCHAR, 'YYYY-MM-DD')"),
    "TIME": _Way(lambda values: values.cast(pa.string()), "TO_TIME({}::VARCHAR, 'HH24:MI:SS.FF6')"),
    "TIMESTAMP": _Way(_clock, "TO_TIMESTAMP_NTZ({}::VARCHAR, 'YYYY-MM-DD HH24:MI:SS.FF6')"),
    # The session is in UTC.
    "TIMESTAMPTZ": _Way(_clock, "TO_TIMESTAMP_TZ({}::VARCHAR || ' +00:00', 'YYYY-MM-DD HH24:MI:SS.FF6 TZH:TZM')"),
    "BYTEA": _Way(_hexadecimal, "TO_BINARY({}::VARCHAR, 'HEX')"),
    "JSON": _Way(_same, "PARSE_JSON({}::VARCHAR)"),
}


def _way(column: Column) -> _Way:
    if column.type.startswith("NUMERIC"):
        return _Way(_digits, "{}::VARCHAR::NUMBER" + (column.type[7:] or "(38, 10)"))
    return _WAYS.get(column.type, _Way(_same, "{}::VARCHAR"))


def load(
    database: Database,
    connection: Connection,
    into: exp.Insert,
    taken: Columns,
    table: Table,
    rows: pa.RecordBatchReader,
    *,
    numbered: bool,
) -> None:
    """As `Database.load`."""
    names = [identifier.name for identifier in into.this.expressions]
    columns = [*taken, *([Column(names[-1], "BIGINT")] if numbered else [])]
    with TemporaryDirectory(prefix="penstock-copy-") as folder:
        files, sent = written(Path(folder), database, columns, taken, table, rows)
        if not sent:
            return
        stage = f"@~/penstock/{uuid4().hex}"
        try:
            for file in files:
                database.execute(connection, put(file, stage))
            told = database.fetch(connection, copy(into.this.this, columns, names, stage))
            # A row for each file: its name, status, rows parsed, rows loaded; one word where there was none.
            took = sum(int(row[3]) for row in told if len(row) > 3)
            if took != sent:
                raise RejectedData(f"{database.where}: it took {took} of {sent} rows; nothing was written; look at its COPY_HISTORY")
        finally:
            # A stage that keeps a file costs its owner storage, and nothing else.
            with suppress(PenstockError, Exception):
                database.execute(connection, f"REMOVE {stage}")


def put(file: Path, stage: str) -> str:
    return f"PUT 'file://{file}' {stage} AUTO_COMPRESS = FALSE SOURCE_COMPRESSION = NONE OVERWRITE = TRUE"


def copy(into: exp.Table, columns: Sequence[Column], names: Sequence[str], stage: str) -> str:
    """By position: a file's columns are called c0, c1, …, so that no name has to be spelled in a path."""
    picked = ", ".join(_way(column).read.format(f"$1:c{at}") for at, column in enumerate(columns))
    listed = ", ".join(exp.to_identifier(name, quoted=True).sql("snowflake") for name in names)
    return (
        f"COPY INTO {into.sql('snowflake')} ({listed}) FROM (SELECT {picked} FROM {stage})"  # noqa: S608 (quoted names and our own words)
        " FILE_FORMAT = (TYPE = PARQUET BINARY_AS_TEXT = FALSE) ON_ERROR = ABORT_STATEMENT FORCE = TRUE"
    )


def written(
    folder: Path, database: Database, columns: Sequence[Column], taken: Columns, table: Table, rows: pa.RecordBatchReader
) -> tuple[list[Path], int]:
    """Files of whole batches, about FILE_ROWS rows each; how many rows there are. `columns`: `taken`, or one more for a row's number."""
    files: list[Path] = []
    sent, writer = 0, None
    try:
        for batch in rows:
            arrays = database.fitted(batch, taken, table, sent + 1)
            if len(columns) > len(arrays):
                arrays.append(pa.array(range(sent + 1, sent + 1 + batch.num_rows), pa.int64()))
            carried = [_way(column).carried(array) for column, array in zip(columns, arrays, strict=True)]
            piece = pa.RecordBatch.from_arrays(carried, names=[f"c{at}" for at in range(len(carried))])
            if writer is None or sent >= FILE_ROWS * len(files):
                if writer is not None:
                    writer.close()
                files.append(folder / f"{len(files)}.parquet")
                writer = pq.ParquetWriter(files[-1], piece.schema)
            writer.write_batch(piece)
            sent += batch.num_rows
    finally:
        if writer is not None:
            writer.close()
    return files, sent
