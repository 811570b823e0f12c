"""A dataset measured here: its rows, and what rules compare them with, as relations of a DuckDB connection."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import duckdb
from sqlglot import exp

from services.quality.asking import Question, trees, used
from services.quality.relations import Relations, answer
from services.quality.said_to_duckdb import faster
from shared.datasets import Columns
from shared.engines.duckdb.connection import name
from shared.engines.duckdb.errors import translated
from shared.engines.program import THIS
from shared.errors import PenstockError
from shared.sql.dialects import dialect as dialect_of
from shared.sql.render import rewritten

DIALECT = "duckdb"
_SAMPLE = "this sample"


class Here:
    """Answers from the relations of `connection`. `memory_bytes`: the limit to name where it is too little."""

    # DuckDB has no limit of its own. Measured with 466 aggregates over 200 columns: in one SELECT they take half as long again as in five,
    # whose columns stay in the processor's cache; each column of a file is read by those that name it alone.
    widest = 150
    estimates = True

    def __init__(self, connection: duckdb.DuckDBPyConnection, relations: Relations, memory_bytes: int) -> None:
        self._connection, self._relations, self._memory_bytes = connection, relations, memory_bytes

    def refuses(self, question: Question) -> str | None:
        """What a rule compares with is brought here by now: a reference that is down is its own trouble."""
        try:
            for table in question.compared:
                self._relations.enter(table, used(trees(question), self._relations.columns(table)))
        except PenstockError as error:
            return error.message
        return None

    def distrusts(self, select: exp.Query) -> str | None:
        return None

    def ready(self, questions: Sequence[Question], *, whole: bool) -> None:
        columns = self._relations.columns(THIS)
        asked = [tree for question in questions for tree in trees(question)]
        keep = {column.name for column in columns} if whole else {*used(asked, columns), *self._relations.keys(THIS)}
        self._relations.enter(THIS, [column.name for column in columns if column.name in keep])

    @property
    def columns(self) -> Columns:
        return self._relations.entered(THIS)

    def rows(self, select: exp.Query, most: int) -> tuple[list[str], list[tuple[Any, ...]]]:
        with translated(self._memory_bytes), self.relation(select) as text:
            return answer(self._connection, text, most)

    def relation(self, select: exp.Query) -> AbstractContextManager[str]:
        target = dialect_of(DIALECT)
        return nullcontext(faster(rewritten(select, target)).sql(dialect=target.writes, identify=False, copy=False))

    def sampled(self, rows: int) -> Sampled:
        """So many rows of `this`, the same ones whenever it is asked of the same rows."""
        sample = f"CREATE TEMP TABLE {name(_SAMPLE)} AS SELECT * FROM {name(THIS)} USING SAMPLE reservoir({rows} ROWS) REPEATABLE (1)"  # noqa: S608
        with translated(self._memory_bytes):
            self._connection.execute(sample)
        return Sampled(self._connection, self._relations, self._memory_bytes)


class Sampled(Here):
    """As Here, with the sample for `this`."""

    def relation(self, select: exp.Query) -> AbstractContextManager[str]:
        select = select.copy()
        for table in list(select.find_all(exp.Table)):
            if table.name == THIS:
                alias = exp.TableAlias(this=exp.to_identifier(table.alias_or_name, quoted=True))
                table.replace(exp.Table(this=exp.to_identifier(_SAMPLE, quoted=True), alias=alias))
        return super().relation(select)
