"""The tables in which a stage's rows wait for their commit: beside their target, of its types, named by their attempt."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from itertools import count

import pyarrow as pa

from shared.connectors.clickhouse.catalogue import Table
from shared.connectors.clickhouse.client import Server
from shared.connectors.clickhouse.journal import Step
from shared.connectors.clickhouse.loading import block
from shared.connectors.clickhouse.publish import drop, mark, marked
from shared.connectors.clickhouse.statements import BLOCK_ROWS, create_like, latest
from shared.connectors.clickhouse.targets import identifier
from shared.connectors.dbapi import statements as say
from shared.connectors.protocols import AttemptKey, SinkWrite
from shared.datasets import Column
from shared.sql.reads import named
from shared.sql.table_names import part
from shared.sql.writes import ORDINAL


class Staging:
    """Of one attempt. Its tables' names begin with what is the same for all attempts at one stage."""

    def __init__(self, server: Server, key: AttemptKey) -> None:
        self._server, self._key = server, key
        same = hashlib.sha256("/".join((key.namespace, key.committed_as, *key.nodes, str(key.rerun))).encode()).hexdigest()[:20]
        self._all = f"penstock_{same}_"
        self._mine = f"{self._all}{key.attempt}_"
        self._numbers = count(1)
        self._databases: set[str] = set()

    def staged(self, table: Table, names: Sequence[str]) -> str:
        """An empty table with those columns, and one that numbers the rows."""
        kinds = dict(zip((column.name for column in table.columns), table.declared, strict=True))
        columns = ", ".join(f"{identifier(name)} {kinds[name]}" for name in names)
        made, _ = self._named(table)
        self._server.tell(
            f"CREATE TABLE {named(made).sql('clickhouse')} ({columns}, {identifier(ORDINAL)} UInt64)"
            f" ENGINE = MergeTree ORDER BY {identifier(ORDINAL)} SETTINGS allow_nullable_key = 1"
        )
        return made

    def fresh(self, table: Table, node: str) -> tuple[str, Step]:
        """An empty table that is to take the other's place, and the step by which it does."""
        made, prefix = self._named(table)
        signed = mark(self._key, node)
        self._server.tell(create_like(named(made), named(table.target), marked(table.comment, signed)))
        return made, {"does": "exchange", "node": node, "place": list(table.place), "fresh": prefix, "mark": signed}

    def kept(self) -> str:
        """A name for what is computed on the way."""
        self._databases.add(self._server.database)
        return f"{part(self._server.database)}.{self._mine}{next(self._numbers)}_"

    def latest(self, staged: str, table: Table, names: Sequence[str], write: SinkWrite) -> tuple[str, int]:
        """Each key once, in a table of its own; how many there are."""
        made = self.staged(table, names)
        self._server.tell(latest(staged, made, names, write))
        ((rows,),) = self._server.ask(say.count(named(made)))
        return made, int(rows)

    def load(self, into: str, taken: Sequence[tuple[Column, str]], rows: Iterable[pa.RecordBatch], *, numbered: bool) -> int:
        """How many rows. `taken`: the columns of the target in the rows' order. Raises RejectedData for what they cannot hold."""
        names = [*(column.name for column, _ in taken), *([ORDINAL] if numbered else [])]
        first = 1
        for batch in rows:
            for at in range(0, batch.num_rows, BLOCK_ROWS):
                piece = batch.slice(at, BLOCK_ROWS)
                arrays = block(piece, [column for column, _ in taken], [kind for _, kind in taken], first)
                if numbered:
                    arrays.append(pa.array(range(first, first + piece.num_rows), pa.uint64()))
                self._server.put(named(into), pa.RecordBatch.from_arrays(arrays, names=names))
                first += piece.num_rows
        return first - 1

    def forget(self) -> None:
        """Drops what this attempt made."""
        for database in self._databases:
            drop(self._server, database, self._mine)

    def forget_all(self, steps: Sequence[Step]) -> None:
        """Drops what all attempts at this stage made, which is of use to nobody once these steps are done."""
        for database in {str(step["place"][0]) for step in steps} | self._databases:
            drop(self._server, database, self._all)

    def _named(self, table: Table) -> tuple[str, str]:
        """A name of its own as recipes write it, and what it begins with."""
        database = table.place[0]
        self._databases.add(database)
        prefix = f"{self._mine}{next(self._numbers)}_"
        return f"{part(database)}.{prefix}", prefix
