"""Of the rows of an UPSERT that are sifted: which of each key are written, and which of those cannot be, since another row of the table has
what must be unique.

Called by `sifting`, whose tables these statements read.
"""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import sql

from shared.connectors.postgres import statements as say
from shared.connectors.postgres.catalogue import Table
from shared.connectors.postgres.constraints import Unique
from shared.connectors.protocols import SinkWrite

ORDINAL = sql.Identifier(say.ORDINAL)


def chosen(sink: SinkWrite, table: Table, good: sql.Composable, columns: Sequence[str]) -> sql.Composed:
    """The number and those columns of each key's row. `good`: what stands behind FROM, with the rows as `raw` and, typed, as "row"."""
    by = say.ranked(sink.upsert_keys, sink.order, "row", table.by_text)
    listed = [sql.Identifier("raw", say.ORDINAL), *(sql.Identifier("row", column) for column in columns)]
    return sql.SQL("SELECT DISTINCT ON ({}) {} FROM {} ORDER BY {}, raw.{} DESC").format(
        say.listed(sink.upsert_keys, "row"), sql.SQL(", ").join(listed), good, by, ORDINAL
    )


def taken(sink: SinkWrite, table: Table, good: sql.Composable, unique: Unique) -> sql.Composed:
    """(number, the unique columns) of each chosen row whose values another one has: in the table, where this UPSERT does not change it,
    or among the chosen themselves, where the one that has them in the table already keeps them, else the first.
    """
    keys, own, name = sink.upsert_keys, unique.columns, sql.Identifier(table.schema, table.name)
    return sql.SQL(
        "WITH chosen AS MATERIALIZED ({chosen}), asked AS (SELECT * FROM chosen WHERE {there})"
        " SELECT c.{ordinal}, {of_c} FROM asked AS c JOIN {table} AS o ON {same} WHERE NOT ({one})"
        " AND NOT EXISTS (SELECT FROM chosen AS k WHERE {changed})"
        " UNION SELECT r.{ordinal}, {of_r} FROM (SELECT c.*, row_number() OVER (PARTITION BY {of_c} ORDER BY"
        " EXISTS (SELECT FROM {table} AS o WHERE {same} AND {one}) DESC, c.{ordinal}) AS penstock_nth FROM asked AS c) AS r"
        " WHERE r.penstock_nth > 1"
    ).format(
        chosen=chosen(sink, table, good, list(dict.fromkeys([*keys, *own]))),
        there=sql.SQL(" AND ").join(sql.SQL("{} IS NOT NULL").format(sql.Identifier(column)) for column in own),
        ordinal=ORDINAL,
        of_c=say.listed(own, "c"),
        of_r=say.listed(own, "r"),
        table=name,
        same=_equal(own, "o", "c"),
        one=_equal(keys, "o", "c"),
        changed=_equal(keys, "k", "o"),
    )


def _equal(columns: Sequence[str], one: str, other: str) -> sql.Composed:
    return sql.SQL(" AND ").join(
        sql.SQL("{} = {}").format(sql.Identifier(one, column), sql.Identifier(other, column)) for column in columns
    )
