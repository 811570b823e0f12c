"""A dataset measured here: its rows, and what rules compare them with, as relations of a DuckDB connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
from sqlglot import exp

from services.quality.asking import Question, trees, used
from services.quality.relations import Relations
from shared.datasets import Columns
from shared.engines.duckdb.errors import translated
from shared.engines.program import THIS
from shared.errors import PenstockError
from shared.sql.render import sql

DIALECT = "duckdb"


class Here:
    """Answers from the relations of `connection`. `memory_bytes`: the limit to name where it is too little."""

    # DuckDB has no limit of its own; what is wider takes long to be bound.
    widest = 4_000

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

    def ready(self, questions: Sequence[Question]) -> None:
        columns = self._relations.columns(THIS)
        asked = [tree for question in questions for tree in trees(question)]
        keep = {*used(asked, columns), *self._relations.keys(THIS)}
        self._relations.enter(THIS, [column.name for column in columns if column.name in keep])

    @property
    def columns(self) -> Columns:
        return self._relations.entered(THIS)

    def rows(self, select: exp.Query, most: int) -> tuple[list[str], list[tuple[Any, ...]]]:
        with translated(self._memory_bytes):
            found = self._connection.execute(sql(select, DIALECT))
            return [str(column[0]) for column in found.description or ()], found.fetchmany(most)
