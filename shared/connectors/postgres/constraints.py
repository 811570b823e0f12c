"""What PostgreSQL's catalogue says a row of a table must keep, and each of it as a condition over rows that are not there yet, with the
sentence that the server itself would say.

Only what can be told of all rows in one statement: types, NOT NULL, CHECK, foreign keys, plain unique indexes. What else a table may ask
for (triggers, exclusion, unique expressions, CHECKs over columns that are not written) shows when rows are inserted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from shared.connectors.postgres import statements as say
from shared.connectors.postgres.catalogue import Table

Connection = psycopg.Connection[Any]
ORDINAL = say.ORDINAL


@dataclass(frozen=True, slots=True)
class Condition:
    """`broken`: true of a row, among typed ones, that breaks it. `message` and `rule`: texts, as SQL."""

    broken: sql.Composable
    message: sql.Composable
    rule: str


@dataclass(frozen=True, slots=True)
class Unique:
    index: str
    columns: tuple[str, ...]


def of_rows(connection: Connection, table: Table, names: Sequence[str]) -> list[Condition]:
    """All that one row by itself breaks or keeps. `names`: the columns that are written."""
    return [*_not_null(connection, table, names), *_checks(connection, table, names), *_foreign_keys(connection, table, names)]


def unwritable(connection: Connection, table: Table, names: Sequence[str]) -> bool:
    """A column that takes no NULL gets no value: then it is not the rows that are wrong."""
    row = connection.execute(
        "SELECT 1 FROM pg_attribute WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped AND attnotnull AND NOT atthasdef"
        " AND attidentity = '' AND NOT attname = ANY(%s) LIMIT 1",
        (table.oid, list(names)),
    ).fetchone()
    return row is not None


def unfit(column: str, wanted: str) -> Condition:
    """Of a column whose values are texts still: they are no values of the type. From PostgreSQL 16 on."""
    value, type_ = sql.Identifier("raw", column), sql.Literal(wanted)
    said = sql.SQL("{} || (SELECT i.message FROM pg_input_error_info({}, {}) AS i)").format(sql.Literal(f"column {column}: "), value, type_)
    broken = sql.SQL("{0} IS NOT NULL AND NOT pg_input_is_valid({0}, {1})").format(value, type_)
    return Condition(broken, said, f"{column} {wanted}")


def no_nul(columns: Sequence[str], sign: str) -> list[Condition]:
    """A text had a NUL character, for which `sign` stands."""
    return [
        Condition(
            sql.SQL("strpos({}::text, {}) > 0").format(sql.Identifier("raw", column), sql.Literal(sign)),
            sql.Literal(f"column {column}: the text holds a NUL character, which PostgreSQL cannot"),
            f"{column} NUL",
        )
        for column in columns
    ]


def no_key(keys: Sequence[str], table: Table) -> list[Condition]:
    """Of an UPSERT: a row without its key could not be found again."""
    return [
        Condition(
            sql.SQL("{} IS NULL").format(sql.Identifier("row", key)),
            sql.Literal(f"the row has no {key}, which is a key of the UPSERT into {table.name}"),
            f"{key} upsertKeys",
        )
        for key in keys
    ]


def unique_indexes(connection: Connection, table: Table, names: Sequence[str], but: Sequence[str] = ()) -> list[Unique]:
    """Those whose columns are all written. `but`: not the one of these columns."""
    rows = connection.execute(
        """
        SELECT c.relname, array_agg(a.attname::text ORDER BY k.position)
          FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
          CROSS JOIN LATERAL unnest(i.indkey::int[]) WITH ORDINALITY AS k (attnum, position)
          JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
         WHERE i.indrelid = %s AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indexprs IS NULL AND i.indpred IS NULL
           AND NOT coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false) AND k.position <= i.indnkeyatts
         GROUP BY i.indexrelid, c.relname, i.indisprimary ORDER BY i.indisprimary DESC, i.indexrelid
        """,
        (table.oid,),
    ).fetchall()
    found = [Unique(str(name), tuple(columns)) for name, columns in rows if set(columns) <= set(names)]
    return [one for one in found if sorted(one.columns) != sorted(but)]


def _not_null(connection: Connection, table: Table, names: Sequence[str]) -> list[Condition]:
    rows = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped AND attnotnull AND attname = ANY(%s)"
        " ORDER BY attnum",
        (table.oid, list(names)),
    ).fetchall()
    return [
        Condition(
            sql.SQL("{} IS NULL").format(sql.Identifier("row", str(name))),
            sql.Literal(f'null value in column "{name}" of relation "{table.name}" violates not-null constraint'),
            f"{name} NOT NULL",
        )
        for (name,) in rows
    ]


def _constraints(connection: Connection, table: Table, kind: str) -> list[Mapping[str, Any]]:
    """Those that the server enforces row by row: {name, said, columns, others, at}. `at`: what a foreign key refers to."""
    rows = connection.execute(
        """
        SELECT c.conname, pg_get_expr(c.conbin, c.conrelid) AS said,
               ARRAY(SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY AS k (n, p)
                       JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.n ORDER BY k.p) AS columns,
               ARRAY(SELECT a.attname::text FROM unnest(c.confkey) WITH ORDINALITY AS k (n, p)
                       JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.n ORDER BY k.p) AS others,
               n.nspname, r.relname
          FROM pg_constraint c LEFT JOIN pg_class r ON r.oid = c.confrelid LEFT JOIN pg_namespace n ON n.oid = r.relnamespace
         WHERE c.conrelid = %s AND c.contype = %s AND coalesce((to_jsonb(c) ->> 'conenforced')::boolean, true)
           AND NOT c.condeferred AND c.confrelid <> c.conrelid AND c.confmatchtype IN ('s', ' ')
         ORDER BY c.conname
        """,
        (table.oid, kind),
    ).fetchall()
    return [
        {"name": str(name), "said": said, "columns": list(columns), "others": list(others), "at": (schema, relation)}
        for name, said, columns, others, schema, relation in rows
    ]


def _checks(connection: Connection, table: Table, names: Sequence[str]) -> list[Condition]:
    return [
        Condition(
            # The server's own text of it; it names columns alone, and only `row` has them.
            sql.SQL("(SELECT {} FROM (SELECT {}) AS checked) IS FALSE").format(say.raw(one["said"]), say.listed(one["columns"], "row")),
            sql.Literal(f'new row for relation "{table.name}" violates check constraint "{one["name"]}"'),
            one["name"],
        )
        for one in _constraints(connection, table, "c")
        if set(one["columns"]) <= set(names) and one["columns"]
    ]


def _foreign_keys(connection: Connection, table: Table, names: Sequence[str]) -> list[Condition]:
    found = []
    for one in _constraints(connection, table, "f"):
        if not set(one["columns"]) <= set(names):
            continue
        pairs = list(zip(one["columns"], one["others"], strict=True))
        given = sql.SQL(" AND ").join(sql.SQL("{} IS NOT NULL").format(sql.Identifier("row", mine)) for mine, _ in pairs)
        same = sql.SQL(" AND ").join(
            sql.SQL("{} = {}").format(sql.Identifier("parent", theirs), sql.Identifier("row", mine)) for mine, theirs in pairs
        )
        broken = sql.SQL("{} AND NOT EXISTS (SELECT FROM {} AS parent WHERE {})").format(given, sql.Identifier(*one["at"]), same)
        said = f'insert or update on table "{table.name}" violates foreign key constraint "{one["name"]}"'
        found.append(Condition(broken, sql.Literal(said), one["name"]))
    return found
