"""The steps by which staged rows get into their tables, each of which may be done twice, by several, or be taken up where another died.

`insert`: blocks of staged rows, each with a token; a table that remembers tokens takes a block once. `exchange`: a table that is filled
already takes the place of another. Which table has the new rows is told by its comment, and who may exchange them by its name: renaming it
is what only one of several can do.
"""

from __future__ import annotations

import re
from contextlib import suppress
from uuid import uuid4

from sqlglot import exp

from shared.connectors.clickhouse import journal
from shared.connectors.clickhouse.client import Server
from shared.connectors.clickhouse.journal import Standing, Step
from shared.connectors.clickhouse.statements import BLOCK_ROWS, exchange, insert_block
from shared.connectors.errors import NotFound, Unavailable
from shared.connectors.protocols import AttemptKey
from shared.errors import PenstockError
from shared.kill_points import kill_point
from shared.sql.reads import named
from shared.sql.table_names import part

_TRIES = 10
_MARK = re.compile(r" ?\[penstock [^\]]*\]")
# A block of the staged rows is a block of the target's: not divided, not put together with the next.
_ONE_BLOCK = {
    "max_block_size": BLOCK_ROWS,
    "max_insert_block_size": BLOCK_ROWS,
    "min_insert_block_size_rows": BLOCK_ROWS,
    "min_insert_block_size_bytes": 0,
    "max_threads": 1,
    "max_insert_threads": 1,
}
_DROP = {"max_table_size_to_drop": 0, "max_partition_size_to_drop": 0}


def mark(key: AttemptKey, node: str) -> str:
    return f"[penstock {key.namespace}/{key.committed_as}/{node}/{key.rerun}/{key.attempt}]"


def marked(comment: str, mark_: str) -> str:
    """A table's comment with this mark instead of an older one."""
    return f"{_MARK.sub('', comment)} {mark_}".strip()


def carry_out(server: Server, key: AttemptKey, standing: Standing) -> None:
    block = 0
    for step in standing.steps:
        if step["does"] == "exchange":
            _exchange(server, step)
            continue
        for first in range(1, int(step["last"]) + 1, BLOCK_ROWS):
            block += 1
            if block not in standing.done:
                _insert(server, step, first, journal.token(key, "rows", step["node"], first))
                journal.note(server, key, block)
    kill_point("clickhouse.published")
    journal.close(server, key, standing)


def _insert(server: Server, step: Step, first: int, token: str) -> None:
    said = insert_block(_table(*step["place"]), step["staged"], step["columns"], first)
    server.tell(said, insert_deduplication_token=token, **_ONE_BLOCK)


def _exchange(server: Server, step: Step) -> None:
    database, target = step["place"]
    fresh, mark_ = step["fresh"], step["mark"]
    for _ in range(_TRIES):
        if mark_ in _comment(server, database, target):
            break
        held = [name for name in _tables(server, database, fresh) if mark_ in _comment(server, database, name)]
        mine = f"{fresh}_{uuid4().hex[:8]}"
        with suppress(NotFound):
            # Not there: another has taken it meanwhile, and does the same.
            if held:
                server.tell(f"RENAME TABLE {_name(database, held[0])} TO {_name(database, mine)}")
                if mark_ in _comment(server, database, mine):
                    server.tell(exchange(_table(database, mine), _table(database, target)))
    else:
        raise Unavailable(
            f"{server.where}: the new rows of table {target} did not take their place, since others write it at the same time"
        )
    for name in _tables(server, database, fresh):
        # What is left of the old rows. The new ones are in their place, whatever becomes of these.
        with suppress(PenstockError):
            server.tell(f"DROP TABLE IF EXISTS {_name(database, name)}", **_DROP)


def drop(server: Server, database: str, prefix: str) -> None:
    """All tables of that name and those that begin so."""
    for name in _tables(server, database, prefix):
        with suppress(PenstockError):
            server.tell(f"DROP TABLE IF EXISTS {_name(database, name)}", **_DROP)


def _comment(server: Server, database: str, table: str) -> str:
    said = "SELECT comment FROM system.tables WHERE database = {database:String} AND name = {table:String}"
    found = server.ask(said, database=database, table=table)
    return str(found[0][0]) if found else ""


def _tables(server: Server, database: str, prefix: str) -> list[str]:
    said = "SELECT name FROM system.tables WHERE database = {database:String} AND startsWith(name, {prefix:String}) ORDER BY name"
    return [name for (name,) in server.ask(said, database=database, prefix=prefix)]


def _table(database: str, table: str) -> exp.Table:
    return named(f"{part(database)}.{part(table)}")


def _name(database: str, table: str) -> str:
    return _table(database, table).sql("clickhouse")
