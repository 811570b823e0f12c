"""A dataset measured where it is, in its database: one SELECT goes there, and what leaves is its answer.

Only what the database is trusted to mean as we do is asked there (docs/trust.md); all else is measured here, over rows that are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb
from sqlglot import exp

from services.quality.asking import Question, trees, used
from services.quality.fuse import fused
from services.quality.relations import Relations, answer
from shared.connectors import CONNECTORS
from shared.datasets import Column, Columns
from shared.engines.control import Control
from shared.engines.duckdb.errors import translated
from shared.engines.duckdb.scans import scan
from shared.engines.program import THIS, Read
from shared.engines.work import Job
from shared.planning.databases import Database, rows_of, stays
from shared.planning.graph import Source
from shared.planning.place import LEAST_TRUST
from shared.rules.types import column
from shared.sql.render import sql
from shared.sql.trust import trust
from shared.sql.typing import UNKNOWN, annotated, type_of

_ANSWER = "answer"


class There:
    """Answers from the database that `this` is in. Made by `there`, where there is one."""

    # PostgreSQL has 1,664 columns at most, SQLite 2,000.
    widest = 1_000
    estimates = False

    def __init__(self, connection: duckdb.DuckDBPyConnection, job: Job, relations: Relations, control: Control, database: Database) -> None:
        self._connection, self._job, self._relations, self._control = connection, job, relations, control
        self._database = database

    @property
    def columns(self) -> Columns:
        return self._relations.columns(THIS)

    def refuses(self, question: Question) -> str | None:
        if (why := self._stays(THIS, used(trees(question), self.columns))) is not None:
            return why
        for table in question.compared:
            if self._relations.read(table).connector != self._database.connector:
                return f"{table} is not in {self._database.connector}"
            if (why := self._stays(table, used(trees(question), self._relations.columns(table)))) is not None:
                return why
        (statement,) = fused([question.asked], self.widest)
        return self.distrusts(statement.select)

    def distrusts(self, select: exp.Query) -> str | None:
        """What of a typed SELECT the database is not trusted to mean as we do."""
        found = trust(annotated(select.copy(), self._inputs(select)), self._database.dialect, self._database.version)
        return None if found.at_least(LEAST_TRUST) else found.why

    def ready(self, questions: Sequence[Question], *, whole: bool) -> None:
        """It is all there."""

    def rows(self, select: exp.Query, most: int) -> tuple[list[str], list[tuple[Any, ...]]]:
        with translated(self._job.limits.memory_bytes), self.relation(select) as text:
            return answer(self._connection, text, most)

    @contextmanager
    def relation(self, select: exp.Query) -> Iterator[str]:
        typed = annotated(self._without_stars(select.copy()), self._inputs(select))
        columns = tuple(Column(picked.alias_or_name, _carried(type_of(picked))) for picked in typed.selects)
        query = sql(self._over_tables(typed), self._database.dialect, self._database.version)
        options = {"query": query, "surveyed": [column.to_json() for column in columns]}
        read = Read(_ANSWER, THIS, columns, self._database.connector, options)
        with scan(self._connection, self._job, read, self._control) as found:
            yield f"SELECT * FROM {found.sql} AS r"  # noqa: S608 (a SELECT made as a tree)

    def _without_stars(self, select: exp.Query) -> exp.Query:
        """With each column named: who reads an answer has to know what is in it."""
        if not any(picked.is_star for picked in select.selects):
            return select
        assert isinstance(select, exp.Select)
        source = select.args["from_"].this
        names = (
            source.this.named_selects if isinstance(source, exp.Subquery) else [one.name for one in self._relations.columns(source.name)]
        )
        return select.select(*(column(name, source.alias_or_name) for name in names), append=False, copy=False)

    def _inputs(self, select: exp.Query) -> Mapping[str, Columns]:
        named = {table.name for table in select.find_all(exp.Table)}
        return {table: self._relations.columns(table) for table in sorted(named) if self._relations.has(table)}

    def _over_tables(self, select: exp.Query) -> exp.Query:
        """With what stands for the relations in their places."""
        for table in list(select.find_all(exp.Table)):
            if self._relations.has(table.name) and not table.db:
                keep = used([select], self._relations.columns(table.name))
                rows = rows_of(self._source(table.name, keep), self._relations.survey(table.name).to_json(), self._database)
                alias = exp.TableAlias(this=exp.to_identifier(table.alias_or_name, quoted=True))
                table.replace(exp.Subquery(this=rows, alias=alias))
        return select

    def _stays(self, table: str, keep: Sequence[str]) -> str | None:
        return stays(self._source(table, keep), self._relations.survey(table).to_json(), self._database)

    def _source(self, table: str, keep: Sequence[str]) -> Source:
        read = self._relations.read(table)
        return Source(table, table, self._database.connector, read.options, self._relations.columns(table), tuple(keep))


def there(connection: duckdb.DuckDBPyConnection, job: Job, relations: Relations, control: Control) -> There | None:
    """The database that the dataset is in; None where it is in none, or in one that is not sent SELECTs of ours."""
    read = relations.read(THIS)
    connector = job.connectors.get(read.connector or "")
    if connector is None or read.connector is None:
        return None
    spec = CONNECTORS[connector.type]
    if spec.dialect is None or not spec.reads_pushed:
        return None
    found = relations.survey(THIS)
    return There(connection, job, relations, control, Database(read.connector, spec, spec.dialect, found.version, found.schema))


def _carried(type_: str) -> str:
    """A decimal of any length is one number here; what has no known type is its text."""
    if type_ == "NUMERIC":
        return "DOUBLE PRECISION"
    return "TEXT" if type_ == UNKNOWN else type_
