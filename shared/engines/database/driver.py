"""Runs a stage's program in the database that it writes to, within the session that publishes it: no row leaves the server but rejects.

What several statements need becomes a temporary table first; all else stands before the statement that uses it. What is to be counted
is counted by the statement that writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import cast

from shared.connectors import CONNECTORS
from shared.connectors.errors import Misconfigured, SourceChanged
from shared.connectors.protocols import ComputingSession, Query
from shared.datasets import staging_folder
from shared.engines import sink_rejects
from shared.engines.control import Control
from shared.engines.database import rejected
from shared.engines.figures import Tally, carried, kept_totals, of_nodes
from shared.engines.program import Program, Rejects, Sink
from shared.engines.sinks import commit, open_session, write_of
from shared.engines.stamp import stamped
from shared.engines.work import Job, Outcome, RejectsFile
from shared.errors import PenstockError, UnavailableError
from shared.kill_points import kill_point
from shared.runs import ledger, rejections


class Stopped(UnavailableError):
    code = "interrupted"


def run(job: Job, control: Control) -> Outcome:
    """One attempt. Adopts the outcome of an earlier attempt that has committed already; then it reads nothing."""
    program = Program.from_json(job.program)
    session = open_session(job, program, control)
    if session is None or not hasattr(session, "write_query"):
        raise Misconfigured("this stage is to be computed in a database whose connector cannot; plan it again")
    computing = cast(ComputingSession, session)
    with control.stopped_by(session.cancel):
        if session.adopted is not None:
            return Outcome.from_json(session.adopted)
        try:
            if computing.schema != program.schema:
                raise SourceChanged("the connector's schema is not what it was when this was planned", node=program.sinks[0].node)
            with control.calling(program.sinks[0].connector):
                return commit(job, session, _Attempt(job, program, control, computing).outcome())
        except BaseException:
            session.abort()
            raise


class _Attempt:
    """What one run of a program has counted so far."""

    def __init__(self, job: Job, program: Program, control: Control, session: ComputingSession) -> None:
        self._job, self._program, self._control, self._session = job, program, control, session
        self._relations: list[tuple[str, str]] = []
        self._counted: dict[tuple[str, str], int] = {}
        self._totals: dict[tuple[str, str], int] = {}
        self._examples: dict[str, str] = {}
        self._not_taken: list[RejectsFile] = []
        self._folder = staging_folder(job.staging, job.run, job.stage, job.epoch)
        self._names = {statement.table: statement.name or statement.table for statement in program.statements}

    def outcome(self) -> Outcome:
        for statement in self._program.statements:
            if not statement.materialise:
                self._relations.append((self._names[statement.table], statement.sql))
                continue
            with self._charged(statement.table.partition(".")[0]):
                rows = self._session.keep(self._names[statement.table], self._query(statement.sql))
            self._counted["table", statement.table] = rows
        rejects = tuple(file for at, one in enumerate(self._program.rejects) if (file := self._rejects(at, one)) is not None)
        # Before any write: a statement sees what those before it wrote.
        self._note(totals := kept_totals(self._program), self._session.tally(self._named(totals)))
        written = {sink.node: self._write(sink, carried(self._program) if at == 0 else ()) for at, sink in enumerate(self._program.sinks)}
        figures = of_nodes(self._program.figures, self._counted, lambda table, column: self._totals.get((table, column)), written)
        ledger.check(figures)
        rejections.check(self._program.limits, figures, self._examples.get)
        return Outcome(self._job.epoch, figures, (), (*rejects, *self._not_taken))

    def _query(self, sql: str) -> Query:
        return Query(sql, tuple(self._relations))

    def _write(self, sink: Sink, tallies: tuple[Tally, ...]) -> dict[str, int | None]:
        dialect = CONNECTORS[self._job.connectors[sink.connector].type].dialect
        with self._charged(sink.node):
            query = stamped(sink, sink.sql, dialect, self._job.at) if dialect else sink.sql
            done = self._session.write_query(
                write_of(sink), replace(self._query(query), tallies=self._named(tallies), unique=sink.unique, picks=sink.picks)
            )
            file = f"rejects-of-sink-{len(self._not_taken)}.parquet"
            rejects, example = sink_rejects.told(self._session, sink, done.figures, self._folder.uri(file), self._folder.local(file))
        kill_point("sink.written")
        if rejects is not None and example is not None:
            self._not_taken.append(rejects)
            self._examples.setdefault(sink.node, example)
        if done.rows is not None:
            self._counted["sink", sink.node] = done.rows
        self._note(tallies, done.tallies)
        return done.figures

    def _named(self, tallies: tuple[Tally, ...]) -> tuple[Tally, ...]:
        return tuple((self._names[table], column) for table, column in tallies)

    def _note(self, wanted: tuple[Tally, ...], counts: tuple[int | None, ...]) -> None:
        for (table, column), rows in zip(wanted, counts, strict=True):
            if rows is None:
                continue
            if column is None:
                self._counted["table", table] = rows
            else:
                self._totals[table, column] = rows

    def _rejects(self, number: int, reject: Rejects) -> RejectsFile | None:
        file = f"rejects-{number}.parquet"
        with self._charged(reject.node), self._folder.local(file) as path:
            rows, example = rejected.write(path, reject.names, self._session.fetch(self._query(reject.sql)))
        if example is not None:
            self._examples.setdefault(reject.node, example)
        self._counted["rejects", reject.node] = self._counted.get(("rejects", reject.node), 0) + rows
        return RejectsFile(reject.node, self._folder.uri(file), rows) if rows else None

    @contextmanager
    def _charged(self, node: str) -> Iterator[None]:
        if self._control.cancelled:
            raise Stopped("stopped on request", node=node)
        try:
            yield
        except PenstockError as error:
            error.node = error.node or node
            raise
