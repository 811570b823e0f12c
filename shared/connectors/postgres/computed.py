"""What a plan shows of rows that PostgreSQL computes and writes itself: the statements that its session would say.

What the session converts for the types of the table's own columns is not shown: it asks the table when it writes.
"""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import sql

from shared.connectors.postgres import statements as say
from shared.connectors.protocols import Query, SinkWrite
from shared.sql.table_names import split


def computed(write: SinkWrite, query: Query, keys: Sequence[Sequence[str]]) -> list[str]:
    """`keys`: the unique indexes known of the table."""
    return [one.as_string(None) for one in _statements(write, query, keys)]


def _statements(write: SinkWrite, query: Query, keys: Sequence[Sequence[str]]) -> list[sql.Composable]:
    schema, name = split(write.target)
    table = sql.Identifier(schema, name) if schema else sql.Identifier(name)
    columns = [column.name for column in write.columns]
    rows = say.raw(query.sql)
    if write.write_mode == "UPSERT" and any(sorted(key) == sorted(write.upsert_keys) for key in keys):
        return [say.on_conflict_rows(table, write, query, rows)]

    def inserted(into: sql.Composable) -> sql.Composed:
        if query.tallies:
            return say.insert_counted(into, columns, query, rows)
        return say.insert_rows(into, columns, query.relations, rows)

    if write.write_mode == "INSERT":
        return [inserted(table)]
    if write.write_mode == "OVERWRITE":
        fresh = sql.Identifier(f"penstock_new_{name}")
        return [say.lock(table), say.make_like(fresh, table), inserted(fresh), *say.take_place(fresh, table, name)]
    updated = say.update_known(table, columns, write.upsert_keys, stamp=write.options.get("updatedAtColumn"))
    return [
        *say.stage(table, columns),
        inserted(sql.Identifier(say.STAGED)),
        say.lock(table),
        say.keep_latest(say.latest(columns, write.upsert_keys, write.order)),
        *([updated] if updated else []),
        say.insert_new(table, columns, write.upsert_keys),
    ]
