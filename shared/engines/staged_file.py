"""Staged rows of a run as one DuckDB file, for a person to look into on any machine: rows are copied in, and there is a view for each port.

In the file: the schema `staged` with a table for each port, views of the same names in `main`, and `penstock.about`, which says of each how
many rows were staged and how many are here. It refuses nothing: of what is too large the first rows are taken.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import duckdb

from shared.datasets.staging import staging_folder, staging_of
from shared.engines.control import Control
from shared.engines.duckdb.connection import connected, name, reaching_staging, text
from shared.engines.duckdb.errors import translated
from shared.engines.program import StagedPort, StagedProgram
from shared.engines.work import Job, Outcome
from shared.formats.calls import read_parquet

FILE = "staging.duckdb"
# Whatever was asked for: no port is begun beyond it.
MOST_BYTES = 2_000_000_000
_ABOUT = """
    CREATE TABLE penstock.about (run VARCHAR, pipeline VARCHAR, version INTEGER, node VARCHAR, port VARCHAR, stage INTEGER, rows BIGINT,
                                 rows_here BIGINT)
"""


def run(job: Job, control: Control) -> Outcome:
    """The facts of its outcome: {uri, sizeBytes}."""
    program = StagedProgram.from_json(job.program)
    folder = staging_folder(job.staging, job.run, job.stage, job.epoch)
    with (
        translated(job.limits.memory_bytes),
        connected(job.limits) as connection,
        control.stopped_by(connection.interrupt),
        reaching_staging(connection, staging_of(program.ports[0].uri)),
        folder.local(FILE) as path,
        ExitStack() as opened,
    ):
        connection.execute(f"ATTACH {text(str(path))} AS file")
        opened.callback(connection.execute, "DETACH file")
        # So that what is written into the file does not say what the file is called here.
        connection.execute("USE file")
        opened.callback(connection.execute, "USE memory")
        _fill(connection, program, path)
    uri = folder.uri(FILE)
    return Outcome(epoch=job.epoch, facts={"uri": uri, "sizeBytes": folder.size_bytes(uri)})


def _fill(connection: duckdb.DuckDBPyConnection, program: StagedProgram, path: Path) -> None:
    connection.execute("CREATE SCHEMA staged")
    connection.execute("CREATE SCHEMA penstock")
    connection.execute(_ABOUT)
    for port in program.ports:
        here = _copied(connection, port, program.rows if _size_bytes(path) < MOST_BYTES else 0)
        about = (program.run, program.pipeline, program.version, port.port.partition(".")[0], port.port, port.stage, port.rows, here)
        connection.execute("INSERT INTO penstock.about VALUES (?, ?, ?, ?, ?, ?, ?, ?)", about)
        connection.execute("CHECKPOINT file")


def _copied(connection: duckdb.DuckDBPyConnection, port: StagedPort, rows: int) -> int:
    """How many rows."""
    source, table = read_parquet([port.uri]).sql("duckdb"), name(port.port)
    connection.execute(f"CREATE TABLE staged.{table} AS SELECT * FROM {source} LIMIT {rows:d}")  # noqa: S608 (quoted names)
    connection.execute(f"CREATE VIEW {table} AS SELECT * FROM staged.{table}")  # noqa: S608
    (count,) = connection.execute(f"SELECT count(*) FROM staged.{table}").fetchone() or (0,)  # noqa: S608
    return int(count)


def _size_bytes(path: Path) -> int:
    beside = path.with_name(f"{path.name}.wal")
    return sum(file.stat().st_size for file in (path, beside) if file.exists())
