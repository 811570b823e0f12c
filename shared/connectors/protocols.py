"""What a connector offers: a pure spec that anyone may import, and a driver that only worker and quality load.

A connector type is a folder: `spec.py` (a `Spec` value named SPEC) and `driver.py` (a `Driver`, by the class name
`ConnectorDriver`). The table of types is in `shared/connectors/__init__.py`. A driver translates its library's errors once into
the classes of `shared/connectors/errors.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from marshmallow import Schema

from shared.datasets import Columns

if TYPE_CHECKING:
    import pyarrow as pa


# Spelled here, since `type` is a field of the spec.
SchemaClass = type[Schema]


@dataclass(frozen=True, slots=True)
class Spec:
    """A connector type as data. `secret_fields`: config fields whose values never leave the credential store in clear.

    `source_schema` and `sink_schema` describe what a node may say beside the fields every source or sink has (dsl.md).
    `computes`: its sessions are `ComputingSession`s, so that what is read from it and written to it need not leave it.
    `adds_columns`: a table that lacks columns of the rows that are written to it gets them, where the recipe says so.
    `reads_pushed`: a SELECT in its dialect, CTEs and all, is read from it in bulk as a table is.
    `tells_winners`: of an UPSERT its sessions can say which rows were written (`TellingSession`).
    `notifies`: it tells of runs, and is no source and no sink; its driver is a `NotifyingDriver`.
    """

    type: str
    title: str
    config_schema: SchemaClass
    source_schema: SchemaClass
    sink_schema: SchemaClass
    secret_fields: tuple[str, ...] = ()
    dialect: str | None = None
    write_modes: tuple[str, ...] = ()
    computes: bool = False
    reads_pushed: bool = False
    adds_columns: bool = False
    tells_winners: bool = False
    # Why no source and no sink can use it, where none can.
    no_rows: str | None = None
    notifies: bool = False


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found of one source or sink object. `rows` is an estimate from statistics, None when there is none.

    `keys`: primary key and unique indexes, each a tuple of column names. `marker`: text that changes when the data may have
    changed (size and modification time of a file); None when the far side has none. `exists` is False only for a sink's target
    that is not there yet. `schema`: where a table was looked for that is named without one. `vendor_types`: by name, for columns whose own
    type has none of ours; their values are read as texts. `inferred_from`: the records by whose values the types were chosen; None where
    the source says its types.
    """

    exists: bool
    columns: Columns
    rows: int | None = None
    size_bytes: int | None = None
    keys: tuple[tuple[str, ...], ...] = ()
    marker: str | None = None
    version: str | None = None
    schema: str | None = None
    vendor_types: Mapping[str, str] = field(default_factory=dict)
    inferred_from: int | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "exists": self.exists,
            "columns": [column.to_json() for column in self.columns],
            "rows": self.rows,
            "sizeBytes": self.size_bytes,
            "keys": [list(key) for key in self.keys],
            "marker": self.marker,
            "version": self.version,
            "schema": self.schema,
            "vendorTypes": dict(self.vendor_types),
            "inferredFrom": self.inferred_from,
        }


class ArrowRows(Protocol):
    """Rows on their way to a sink, as Arrow: a stream in bulk, read once. `count` is known after it was read."""

    @property
    def columns(self) -> Columns: ...

    def arrow(self) -> pa.RecordBatchReader: ...

    @property
    def count(self) -> int: ...


class Rows(ArrowRows, Protocol):
    """Rows on their way from an engine to a sink, in any of these ways."""

    def csv_blocks(self, arrays: Collection[str] = ()) -> Iterator[bytes]:
        """CSV as PostgreSQL's COPY reads it (NULL is an unquoted \\N), in blocks of about 1 MB that do not end at line ends. Lists are JSON
        text, those of the columns `arrays` PostgreSQL's own.
        """
        ...

    def to_file(self, path: str, file_format: str, options: Mapping[str, Any]) -> None: ...

    def to_partitions(self, folder: str, file_format: str, partition_by: Sequence[str], options: Mapping[str, Any]) -> None:
        """A folder `column=value` for each value, nested in the order of the columns, with files in the last; they hold all columns."""
        ...

    @property
    def count(self) -> int: ...


@dataclass(frozen=True, slots=True)
class SinkWrite:
    """One sink node's write, as `shared.engines.program.Sink` says it, without the SQL."""

    node: str
    target: str
    columns: Columns
    write_mode: str
    upsert_keys: tuple[str, ...]
    order: tuple[tuple[str, str], ...]
    options: Mapping[str, Any]


class SinkSession(Protocol):
    """All the writes of one stage to one connector, published by one commit (execution.md, Sinks).

    Opening it ends older epochs' sessions and litter, takes the locks on the targets, and looks the markers up. `adopted` is the
    outcome of an earlier attempt that already committed; then nothing may be read or written. `write` returns rowsInserted,
    rowsUpdated, rowsUnchanged, rowsDeleted, merged (null where not known). `commit` stores `outcome` with the rows and returns
    the outcome that stands, which is another's when another was first.
    """

    @property
    def adopted(self) -> dict[str, Any] | None: ...

    def write(self, write: SinkWrite, rows: Rows) -> dict[str, int | None]: ...

    def commit(self, outcome: dict[str, Any]) -> dict[str, Any]: ...

    def cancel(self) -> None:
        """From another thread: stop the running statement."""
        ...

    def abort(self) -> None: ...


class RejectingSession(SinkSession, Protocol):
    """A session that sets aside the rows that its destination does not take, where the write's options have `setAside`; the others go in.

    A write then returns their number as `rejected` beside its other figures.
    """

    def sets_aside(self, write: SinkWrite) -> bool:
        """Else the first row that is refused ends this write."""
        ...

    def rejected(self) -> Iterator[tuple[str, str, str | None]]:
        """(record as JSON text, what was wrong, the constraint) of each row that the last write set aside, in their order; to be taken
        once, to its end, before the next write.
        """
        ...


class TellingSession(SinkSession, Protocol):
    """A session that can say which of the rows of a write are not what stands in the target, where its options have `tellUnwritten`.

    Sessions that neither set rows aside nor merge them need not be one.
    """

    def unwritten(self) -> Iterator[Sequence[int]]:
        """The places, from 1, among the rows that the last write was given, of those that were set aside and of those that lost to another
        of their key; to be taken once, to its end, before the next write.
        """
        ...


@dataclass(frozen=True, slots=True)
class Query:
    """Rows that a database computes by itself, in its own dialect.

    `relations`: (name, SELECT) in an order in which each names only those before it; they stand before `sql` as WITH has them.
    `tallies`: what is to be counted on the way, as (relation, None) for its rows or (relation, column) for the sum of a column.
    `unique`: no two rows have the same upsert keys. `picks`: `sql` only picks columns of one of the relations, so that it need not be
    computed once for all who use it.
    """

    sql: str
    relations: tuple[tuple[str, str], ...] = ()
    tallies: tuple[tuple[str, str | None], ...] = ()
    unique: bool = False
    picks: bool = False


@dataclass(frozen=True, slots=True)
class Computed:
    """What a session did with a query: `figures` as `SinkSession.write` returns them, `rows` that the query gave, `tallies` in order."""

    figures: dict[str, int | None]
    rows: int | None
    tallies: tuple[int | None, ...] = ()


class ComputingSession(SinkSession, Protocol):
    """A session whose database computes what it writes: nothing of it leaves the server, and it is all in the session's transaction.

    One call is one statement on one snapshot, or behaves as one; what several calls need is kept first. Names of relations may hold
    anything. `schema`: where tables are that are named without one; None where the database has no schemas.
    """

    @property
    def schema(self) -> str | None: ...

    def keep(self, name: str, query: Query) -> int:
        """Makes a temporary table that later queries name like a relation; returns its rows."""
        ...

    def tally(self, tallies: tuple[tuple[str, str | None], ...]) -> tuple[int | None, ...]:
        """Counts in tables that were kept."""
        ...

    def fetch(self, query: Query) -> Iterator[tuple[Any, ...]]:
        """The rows themselves, streamed: rejects, of which there are few."""
        ...

    def write_query(self, write: SinkWrite, query: Query) -> Computed:
        """As `write`, with rows that are here already. The target may be among the tables that the query reads."""
        ...


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a load has come: so many batches, with so many rows, the last one then. It is a row in the destination."""

    batch_id: int = 0
    processed_count: int = 0
    timestamp: str = ""

    def to_json(self, source: str, table: str) -> dict[str, Any]:
        """`source`: where the rows come from. Of another one, nothing can be gone on with. `table`: where they wait."""
        said = {"batch_id": self.batch_id, "processed_count": self.processed_count, "timestamp": self.timestamp}
        return {**said, "source": source, "table": table}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Checkpoint:
        return Checkpoint(value["batch_id"], value["processed_count"], value["timestamp"])


class CheckpointedSession(ComputingSession, Protocol):
    """A session that takes a long load in batches, each committed with its checkpoint into a table beside the target, and publishes them
    at once. An attempt that comes after a dead one goes on after its last batch.
    """

    @property
    def checkpoints(self) -> bool:
        """This destination can."""
        ...

    def resume(self, write: SinkWrite, source: str) -> Checkpoint:
        """Where to go on. Called first; from then on the session writes this sink only. `source`: a committed dataset that says which rows
        come in which order.
        """
        ...

    def put_batch(self, write: SinkWrite, rows: Rows) -> Checkpoint:
        """Committed when it returns."""
        ...

    def publish_batches(self, write: SinkWrite) -> Computed:
        """All batches into the target, in the transaction that `commit` ends."""
        ...

    def drop_batches(self) -> None:
        """After a refusal: what was brought is forgotten, as if there had been no batches; the load is to be one `write`."""
        ...


@dataclass(frozen=True, slots=True)
class AttemptKey:
    """Who writes: names the session penstock/{run}/{stage}/{epoch}, and with `nodes` and `rerun` keys the marker.

    `window`: what is written is a window of a source, to be committed once whichever run writes it; the marker is keyed by it then.
    `traceparent`: the attempt's span, for comments in SQL.
    """

    namespace: str
    run: str
    stage: int
    epoch: int
    rerun: int
    nodes: tuple[str, ...]
    window: str | None = None
    traceparent: str | None = None

    @property
    def committed_as(self) -> str:
        """What the marker is keyed by beside its node: the run, or the window."""
        return self.window or self.run

    @property
    def committed_stage(self) -> int:
        """Where a stage's number is part of a marker's name: runs number the stage that writes a window as they like."""
        return 0 if self.window else self.stage

    @property
    def load_table(self) -> str:
        """The table in which a load's batches wait, the same for all attempts at it."""
        same = "/".join((self.namespace, self.committed_as, *self.nodes, str(self.rerun)))
        return f"penstock_load_{hashlib.sha256(same.encode()).hexdigest()[:24]}"

    @property
    def attempt(self) -> str:
        """Tells this attempt from all others at the same marker; plain signs only."""
        return f"{self.epoch}_{self.run.replace('-', '')}" if self.window else str(self.epoch)

    @property
    def session(self) -> str:
        return f"penstock/{self.run}/{self.stage}/{self.epoch}"


class ArrowStream(Protocol):
    """A source as Arrow batches. An engine may start it more than once; nothing is read before the first batch is taken.

    `texts`: columns that travel as text and are to be cast to what the survey says. `failure`: what stopped it, in our words.
    """

    failure: BaseException | None

    @property
    def texts(self) -> Collection[str]: ...

    def __arrow_c_stream__(self, requested_schema: object = None) -> object: ...

    def cancel(self) -> None:
        """From another thread."""
        ...

    def close(self) -> None: ...


class Driver(Protocol):
    """Made from a resolved config, secrets included; connects only when a method is called."""

    def __init__(self, config: Mapping[str, Any]) -> None: ...

    def survey(self, role: str, options: Mapping[str, Any]) -> Survey:
        """`role`: source or sink. Raises `NotFound` for a source that is not there, naming it and its nearest likeness."""
        ...

    def open_sink(self, key: AttemptKey, writes: tuple[SinkWrite, ...]) -> SinkSession: ...


class StreamingDriver(Driver, Protocol):
    """One that reads by itself. The engine reads the others by its own means (`shared.engines.duckdb.scans`)."""

    def read(self, session: str, options: Mapping[str, Any], columns: Columns, keep: Sequence[str]) -> ArrowStream:
        """`options`: table or query, as the recipe says. `columns`: as surveyed. `keep`: the names that are handed on."""
        ...
