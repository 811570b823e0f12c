"""Runs a stage's program on DuckDB, out of core: sink session first, then reads, statements, outputs, rejects, sinks, figures, commit."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import duckdb
from sqlglot import exp, parse_one

from shared.connectors import driver as connector_driver
from shared.connectors.protocols import SinkSession
from shared.datasets import Dataset, staging_folder
from shared.engines import entering, sink_rejects
from shared.engines.control import Control
from shared.engines.duckdb import batches, rejected
from shared.engines.duckdb.bounds import greatest
from shared.engines.duckdb.connection import connected, name, reaching_staging
from shared.engines.duckdb.errors import Interrupted, translated
from shared.engines.duckdb.relations import DuckRelations, Open, Relations
from shared.engines.duckdb.rows import DuckRows
from shared.engines.duckdb.samples import samples
from shared.engines.duckdb.scanned import Scan
from shared.engines.duckdb.scans import scan, staged_rows
from shared.engines.duckdb.windows import Window, columns_of
from shared.engines.duckdb.written import handed, written
from shared.engines.figures import of_nodes
from shared.engines.program import Output, Program, Read, Sink, SurveyProgram
from shared.engines.sinks import adopted, commit, open_session, write_of
from shared.engines.stamp import stamped
from shared.engines.ticking import every
from shared.engines.work import Job, Outcome, RejectsFile
from shared.formats.calls import read_parquet
from shared.kill_points import kill_point
from shared.runs import ledger, rejections

TELL_EVERY_S = 1.0
# DuckDB divides files and groups of 122,880 rows among threads. Measured with ten files of a row each: 2.6 ms of processor, with two 4.0.
FEW_ROWS = 10_000
# Figures of a sink, and the rows that it was handed.
Written = tuple[dict[str, int | None], int]


def survey(job: Job, control: Control) -> Outcome:
    """Looks at one object through its connector's driver. An error is charged to the stage's nodes by whoever asked."""
    program = SurveyProgram.from_json(job.program)
    if program.role == "bound":
        with translated(job.limits.memory_bytes):
            return Outcome(epoch=job.epoch, facts={"key": program.key, "found": greatest(job, program, control)})
    connector = job.connectors[program.connector]
    with control.calling(program.connector), translated(job.limits.memory_bytes):
        found = connector_driver(connector.type, connector.config).survey(program.role, program.options)
    return Outcome(epoch=job.epoch, facts={"key": program.key, "found": found.to_json()})


def run(job: Job, control: Control, relations: Open = DuckRelations) -> Outcome:
    """One attempt. Adopts the outcome of an earlier attempt that has committed already; then it reads nothing.

    `relations`: who computes what lies between reading and handing over.
    """
    program = Program.from_json(job.program)
    if relations is DuckRelations and _reads_few(job, program):
        # Whoever else computes may have work for threads in a few rows: a person's function, for one.
        job = replace(job, limits=replace(job.limits, threads=1))
    session = open_session(job, program, control)
    if session is None:
        return _Attempt(job, program, control, relations).outcome(None)
    with control.stopped_by(session.cancel):
        if session.adopted is not None:
            return adopted(program, session.adopted)
        try:
            outcome = _Attempt(job, program, control, relations).outcome(session)
            with control.calling(program.sinks[0].connector):
                return commit(job, session, outcome)
        except BaseException:
            session.abort()
            raise


class _Attempt:
    """What one run of a program has counted so far."""

    def __init__(self, job: Job, program: Program, control: Control, relations: Open) -> None:
        self._job, self._program, self._control, self._open = job, program, control, relations
        self._counted: dict[tuple[str, str], int] = {}
        self._done: dict[str, int] = {}
        self._windows: dict[str, Window] = {}
        self._not_taken: list[RejectsFile] = []
        self._outs: list[Dataset] = []
        self._folder = staging_folder(job.staging, job.run, job.stage, job.epoch)

    def outcome(self, session: SinkSession | None) -> Outcome:
        job, program = self._job, self._program
        if program.outputs or program.rejects or any(sink.out for sink in program.sinks):
            self._folder.make()
        with connected(job.limits) as connection, ExitStack() as open_scans, every(TELL_EVERY_S, self._tell):
            open_scans.enter_context(self._control.stopped_by(connection.interrupt))
            open_scans.enter_context(reaching_staging(connection, job.staging))
            scans: dict[str, Scan] = {}
            staged = {port: job.inputs[f"{stage}:{port}"] for read in program.reads for stage, port in read.datasets}
            with translated(job.limits.memory_bytes):
                self._counted |= {("read", port): rows for port, rows in staged_rows(connection, staged).items()}
            relations = self._open(connection, job, program)
            for read in program.reads:
                with translated(job.limits.memory_bytes, read.node):
                    scans[read.table] = open_scans.enter_context(scan(connection, job, scanned_as(read), self._control))
                    self._go_on()
                    rows = relations.enter(read.table, self._rows_of(connection, read, scans[read.table]), read.materialise)
                known = scans[read.table].rows if read.window is None else None
                self._count("read", read.table, rows if rows is not None else known)
            kill_point("engine.read")
            for statement in program.statements:
                self._go_on()
                with translated(job.limits.memory_bytes, _owner(statement.table)):
                    rows = relations.define(statement.table, statement.sql, statement.materialise)
                self._count("table", statement.table, rows)
            kill_point("engine.computed")
            done = {sink.node: self._sink(connection, relations, session, sink) for sink in program.sinks if session is not None}
            datasets = (*self._outs, *(self._stage(connection, relations, output) for output in program.outputs))
            if datasets:
                kill_point("engine.staged")
            rejects = (*self._rejects(connection, relations, scans), *self._not_taken)
            with translated(job.limits.memory_bytes):
                figures = self._figures(relations, done)
                remembered = {node: window.remembered(self._folder) for node, window in self._windows.items()}
            kept = [read.table for read in program.reads if read.materialise]
            kept += [statement.table for statement in program.statements if statement.materialise]
            self._sample(connection, kept if isinstance(relations, DuckRelations) else (), ())
        self._control.afterwards(lambda: self._sample_staged(datasets))
        # Before anything is published: rows that nobody can account for must not get that far.
        entering.check(program, job.connectors, figures)
        ledger.check(figures)
        rejections.check(program.limits, figures, lambda node: self._example(rejects, node))
        markers = {read.node: marker for read in program.reads if (marker := scans[read.table].marker) is not None}
        return Outcome(job.epoch, figures, datasets, rejects, remembered=remembered, markers=markers)

    def _rows_of(self, connection: duckdb.DuckDBPyConnection, read: Read, found: Scan) -> str:
        where = f" WHERE {read.options['where']}" if read.options.get("where") else ""
        rows = f"FROM {found.sql} AS {name(read.table)}{where}"  # the planner's SQL, and quoted names
        if read.window is None:
            columns = ", ".join(name(column) for column in (read.keep or [column.name for column in read.columns]))
            return f"SELECT {columns} {rows}"
        window = self._windows[read.node] = Window(connection, read, self._job.remembered.get(read.node, b""))
        return window.new(rows if where else f"{rows} WHERE TRUE")

    def _tell(self) -> None:
        """Which nodes have come how far."""
        self._control.progress(self._done.copy())

    def _example(self, rejects: tuple[RejectsFile, ...], node: str) -> str | None:
        """What was wrong with the first of a node's rejected rows."""
        for file in rejects:
            if file.node == node:
                first = exp.select("error_message").from_(read_parquet([file.uri])).limit(1)
                with connected(self._job.limits) as connection, reaching_staging(connection, self._job.staging):
                    row = connection.execute(first.sql("duckdb")).fetchone()
                return str(row[0]) if row else None
        return None

    def _sample(self, connection: duckdb.DuckDBPyConnection, tables: Sequence[str], datasets: Sequence[Dataset]) -> None:
        for sample in samples(connection, tables, datasets):
            self._control.sample(sample)

    def _sample_staged(self, datasets: Sequence[Dataset]) -> None:
        if datasets:
            with connected(self._job.limits) as connection, reaching_staging(connection, self._job.staging):
                self._sample(connection, (), datasets)

    def _count(self, kind: str, table: str, rows: int | None) -> None:
        if rows is not None:
            self._counted[kind, table] = self._done[_owner(table)] = rows

    def _go_on(self) -> None:
        """Between two statements: an interrupt that came while none ran has stopped nothing."""
        if self._control.cancelled:
            raise Interrupted("stopped on request")

    def _stage(self, connection: duckdb.DuckDBPyConnection, relations: Relations, output: Output) -> Dataset:
        self._go_on()
        port = output.port
        uri = self._folder.uri(f"{len(self._counted)}-{_file_name(port)}.parquet")
        with translated(self._job.limits.memory_bytes, _owner(port)):
            rows = DuckRows(connection, relations.query(output.sql), self._job.limits.scratch)
            rows.to_file(uri, "parquet", {})
        self._counted["output", port] = rows.count
        return Dataset(port, uri, output.columns, rows.count, self._folder.size_bytes(uri))

    def _sink(self, connection: duckdb.DuckDBPyConnection, relations: Relations, session: SinkSession, sink: Sink) -> dict[str, int | None]:
        self._go_on()
        with translated(self._job.limits.memory_bytes, sink.node):
            query, number, scratch = relations.query(sink.sql), len(self._counted), self._job.limits.scratch
            given = None
            if sink.out is not None:
                given = handed(connection, query, sink.out, sink.columns, self._folder.uri(f"{number}-handed.parquet"), scratch)
                query = given.query
            query = stamped(sink, query, "duckdb", self._job.at)
            with self._control.calling(sink.connector):
                figures, rows = self._in_batches(connection, query, session, sink) or self._at_once(connection, query, session, sink)
            file = f"rejects-of-sink-{number}.parquet"
            rejects, _ = sink_rejects.told(session, sink, figures, self._folder.uri(file), self._folder.local(file))
            if given is not None:
                self._outs.append(written(connection, given, session, figures, self._folder, f"{number}-written.parquet", scratch))
        kill_point("sink.written")
        if rejects is not None:
            self._not_taken.append(rejects)
        self._counted["sink", sink.node] = self._done[sink.node] = rows
        return figures

    def _at_once(self, connection: duckdb.DuckDBPyConnection, query: str, session: SinkSession, sink: Sink) -> Written:
        rows = DuckRows(connection, query, self._job.limits.scratch)
        figures = session.write(write_of(sink), rows)
        return figures, rows.count

    def _in_batches(self, connection: duckdb.DuckDBPyConnection, query: str, session: SinkSession, sink: Sink) -> Written | None:
        if (found := batches.divided(self._program, self._job.inputs, session)) is None:
            return None
        return batches.load(connection, *found, sink, query, self._job.limits.scratch, lambda rows: self._batch(sink, rows))

    def _batch(self, sink: Sink, rows: int) -> None:
        self._done[sink.node] = rows
        self._go_on()

    def _rejects(self, connection: duckdb.DuckDBPyConnection, relations: Relations, scans: dict[str, Scan]) -> tuple[RejectsFile, ...]:
        """Every row that did not get through, as it was, with the reason."""
        files = []
        for number, reject in enumerate(self._program.rejects):
            self._go_on()
            uri = self._folder.uri(f"rejects-{number}.parquet")
            key = ("rejects", reject.node) if reject.read is None else ("rejectedLines", reject.read)
            with translated(self._job.limits.memory_bytes, reject.node):
                if reject.read is None:
                    sql = rejected.rows(connection, relations.query(reject.sql))
                else:
                    lines = scans[reject.read].lines
                    if lines is None or not lines.any(connection):
                        continue
                    sql = lines.query(connection)
                rows = DuckRows(connection, sql, self._job.limits.scratch)
                rows.to_file(uri, "parquet", {})
            self._counted[key] = self._counted.get(key, 0) + rows.count
            if rows.count:
                files.append(RejectsFile(reject.node, uri, rows.count, bool(reject.rules)))
            else:
                self._folder.remove(uri)
        return tuple(files)

    def _figures(self, relations: Relations, written: dict[str, dict[str, int | None]]) -> dict[str, dict[str, Any]]:
        for counter in self._program.counters:
            self._counted["counter", counter] = relations.drawn(counter)
        return of_nodes(self._program.figures, self._counted, relations.total, written)


def _reads_few(job: Job, program: Program) -> bool:
    """The stage reads staged rows only, and of these so few that waking threads costs more than it gains."""
    staged = [job.inputs[f"{stage}:{port}"].rows for read in program.reads for stage, port in read.datasets]
    return bool(staged) and all(read.datasets for read in program.reads) and sum(staged) <= FEW_ROWS


def scanned_as(read: Read) -> Read:
    """With all columns that are looked at, handed on or not: those of its condition, and those that tell rows apart."""
    if read.keep is None or not read.options:
        return read
    asked: list[str] = []
    if where := read.options.get("where"):
        asked = [column.name for column in parse_one(str(where), dialect="duckdb").find_all(exp.Column)]
    told = columns_of(read.window) if read.window is not None else []
    return replace(read, keep=tuple(dict.fromkeys([*read.keep, *asked, *told])))


def _owner(table: str) -> str:
    """The node a table belongs to; ids hold no dot and no blank."""
    return table.partition(".")[0].partition(" ")[0]


def _file_name(port: str) -> str:
    return "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in port)[:80]
