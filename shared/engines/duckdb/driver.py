"""Runs a stage's program on DuckDB, out of core: sink session first, then reads, statements, outputs, rejects, sinks, figures, commit."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import duckdb

from shared.connectors import driver as connector_driver
from shared.connectors.protocols import AttemptKey, SinkSession, SinkWrite
from shared.datasets import Dataset, staging_folder
from shared.engines.control import Control
from shared.engines.duckdb import rejected
from shared.engines.duckdb.connection import connected, name, text
from shared.engines.duckdb.errors import Interrupted, translated
from shared.engines.duckdb.figures import evaluate
from shared.engines.duckdb.rows import DuckRows
from shared.engines.duckdb.scanned import Scan
from shared.engines.duckdb.scans import scan
from shared.engines.program import Output, Program, Read, Sink, SurveyProgram
from shared.engines.work import Job, Outcome, RejectsFile
from shared.errors import PenstockError

TELL_EVERY_S = 1.0


def survey(job: Job) -> Outcome:
    """Looks at one object through its connector's driver. An error is charged to the stage's nodes by whoever asked."""
    program = SurveyProgram.from_json(job.program)
    connector = job.connectors[program.connector]
    with translated(job.limits.memory_bytes):
        found = connector_driver(connector.type, connector.config).survey(program.role, program.options)
    return Outcome(epoch=job.epoch, facts={"key": program.key, "found": found.to_json()})


def run(job: Job, control: Control) -> Outcome:
    """One attempt. Adopts the outcome of an earlier attempt that has committed already; then it reads nothing."""
    program = Program.from_json(job.program)
    session = _open_session(job, program)
    if session is None:
        return _Attempt(job, program, control).outcome(None)
    with control.stopped_by(session.cancel):
        if session.adopted is not None:
            return Outcome.from_json(session.adopted)
        try:
            outcome = _Attempt(job, program, control).outcome(session)
            return Outcome.from_json(session.commit(outcome.to_json()))
        except BaseException:
            session.abort()
            raise


def _write(sink: Sink) -> SinkWrite:
    return SinkWrite(sink.node, sink.target, sink.columns, sink.write_mode, sink.upsert_keys, sink.order, sink.options)


def _open_session(job: Job, program: Program) -> SinkSession | None:
    if not program.sinks:
        return None
    connector = job.connectors[program.sinks[0].connector]
    key = AttemptKey(job.namespace, job.run, job.stage, job.epoch, job.rerun, tuple(sink.node for sink in program.sinks))
    try:
        return connector_driver(connector.type, connector.config).open_sink(key, tuple(_write(sink) for sink in program.sinks))
    except PenstockError as error:
        error.node = error.node or program.sinks[0].node
        raise


class _Attempt:
    """What one run of a program has counted so far."""

    def __init__(self, job: Job, program: Program, control: Control) -> None:
        self._job, self._program, self._control = job, program, control
        self._counted: dict[tuple[str, str], int] = {}
        self._done: dict[str, int] = {}
        self._named: dict[str, str] = {}
        self._folder = staging_folder(Path(job.staging), job.run, job.stage, job.epoch)

    def outcome(self, session: SinkSession | None) -> Outcome:
        job, program = self._job, self._program
        if program.outputs or program.rejects:
            self._folder.mkdir(parents=True, exist_ok=True)
        with connected(job.limits) as connection, ExitStack() as open_scans, self._told():
            open_scans.enter_context(self._control.stopped_by(connection.interrupt))
            scans: dict[str, Scan] = {}
            for counter in program.counters:
                connection.execute(f"CREATE TEMP SEQUENCE {name(counter)}")
            for read in program.reads:
                with translated(job.limits.memory_bytes, read.node):
                    scans[read.table] = open_scans.enter_context(scan(connection, job, read))
                    self._create(connection, read.table, _select(read, scans[read.table]), read.materialise, "read")
                for stage, port in read.datasets:
                    self._counted["read", port] = job.inputs[f"{stage}:{port}"].rows
            for statement in program.statements:
                with translated(job.limits.memory_bytes, _owner(statement.table)):
                    self._create(connection, statement.table, statement.sql, statement.materialise, "table")
            written = {sink.node: self._sink(connection, session, sink) for sink in program.sinks if session is not None}
            datasets = tuple(self._stage(connection, output) for output in program.outputs)
            rejects = self._rejects(connection, scans)
            with translated(job.limits.memory_bytes):
                figures = self._figures(connection, written)
        return Outcome(job.epoch, figures, datasets, rejects)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Each second, until the stage ends, its watcher learns which nodes have come how far."""
        over = threading.Event()

        def tell() -> None:
            while not over.wait(TELL_EVERY_S):
                self._control.progress(self._done.copy())

        teller = threading.Thread(target=tell, name="progress", daemon=True)
        teller.start()
        try:
            yield
        finally:
            over.set()
            teller.join()

    def _create(self, connection: duckdb.DuckDBPyConnection, table: str, sql: str, materialise: bool, kind: str) -> None:
        self._go_on()
        if not materialise:
            self._named[table] = sql
            return
        made = connection.execute(f"CREATE TEMP TABLE {name(table)} AS {self._with(sql)}").fetchone()
        if made:
            self._counted[kind, table] = self._done[_owner(table)] = int(made[0])

    def _with(self, sql: str) -> str:
        """The relations that are no tables stand before each statement: a view is bound, files opened and all, when it is made and
        again wherever it is used (measured: 18 ms for a stage with ten inputs, and 7 so). DuckDB binds of them what `sql` uses.
        """
        named = ", ".join(f"{name(table)} AS NOT MATERIALIZED ({body})" for table, body in self._named.items())
        return f"WITH {named} {sql}" if named else sql

    def _go_on(self) -> None:
        """Between two statements: an interrupt that came while none ran has stopped nothing."""
        if self._control.cancelled:
            raise Interrupted("stopped on request")

    def _stage(self, connection: duckdb.DuckDBPyConnection, output: Output) -> Dataset:
        self._go_on()
        port = output.port
        path = self._folder / f"{len(self._counted)}-{_file_name(port)}.parquet"
        with translated(self._job.limits.memory_bytes, _owner(port)):
            rows = DuckRows(connection, self._with(output.sql), self._job.limits.scratch)
            rows.to_file(str(path), "parquet", {})
        self._counted["output", port] = rows.count
        return Dataset(port, str(path), output.columns, rows.count, path.stat().st_size)

    def _sink(self, connection: duckdb.DuckDBPyConnection, session: SinkSession, sink: Sink) -> dict[str, int | None]:
        self._go_on()
        with translated(self._job.limits.memory_bytes, sink.node):
            rows = DuckRows(connection, self._with(sink.sql), self._job.limits.scratch)
            figures = session.write(_write(sink), rows)
        self._counted["sink", sink.node] = self._done[sink.node] = rows.count
        return figures

    def _rejects(self, connection: duckdb.DuckDBPyConnection, scans: dict[str, Scan]) -> tuple[RejectsFile, ...]:
        """Every row that did not get through, as it was, with the reason."""
        files = []
        for number, reject in enumerate(self._program.rejects):
            self._go_on()
            path = self._folder / f"rejects-{number}.parquet"
            key = ("rejects", reject.node) if reject.read is None else ("rejectedLines", reject.read)
            with translated(self._job.limits.memory_bytes, reject.node):
                if reject.read is None:
                    sql = rejected.rows(connection, self._with(reject.sql))
                else:
                    lines = scans[reject.read].lines
                    if lines is None or not lines.any(connection):
                        continue
                    sql = lines.query(connection)
                rows = DuckRows(connection, sql, self._job.limits.scratch)
                rows.to_file(str(path), "parquet", {})
            self._counted[key] = self._counted.get(key, 0) + rows.count
            if rows.count:
                files.append(RejectsFile(reject.node, str(path), rows.count))
            else:
                path.unlink()
        return tuple(files)

    def _figures(self, connection: duckdb.DuckDBPyConnection, written: dict[str, dict[str, int | None]]) -> dict[str, dict[str, Any]]:
        for counter in self._program.counters:
            row = connection.execute(f"SELECT last_value FROM duckdb_sequences() WHERE sequence_name = {text(counter)}").fetchone()  # noqa: S608
            self._counted["counter", counter] = int(row[0] or 0) if row else 0

        def total(table: str, column: str) -> int:
            row = connection.execute(f"SELECT coalesce(sum({name(column)}), 0) FROM {name(table)}").fetchone()  # noqa: S608 (quoted names)
            return int(row[0]) if row else 0

        figures: dict[str, dict[str, Any]] = {}
        for node, wanted in self._program.figures.items():
            values = {term: evaluate(count, self._counted, total) for term, count in wanted.items()}
            ledger = {term: value for term, value in values.items() if term not in {"rowsIn", "rowsOut", "rowsRejected"}}
            figures[node] = {key: values[key] for key in ("rowsIn", "rowsOut", "rowsRejected")} | written.get(node, {})
            if node in written:
                figures[node]["rowsRejected"] = 0
                merged = figures[node].pop("merged", None)
                ledger |= {} if merged is None else {"merged": merged}
            figures[node]["ledger"] = ledger
        return figures


def _select(read: Read, found: Scan) -> str:
    columns = ", ".join(name(column) for column in (read.keep or [column.name for column in read.columns]))
    where = f" WHERE {read.options['where']}" if read.options.get("where") else ""
    return f"SELECT {columns} FROM {found.sql} AS {name(read.table)}{where}"  # noqa: S608 (the planner's SQL, and quoted names)


def _owner(table: str) -> str:
    """The node a port belongs to; ids hold no dot."""
    return table.partition(".")[0]


def _file_name(port: str) -> str:
    return "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in port)[:80]
