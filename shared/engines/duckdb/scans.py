"""How DuckDB reads each kind of source: as SQL that names everything explicitly. A table by connector type."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache

import duckdb
from sqlglot import exp

from shared.connectors.postgres.spec import connection_string
from shared.engines.duckdb.connection import load_extension, name, text
from shared.engines.duckdb.file_scans import files
from shared.engines.duckdb.scanned import Scan
from shared.engines.program import Read
from shared.engines.work import Job, ResolvedConnector
from shared.formats import calls
from shared.sql.table_names import split


@lru_cache(maxsize=1000)
def _staged(uris: tuple[str, ...]) -> str:
    """Kept, since what one stage stages is often read by several."""
    return calls.read_parquet(list(uris)).sql("duckdb", copy=False)


@contextmanager
def scan(connection: duckdb.DuckDBPyConnection, job: Job, read: Read) -> Iterator[Scan]:
    """The read as a relation, for as long as the stage runs."""
    if read.datasets:
        yield Scan(_staged(tuple(job.inputs[f"{stage}:{port}"].uri for stage, port in read.datasets)))
        return
    assert read.connector is not None
    connector = job.connectors[read.connector]
    with _SCANS[connector.type](connection, job, read, connector) as found:
        yield found


@contextmanager
def _postgres(connection: duckdb.DuckDBPyConnection, job: Job, read: Read, connector: ResolvedConnector) -> Iterator[Scan]:
    load_extension(connection, "postgres_scanner")
    # Attached databases belong to the instance, so the name has to be this attempt's own.
    attached = f"{job.run}/{job.stage}/{job.epoch}/{read.table}"
    session = f"penstock/{job.run}/{job.stage}/{job.epoch}"
    connection.execute(f"ATTACH {text(connection_string(connector.config, session))} AS {name(attached)} (TYPE postgres, READ_ONLY)")
    try:
        if query := read.options.get("query"):
            yield Scan(f"postgres_query({text(attached)}, {text(str(query).rstrip().rstrip(';'))})")
        else:
            schema, table = split(str(read.options["table"]))
            yield Scan(exp.Table(
                this=exp.to_identifier(table, quoted=True),
                db=exp.to_identifier(schema or connector.config.get("schema", "public"), quoted=True),
                catalog=exp.to_identifier(attached, quoted=True),
            ).sql("duckdb"))  # fmt: skip
    finally:
        connection.execute(f"DETACH {name(attached)}")


_Opener = Callable[[duckdb.DuckDBPyConnection, Job, Read, ResolvedConnector], AbstractContextManager[Scan]]
_SCANS: dict[str, _Opener] = {"files": files, "postgres": _postgres}
