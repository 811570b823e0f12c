"""What the catalogue says of a table: columns, keys, an estimate of its rows. Statistics only, never COUNT(*)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

from shared.datasets import Column, Columns
from shared.sql.table_names import split

_OURS = {
    "boolean": "BOOLEAN",
    "smallint": "SMALLINT",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "real": "REAL",
    "double precision": "DOUBLE PRECISION",
    "date": "DATE",
    "uuid": "UUID",
    "json": "JSON",
    "jsonb": "JSON",
    "bytea": "BYTEA",
    "interval": "INTERVAL",
}


@dataclass(frozen=True, slots=True)
class Table:
    """`keys`: columns of each unique index without expression or predicate, primary key first. `vendor_types`: as `Survey` has them.

    `dependents`: why it cannot be swapped; empty: it can. `by_text`: columns whose values are compared by their texts, since their types
    have no equality, or one that is of something else (two boxes are "equal" when their areas are).
    """

    oid: int
    schema: str
    name: str
    columns: Columns
    rows: int | None
    keys: tuple[tuple[str, ...], ...]
    dependents: tuple[str, ...]
    vendor_types: dict[str, str]
    by_text: frozenset[str]

    @property
    def arrays(self) -> frozenset[str]:
        return frozenset(column.name for column in self.columns if column.type.endswith("[]"))


def find(connection: psycopg.Connection[Any], wanted: str, schema: str) -> Table | None:
    """`wanted` is table or schema.table, exactly as spelled (`shared.sql.table_names`)."""
    where, name = split(wanted)
    row = connection.execute(
        """
        SELECT c.oid, n.nspname, c.relname, c.reltuples
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = %s AND c.relname = %s AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
        """,
        (where or schema, name),
    ).fetchone()
    if row is None:
        return None
    oid, found_schema, found_name, estimate = tuple(row.values()) if isinstance(row, dict) else row
    return Table(
        oid,
        found_schema,
        found_name,
        _columns(connection, oid),
        None if estimate < 0 else int(estimate),
        _keys(connection, oid),
        _dependents(connection, oid),
        _vendor_types(connection, oid),
        _by_text(connection, oid),
    )


def table_names(connection: psycopg.Connection[Any]) -> list[str]:
    rows = connection.execute(
        "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND nspname NOT IN ('pg_catalog', 'information_schema') LIMIT 5000"
    ).fetchall()
    return [row[0] for row in rows]


def our_type(formatted: str) -> str:
    """format_type's text in our spelling; lengths are dropped, what has no like is TEXT."""
    if formatted.endswith("[]"):
        return f"{our_type(formatted[:-2])}[]"
    if formatted.startswith("numeric"):
        return formatted.upper().replace(",", ", ")
    if formatted.startswith("timestamp"):
        return "TIMESTAMPTZ" if formatted.endswith("with time zone") else "TIMESTAMP"
    if formatted.startswith("time"):
        return "TIME"
    return _OURS.get(formatted, "TEXT")


def _columns(connection: psycopg.Connection[Any], oid: int) -> Columns:
    rows = connection.execute(
        "SELECT attname, format_type(atttypid, atttypmod), NOT attnotnull FROM pg_attribute"
        " WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        (oid,),
    ).fetchall()
    return tuple(Column(name, our_type(kind), nullable) for name, kind, nullable in rows)


def is_foreign(formatted: str) -> bool:
    """The type has none of ours, and its values come as texts."""
    return our_type(formatted) == "TEXT" and formatted.partition("(")[0] not in {"text", "character varying"}


def _vendor_types(connection: psycopg.Connection[Any], oid: int) -> dict[str, str]:
    rows = connection.execute(
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped",
        (oid,),
    ).fetchall()
    return {name: kind for name, kind in rows if is_foreign(kind)}


def _by_text(connection: psycopg.Connection[Any], oid: int) -> frozenset[str]:
    """Arrays and domains of such types too."""
    rows = connection.execute(
        """
        WITH RECURSIVE used AS (
          SELECT attname, atttypid AS type FROM pg_attribute WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped
          UNION
          SELECT u.attname, y.oid FROM used u JOIN pg_type t ON t.oid = u.type
            JOIN pg_type y ON (y.oid = t.typbasetype AND t.typtype = 'd') OR y.typarray = t.oid
        )
        SELECT DISTINCT attname FROM used
         WHERE type IN ('json'::regtype, 'xml'::regtype, 'jsonpath'::regtype, 'point'::regtype, 'lseg'::regtype, 'path'::regtype,
                        'box'::regtype, 'polygon'::regtype, 'line'::regtype, 'circle'::regtype)
        """,
        (oid,),
    ).fetchall()
    return frozenset(str(row[0]) for row in rows)


def _keys(connection: psycopg.Connection[Any], oid: int) -> tuple[tuple[str, ...], ...]:
    rows = connection.execute(
        """
        SELECT array_agg(a.attname::text ORDER BY k.position)
          FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey::int[]) WITH ORDINALITY AS k (attnum, position)
          JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
         WHERE i.indrelid = %s AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indexprs IS NULL AND i.indpred IS NULL
           AND k.position <= i.indnkeyatts
         GROUP BY i.indexrelid, i.indisprimary ORDER BY i.indisprimary DESC, i.indexrelid
        """,
        (oid,),
    ).fetchall()
    return tuple(tuple(row[0]) for row in rows)


def _dependents(connection: psycopg.Connection[Any], oid: int) -> tuple[str, ...]:
    """What a swap by rename would leave behind on the old table."""
    rows = connection.execute(
        """
        SELECT 'view' WHERE EXISTS (SELECT FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
                                     WHERE d.refobjid = %(t)s AND d.classid = 'pg_rewrite'::regclass AND r.ev_class <> %(t)s)
        UNION ALL SELECT 'foreign key' WHERE EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND (confrelid = %(t)s OR
        conrelid = %(t)s))
        UNION ALL SELECT 'policy' WHERE EXISTS (SELECT FROM pg_policy WHERE polrelid = %(t)s)
        UNION ALL SELECT 'publication' WHERE EXISTS (SELECT FROM pg_publication_rel WHERE prrelid = %(t)s)
        UNION ALL SELECT 'trigger' WHERE EXISTS (SELECT FROM pg_trigger WHERE tgrelid = %(t)s AND NOT tgisinternal)
        UNION ALL SELECT 'partition' WHERE EXISTS (SELECT FROM pg_class WHERE oid = %(t)s AND (relkind <> 'r' OR relispartition))
        UNION ALL SELECT 'inheritance' WHERE EXISTS (SELECT FROM pg_inherits WHERE inhparent = %(t)s OR inhrelid = %(t)s)
        UNION ALL SELECT 'setting' WHERE EXISTS (SELECT FROM pg_class WHERE oid = %(t)s
                  AND (reloptions IS NOT NULL OR relreplident <> 'd' OR relrowsecurity OR relpersistence <> 'p'))
        UNION ALL SELECT 'column privilege' WHERE EXISTS (SELECT FROM pg_attribute WHERE attrelid = %(t)s AND attacl IS NOT NULL)
        UNION ALL SELECT 'use of its row type' WHERE EXISTS (SELECT FROM pg_depend d JOIN pg_type y ON y.oid = d.refobjid
                                                  WHERE y.typrelid = %(t)s AND d.refclassid = 'pg_type'::regclass AND d.deptype = 'n')
        UNION ALL SELECT 'owned sequence' WHERE EXISTS (SELECT FROM pg_depend WHERE refobjid = %(t)s AND deptype = 'a' AND classid
        = 'pg_class'::regclass)
        """,
        {"t": oid},
    ).fetchall()
    return tuple(row[0] for row in rows)
