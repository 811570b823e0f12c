"""How DuckDB reads each kind of source: as SQL that names everything explicitly. A table by connector type; all others deliver Arrow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import duckdb
from sqlglot import exp

from shared.connectors import driver as connector_driver
from shared.connectors.errors import SourceChanged
from shared.connectors.files.paths import marker, matching
from shared.connectors.postgres.spec import connection_string
from shared.connectors.protocols import StreamingDriver
from shared.datasets import Columns, Dataset
from shared.datasets.columns import columns_from_json
from shared.engines.control import Control
from shared.engines.duckdb.connection import load_extension, name, text
from shared.engines.duckdb.rejected import Lines
from shared.engines.program import Read
from shared.engines.work import Job, ResolvedConnector
from shared.errors import PenstockError
from shared.formats import calls, csv_dialect, file_format
from shared.formats.errors import UnreadableFile
from shared.formats.header import FirstRecord, column_names, first_record, opened
from shared.formats.types import duckdb as in_duckdb
from shared.formats.types import ours
from shared.runs.ledger import check_edge
from shared.sql.table_names import split


@dataclass(frozen=True, slots=True)
class Scan:
    """`sql`: a relation that may stand after FROM. `lines`: where bad lines are noted, if they are."""

    sql: str
    lines: Lines | None = None


@lru_cache(maxsize=1000)
def _staged(uris: tuple[str, ...]) -> str:
    """Kept, since what one stage stages is often read by several."""
    return calls.read_parquet(list(uris)).sql("duckdb", copy=False)


def staged_rows(connection: duckdb.DuckDBPyConnection, staged: Mapping[str, Dataset]) -> dict[str, int]:
    """How many rows of each port are there to be read, by the files' own counts. Raises Unbalanced where it is not what was staged.

    One question for all of them: measured with ten files, 1 ms, and 5.6 one by one.
    """
    if not staged:
        return {}
    files = exp.Array(expressions=[exp.Literal.string(dataset.uri) for dataset in staged.values()])
    counted = exp.select("file_name", "num_rows").from_(exp.Anonymous(this="parquet_file_metadata", expressions=[files]))
    there = {str(file): int(rows) for file, rows in connection.execute(counted.sql("duckdb")).fetchall()}
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
    own = _SCANS.get(connector.type)
    opened_ = own(connection, job, read, connector) if own else _arrow(connection, job, read, connector, control)
    with opened_ as found:
        yield found


@contextmanager
def _files(connection: duckdb.DuckDBPyConnection, job: Job, read: Read, connector: ResolvedConnector) -> Iterator[Scan]:
    root = str(connector.config["root"])
    paths = matching(root, str(read.options["path"]))
    before = marker(paths)
    file = file_format(paths[0], read.options.get("format"))
    surveyed = columns_from_json(read.options["surveyed"])
    types = {column.name: in_duckdb(column.type) for column in surveyed}
    if file.name == "parquet":
        yield _parquet(connection, read, paths, surveyed)
    elif file.delimited:
        dialect = csv_dialect(file.name, read.options.get("options") or {})
        firsts: dict[str, FirstRecord] = {}
        for path in paths:
            with opened(path, file) as stream:
                first = firsts[path] = first_record(stream, dialect)
            if first.texts and dialect.header and column_names(first.texts, dialect) != tuple(types):
                raise SourceChanged(f"the columns of {path} are not those it had when it was surveyed", node=read.node)
        # DuckDB takes plain identifiers only for these tables; a table's name may hold anything.
        label = read.table.encode().hex()
        lines = Lines(f"rejects_{label}", f"scans_{label}", root, file, dialect)
        noted = (lines.errors, lines.scans)
        yield Scan(calls.read_csv(paths, file, dialect, types, rejects=noted, line_end=_one_end(firsts)).sql("duckdb"), lines=lines)
    else:
        yield Scan(calls.read_json(paths, file, types).sql("duckdb"))
    # Half of an old file and half of a new one is no file that anybody ever wrote. Nothing is committed yet, so it is read again.
    if marker(paths) != before:
        raise SourceChanged(f"{read.options['path']} was changed while it was being read; it is read again", node=read.node)


def _one_end(firsts: dict[str, FirstRecord]) -> str | None:
    """The line end to say, where a first record holds a line break of its own; None where the engine finds it by itself."""
    if not any(first.broken for first in firsts.values()):
        return None
    found = {first.line_end: path for path, first in firsts.items() if first.line_end}
    if len(found) > 1:
        raise UnreadableFile(
            f"a header holds a line break, and {' and '.join(found.values())} end their lines differently; read them apart"
        )
    return next(iter(found), None)


def _parquet(connection: duckdb.DuckDBPyConnection, read: Read, paths: list[str], surveyed: Columns) -> Scan:
    """Columns that our types name otherwise (structures, unsigned integers) are cast; all others are handed on as they are."""
    source = calls.read_parquet(paths)
    described = {
        str(column): str(kind)
        for column, kind, *_ in connection.execute(f"DESCRIBE {exp.select('*').from_(source).sql('duckdb')}").fetchall()
    }
    changed = [column.name for column in surveyed if column.name not in described or ours(described[column.name]) != column.type]
    if changed:
        raise SourceChanged(f"column {changed[0]} of {read.options['path']} is not what it was when it was surveyed", node=read.node)
    picked: list[exp.Expr] = []
    for column in surveyed:
        value: exp.Expr = exp.column(column.name, quoted=True)
        if described[column.name] != in_duckdb(column.type):
            plain = exp.DataType.build(in_duckdb(column.type), dialect="duckdb")
            value = exp.Anonymous(this="to_json", expressions=[value]) if column.type == "JSON" else exp.cast(value, plain)
            value = exp.alias_(value, column.name, quoted=True)
        picked.append(value)
    return Scan(exp.select(*picked).from_(source).subquery().sql("duckdb"))


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


@contextmanager
def _arrow(connection: duckdb.DuckDBPyConnection, job: Job, read: Read, connector: ResolvedConnector, control: Control) -> Iterator[Scan]:
    """Through the connector's own driver, as Arrow batches that the engine takes as it goes."""
    session = f"penstock/{job.run}/{job.stage}/{job.epoch}"
    surveyed = columns_from_json(read.options["surveyed"])
    keep = read.keep or [column.name for column in read.columns]
    stream = cast("StreamingDriver", connector_driver(connector.type, connector.config)).read(session, read.options, surveyed, keep)
    # No relation's name begins so; one name for both would be a relation that reads itself.
    registered = f"arrow {read.table}"
    connection.register(registered, stream)
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
            raise stream.failure from error
        raise
    finally:
        stream.close()
        connection.unregister(registered)


_Opener = Callable[[duckdb.DuckDBPyConnection, Job, Read, ResolvedConnector], AbstractContextManager[Scan]]
_SCANS: dict[str, _Opener] = {"files": _files, "postgres": _postgres}
