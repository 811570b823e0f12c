"""How DuckDB reads each kind of source: as SQL that names everything explicitly. A table by connector type; all others deliver Arrow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import lru_cache
from typing import cast

import duckdb
import pyarrow as pa
from sqlglot import exp

from shared.connectors import driver as connector_driver
from shared.connectors.errors import SourceChanged
from shared.connectors.postgres.cancel import end_reads
from shared.connectors.postgres.spec import connection_string
from shared.connectors.protocols import ArrowStream, StreamingDriver
from shared.datasets import Dataset
from shared.datasets.columns import columns_from_json
from shared.engines.control import Control
from shared.engines.duckdb import local_files
from shared.engines.duckdb.connection import load_extension, name, text
from shared.engines.duckdb.errors import FarSideFailed, StoreFailed, translated
from shared.engines.duckdb.file_scans import files
from shared.engines.duckdb.postgres_decimals import exact, inexact
from shared.engines.duckdb.scanned import Scan
from shared.engines.program import Read
from shared.engines.work import Job, ResolvedConnector
from shared.errors import PenstockError
from shared.formats import calls
from shared.formats.types import duckdb as in_duckdb
from shared.runs.ledger import check_edge
from shared.sql.table_names import split


@lru_cache(maxsize=1000)
def _staged(uris: tuple[str, ...]) -> str:
    """Kept, since what one stage stages is often read by several."""
    return calls.read_parquet(list(uris)).sql("duckdb", copy=False)


def staged_rows(connection: duckdb.DuckDBPyConnection, staged: Mapping[str, Dataset]) -> dict[str, int]:
    """How many rows of each port are there to be read, by the files' own counts. Raises Unbalanced where it is not what was staged.

    DuckDB is asked for all of them in one question: measured with ten files, 1 ms, and 5.6 one by one.
    """
    if not staged:
        return {}
    uris = [dataset.uri for dataset in staged.values()]
    there = local_files.rows(uris)
    if there is None:
        counted = exp.select(exp.column("file_name"), exp.column("num_rows")).from_(calls.parquet_footers(uris))
        there = {str(file): int(rows) for file, rows in connection.execute(counted.sql("duckdb", copy=False)).fetchall()}
    found = {port: there.get(dataset.uri, 0) for port, dataset in staged.items()}
    for port, rows in found.items():
        check_edge(port, staged[port].rows, rows)
    return found


@contextmanager
def scan(connection: duckdb.DuckDBPyConnection, job: Job, read: Read, control: Control) -> Iterator[Scan]:
    """The read as a relation, for as long as the stage runs."""
    if read.datasets:
        yield Scan(_staged(tuple(job.inputs[f"{stage}:{port}"].uri for stage, port in read.datasets)))
        return
    assert read.connector is not None
    connector = job.connectors[read.connector]
    own = _SCANS.get(connector.type, _arrow)
    try:
        with own(connection, job, read, connector, control) as found:
            yield found
    except PenstockError as error:
        if error.connector is None and _is_of(error, connector, job):
            error.connector = connector.reference
        raise


def _is_of(error: PenstockError, connector: ResolvedConnector, job: Job) -> bool:
    """Whether a failure that the engine met in the middle of its work was that connector's: the engine tells by texts only."""
    if isinstance(error, FarSideFailed):
        # Which one of several it was, nobody says; then none is blamed.
        return {other.reference for other in _read(job) if other.type == "postgres"} == {connector.reference}
    # A bucket's failure names the object; staged rows may lie in another bucket.
    return isinstance(error, StoreFailed) and connector.type == "files" and _bucket(connector) in error.message


def _read(job: Job) -> Iterator[ResolvedConnector]:
    for one in job.program.get("reads", ()):
        if one.get("connector") in job.connectors:
            yield job.connectors[one["connector"]]


def _bucket(connector: ResolvedConnector) -> str:
    return str(connector.config.get("root", "")).removeprefix("s3://").partition("/")[0]


@contextmanager
def _postgres(
    connection: duckdb.DuckDBPyConnection, job: Job, read: Read, connector: ResolvedConnector, control: Control
) -> Iterator[Scan]:
    load_extension(connection, "postgres_scanner")
    if connector.counted:
        # Else a table is read over as many connections as there are threads.
        connection.execute("SET pg_use_ctid_scan = false")
    # Attached databases belong to the instance, so the name has to be this attempt's own.
    attached = f"{job.run}/{job.stage}/{job.epoch}/{read.table}"
    session = f"penstock/{job.run}/{job.stage}/{job.epoch}"
    # What the engine has sent to the server goes on there when the engine stops: only the server can end it.
    with control.stopped_by(lambda: end_reads(connector.config, session)), ExitStack() as open_:
        with control.calling(connector.reference), translated(job.limits.memory_bytes, read.node):
            connection.execute(
                f"ATTACH {text(connection_string(connector.config, session))} AS {name(attached)} (TYPE postgres, READ_ONLY)"
            )
        open_.callback(connection.execute, f"DETACH {name(attached)}")
        if query := read.options.get("query"):
            query = str(query).rstrip().rstrip(";")
            found = f"postgres_query({text(attached)}, {text(query)})"
            # On lines of its own: it may end in a comment.
            rows = f"(\n{query}\n) AS {name(read.table)}"
        else:
            schema, table = split(str(read.options["table"]))
            schema = schema or connector.config.get("schema", "public")
            found, rows = f"{name(attached)}.{name(schema)}.{name(table)}", f"{name(schema)}.{name(table)}"
        described = _as_surveyed(connection, job, read, found)
        kept = read.keep or [column.name for column in read.columns]
        decimals = inexact({column: described[column] for column in kept}, columns_from_json(read.options["surveyed"]))
        if decimals:
            with control.calling(connector.reference), translated(job.limits.memory_bytes, read.node):
                found = exact(connection, attached, rows, kept, decimals, f"texts {read.table}")
        yield Scan(found)


def _as_surveyed(connection: duckdb.DuckDBPyConnection, job: Job, read: Read, found: str) -> dict[str, str]:
    """The columns there are, with DuckDB's types.

    Raises SourceChanged where the table or a column is not there any more: later nobody could tell it from the planner's mistakes."""
    what = read.options.get("table") or "the query"
    try:
        with translated(job.limits.memory_bytes, read.node):
            there = {str(column): str(kind) for column, kind, *_ in connection.execute(f"DESCRIBE FROM {found}").fetchall()}
    except PenstockError as error:
        if isinstance(error.__cause__, duckdb.CatalogException):
            raise SourceChanged(f"{what} is not there any more; it is looked for again", node=read.node) from error
        raise
    missing = [column for column in read.keep or [column.name for column in read.columns] if column not in there]
    if missing:
        raise SourceChanged(f"column {missing[0]} of {what} is not there any more; it is looked at again", node=read.node)
    return there


@contextmanager
def _files(connection: duckdb.DuckDBPyConnection, job: Job, read: Read, connector: ResolvedConnector, control: Control) -> Iterator[Scan]:
    with ExitStack() as open_:
        with control.calling(connector.reference):
            found = open_.enter_context(files(connection, job, read, connector))
        yield found


@contextmanager
def _arrow(connection: duckdb.DuckDBPyConnection, job: Job, read: Read, connector: ResolvedConnector, control: Control) -> Iterator[Scan]:
    """Through the connector's own driver, as Arrow batches that the engine takes as it goes."""
    session = f"penstock/{job.run}/{job.stage}/{job.epoch}"
    surveyed = columns_from_json(read.options["surveyed"])
    keep = read.keep or [column.name for column in read.columns]
    stream = cast("StreamingDriver", connector_driver(connector.type, connector.config)).read(session, read.options, surveyed, keep)
    # No relation's name begins so; one name for both would be a relation that reads itself.
    registered = f"arrow {read.table}"
    connection.register(registered, _Heard(stream, lambda: control.answered(connector.reference)))
    picked: list[exp.Expr] = []
    for column in (column for column in surveyed if column.name in keep):
        value: exp.Expr = exp.column(column.name, quoted=True)
        if column.name in stream.texts:
            meant = exp.cast(value, exp.DataType.build(in_duckdb(column.type), dialect="duckdb"))
            value = exp.alias_(meant, column.name, quoted=True)
        picked.append(value)
    source = exp.Table(this=exp.to_identifier(registered, quoted=True))
    try:
        with control.stopped_by(stream.cancel):
            yield Scan(exp.select(*picked).from_(source).subquery().sql("duckdb"))
    except BaseException as error:
        if isinstance(stream.failure, PenstockError):
            stream.failure.node = read.node
            stream.failure.connector = connector.reference
            raise stream.failure from error
        raise
    finally:
        stream.close()
        connection.unregister(registered)


class _Heard:
    """A stream that tells when its first batch is there: until then nobody knows whether its far side is."""

    def __init__(self, stream: ArrowStream, tell: Callable[[], None]) -> None:
        self._stream, self._tell = stream, tell

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        reader = pa.RecordBatchReader.from_stream(self._stream)
        return pa.RecordBatchReader.from_batches(reader.schema, self._batches(reader)).__arrow_c_stream__(requested_schema)

    def _batches(self, reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        for batch in reader:
            self._tell()
            yield batch
        self._tell()


_Opener = Callable[[duckdb.DuckDBPyConnection, Job, Read, ResolvedConnector, Control], AbstractContextManager[Scan]]
_SCANS: dict[str, _Opener] = {"files": _files, "postgres": _postgres}
