"""UPSERT by the database's own statement (`shared.sql.writes`: MERGE, in most of them), from rows that were staged in it.

What was inserted and what was updated is told by the statement's own answer where it has one, else by counting before it, which is exact
only while others are kept off the table; where neither can be had it is not known. A row of a known key is updated, whether it differs or
not.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from shared.connectors.dbapi import statements as say
from shared.connectors.protocols import SinkWrite
from shared.sql.writes import writes

if TYPE_CHECKING:
    from shared.connectors.dbapi.database import Connection, Database, Table

# Types that cannot be compared, so that they cannot say who wins either; of rows that are alike in all else, the last wins.
_UNORDERED = ("clob", "nclob", "blob", "long", "text", "ntext", "unitext", "image")


def upsert(
    database: Database, connection: Connection, sink: SinkWrite, table: Table, staged: str, count: int, *, held: bool, told: str
) -> dict[str, int | None]:
    """`held`: nobody else writes the table until the transaction ends. `told`: the column of the statement's answer that says how many
    rows it inserted; empty where it gives none."""
    keys = sink.upsert_keys
    kinds = {column.name: kind.lower() for column, kind in zip(table.columns, table.declared, strict=True)}
    order = [(name, direction) for name, direction in sink.order if not kinds.get(name, "").startswith(_UNORDERED)]
    (distinct,) = database.fetch_one(connection, say.count_keys(staged, keys))
    known: int | None = None
    if held and not told:
        (known,) = database.fetch_one(connection, say.count_known_keys(sink.target, staged, keys))
    names = [column.name for column in sink.columns]
    for said in writes(database.dialect, sink.target, names, "UPSERT", keys, order, staged=staged):
        with closing(connection.cursor()) as cursor:
            cursor.execute(said)
            if told and cursor.description is not None and (answer := cursor.fetchone()) is not None:
                named = {str(one[0]).lower(): value for one, value in zip(cursor.description, answer, strict=True)}
                known = int(distinct) - int(named[told]) if told in named else None
    only_keys = len(names) == len(keys)
    return {
        "rowsInserted": None if known is None else int(distinct) - int(known),
        "rowsUpdated": None if known is None else 0 if only_keys else int(known),
        "rowsUnchanged": None if known is None else int(known) if only_keys else 0,
        "rowsDeleted": 0,
        "merged": count - int(distinct),
    }
