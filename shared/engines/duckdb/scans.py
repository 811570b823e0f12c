"""How DuckDB reads each kind of source: as SQL that names everything explicitly. A table by connector type."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import duckdb
from sqlglot import exp

from shared.connectors.errors import SourceChanged
from shared.connectors.files.paths import matching
from shared.connectors.postgres.spec import connection_string
from shared.datasets.columns import columns_from_json
from shared.engines.duckdb.connection import load_extension, name, text
from shared.engines.program import Read
from shared.engines.work import Job, ResolvedConnector
from shared.formats import calls, csv_dialect, file_format
from shared.formats.header import column_names, opened, records
from shared.formats.types import duckdb as in_duckdb


@dataclass(frozen=True, slots=True)
class Scan:
    """`sql`: a relation that may stand after FROM.

    `rejects`: the temporary table in which bad lines are noted, if any. `rows`: known without reading.
    """

    sql: str
    rejects: str | None = None
    rows: int | None = None


@contextmanager
def scan(connection: duckdb.DuckDBPyConnection, job: Job, read: Read) -> Iterator[Scan]:
    """The read as a relation, for as long as the stage runs."""
    if read.dataset is not None:
        dataset = job.inputs[f"{read.dataset[0]}:{read.dataset[1]}"]
        yield Scan(calls.read_parquet([dataset.uri]).sql("duckdb"), rows=dataset.rows)
        return
    assert read.connector is not None
    connector = job.connectors[read.connector]
    with _SCANS[connector.type](connection, job, read, connector) as found:
        yield found


@contextmanager
def _files(connection: duckdb.DuckDBPyConnection, job: Job, read: Read, connector: ResolvedConnector) -> Iterator[Scan]:
    paths = matching(str(connector.config["root"]), str(read.options["path"]))
    file = file_format(paths[0], read.options.get("format"))
    surveyed = columns_from_json(read.options["surveyed"])
    types = {column.name: in_duckdb(column.type) for column in surveyed}
    if file.name == "parquet":
        yield Scan(calls.read_parquet(paths).sql("duckdb"))
    elif file.delimited:
        dialect = csv_dialect(file.name, read.options.get("options") or {})
        for path in paths:
            with opened(path, file) as stream:
                first = records(stream, dialect, 1)
            if first and dialect.header and column_names(first[0], dialect) != tuple(types):
                raise SourceChanged(f"the columns of {path} are not those it had when it was surveyed", node=read.node)
        # DuckDB takes plain identifiers only for these tables; a table's name may hold anything.
        label = read.table.encode().hex()
        errors = f"rejects_{label}"
        yield Scan(calls.read_csv(paths, file, dialect, types, rejects=(errors, f"scans_{label}")).sql("duckdb"), rejects=errors)
    else:
        yield Scan(calls.read_json(paths, file, types).sql("duckdb"))


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
            schema, _, table = str(read.options["table"]).rpartition(".")
            yield Scan(exp.Table(
                this=exp.to_identifier(table, quoted=True),
                db=exp.to_identifier(schema or connector.config.get("schema", "public"), quoted=True),
                catalog=exp.to_identifier(attached, quoted=True),
            ).sql("duckdb"))  # fmt: skip
    finally:
        connection.execute(f"DETACH {name(attached)}")


_Opener = Callable[[duckdb.DuckDBPyConnection, Job, Read, ResolvedConnector], AbstractContextManager[Scan]]
_SCANS: dict[str, _Opener] = {"files": _files, "postgres": _postgres}
