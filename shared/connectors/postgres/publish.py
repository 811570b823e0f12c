"""The three ways rows get into a table: INSERT, UPSERT, OVERWRITE. All in the caller's transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import psycopg
from psycopg import sql

from shared.connectors.errors import Misconfigured, NotFound, RejectedData
from shared.connectors.evolution import added, default_of
from shared.connectors.postgres import sifting
from shared.connectors.postgres import statements as say
from shared.connectors.postgres.catalogue import Table, find
from shared.connectors.postgres.loads import Copied, Load, Queried, tally, whole
from shared.connectors.protocols import Computed, Query, Rows, SinkWrite
from shared.datasets import Columns
from shared.sql.table_names import split

Connection = psycopg.Connection[Any]
Figures = dict[str, int | None]
LONGEST_NAME = 63


def write(connection: Connection, schema: str, sink: SinkWrite, rows: Rows) -> Figures:
    table = target_of(connection, schema, sink, rows.columns)
    publish = partial(_MODES[sink.write_mode], connection, table, sink)
    return sifting.written(connection, table, sink, rows, publish) if sifting.is_wanted(sink) else publish(Copied(rows, table.arrays))


def write_query(connection: Connection, schema: str, sink: SinkWrite, query: Query) -> Computed:
    table = target_of(connection, schema, sink, sink.columns)
    rows = Queried(connection, sink, query, table)
    if not sifting.is_wanted(sink):
        return _computed(connection, table, sink, rows)
    try:
        with connection.transaction():
            return _computed(connection, table, sink, rows)
    except sifting.REFUSED as refusal:
        # Before anything is written: a statement sees what those before it wrote.
        tallies = tally(connection, query.tallies, query.relations)
        publish = partial(_MODES[sink.write_mode], connection, table, sink)
        figures, total = sifting.computed(connection, table, sink, rows, publish, refusal)
    return Computed(figures, total, tallies)


def _computed(connection: Connection, table: Table, sink: SinkWrite, rows: Queried) -> Computed:
    if sink.write_mode == "UPSERT" and _unique_on(table, sink.upsert_keys):
        return _upsert_query(connection, table, sink, rows)
    figures = _MODES[sink.write_mode](connection, table, sink, rows)
    return Computed(figures, rows.count, rows.tallies)


def add_columns(connection: Connection, schema: str, sink: SinkWrite) -> None:
    """Each in a transaction of its own: the lock that adding takes would keep readers off the table while the rows are on their way."""
    if sink.options.get("schemaEvolution") != "addColumns" or (table := find(connection, sink.target, schema)) is None:
        return
    for column in added(sink, [column.name for column in table.columns]):
        connection.execute(say.add_column(_name(table), column.name, _checked(column.type), default_of(sink, column.name)))


def target_of(connection: Connection, schema: str, sink: SinkWrite, columns: Columns) -> Table:
    table = find(connection, sink.target, schema)
    if table is None:
        if not sink.options.get("createTable"):
            raise NotFound(f"table {sink.target} is not there; make it, or set createTable: true on the sink")
        table = _create(connection, schema, sink, columns)
    there = {column.name for column in table.columns}
    missing = [column.name for column in columns if column.name not in there]
    if missing:
        raise NotFound(f"table {sink.target} has no column {missing[0]}; add it, or drop the column before the sink")
    return table


def _insert(connection: Connection, table: Table, sink: SinkWrite, rows: Load) -> Figures:
    rows.into(connection, _name(table))
    return {"rowsInserted": rows.count, "rowsUpdated": 0, "rowsUnchanged": 0, "rowsDeleted": 0, "merged": None}


def _upsert_query(connection: Connection, table: Table, sink: SinkWrite, rows: Queried) -> Computed:
    """One statement: computed, chosen, written and counted on one snapshot."""
    statement = say.on_conflict_rows(_name(table), sink, rows.query, rows.rows, table.by_text)
    inserted, updated, total, keyless, distinct, *tallies = connection.execute(statement).fetchone() or (0, 0, 0, 0, 0)
    if keyless:
        raise RejectedData(_without_key(keyless, table, " and ".join(sink.upsert_keys)))
    figures: Figures = {
        "rowsInserted": inserted,
        "rowsUpdated": updated,
        "rowsUnchanged": distinct - inserted - updated,
        "rowsDeleted": 0,
        "merged": total - distinct,
    }
    return Computed(figures, total, whole(tallies))


def _upsert(connection: Connection, table: Table, sink: SinkWrite, rows: Load) -> Figures:
    """Into a temporary table, each key once, then ON CONFLICT where a unique index is, else UPDATE and INSERT under a lock."""
    name, keys = _name(table), list(sink.upsert_keys)
    columns = [column.name for column in rows.columns]
    connection.execute(say.stage(name, columns))
    rows.into(connection, sql.Identifier(say.STAGED))
    connection.execute(say.roomy())
    distinct, staged, keyless = connection.execute(say.count_keys(keys, _ordered(table, keys))).fetchone() or (0, 0, 0)
    if keyless:
        raise RejectedData(_without_key(keyless, table, " and ".join(keys)))
    if distinct == staged:
        # Measured: sorting a million rows to find the latest of each key costs as much as writing them.
        latest = say.all_staged(columns)
    else:
        connection.execute(say.number())
        if sink.options.get("tellUnwritten"):
            connection.execute(say.forget_unwritten())
            connection.execute(say.keep_lost(keys, sink.order, table.by_text))
        latest = say.latest(columns, keys, sink.order, by_text=table.by_text)
    stamp = sink.options.get("updatedAtColumn")
    if _unique_on(table, keys):
        written = say.on_conflict(name, columns, keys, latest, table.by_text, stamp)
        inserted, updated = connection.execute(written).fetchone() or (0, 0)
    else:
        inserted, updated = _merge(connection, table, columns, keys, latest, stamp)
        connection.execute(say.drop(say.LATEST))
    # The stage's next sink stages under the same name.
    connection.execute(say.drop(say.STAGED))
    return {
        "rowsInserted": inserted,
        "rowsUpdated": updated,
        "rowsUnchanged": distinct - inserted - updated,
        "rowsDeleted": 0,
        "merged": rows.count - distinct,
    }


def _merge(
    connection: Connection, table: Table, columns: Sequence[str], keys: Sequence[str], latest: sql.Composable, stamp: str | None
) -> tuple[int, int]:
    """Without a unique index two sessions could both insert a key, so the table is locked against other writers first."""
    name = _name(table)
    connection.execute(say.lock(name))
    connection.execute(say.keep_latest(latest))
    distinct, known = connection.execute(say.count_known(name, keys)).fetchone() or (0, 0)
    update = say.update_known(name, columns, keys, table.by_text, stamp)
    updated = connection.execute(update).rowcount if update is not None else 0
    connection.execute(say.insert_new(name, columns, keys))
    return distinct - known, updated


def _overwrite(connection: Connection, table: Table, sink: SinkWrite, rows: Load) -> Figures:
    """A new table takes the old one's place; where something hangs on the old one, its rows are replaced instead.

    Readers see the old rows until the commit, and wait only for the swap itself; other writers wait throughout. Not TRUNCATE: a reader
    with an older snapshot would see an empty table.
    """
    connection.execute(say.lock(_name(table)))
    if table.dependents:
        rows = rows.apart(connection)
        deleted = connection.execute(sql.SQL("DELETE FROM {}").format(_name(table))).rowcount
        rows.into(connection, _name(table))
        return {"rowsInserted": rows.count, "rowsUpdated": 0, "rowsUnchanged": 0, "rowsDeleted": deleted, "merged": None}
    deleted = (connection.execute(sql.SQL("SELECT count(*) FROM {}").format(_name(table))).fetchone() or (0,))[0]
    fresh = f"penstock_new_{table.oid}"
    new = sql.Identifier(table.schema, fresh)
    connection.execute(say.make_like(new, _name(table)))
    owner, grants = connection.execute(
        "SELECT pg_get_userbyid(relowner), relacl::text[] FROM pg_class WHERE oid = %s", (table.oid,)
    ).fetchone() or ("", None)
    rows.into(connection, new)
    _grant(connection, table, new, owner, bool(grants))
    names = _index_names(connection, table, new)
    # From here on it waits for readers, and readers wait for it.
    for statement in say.take_place(new, _name(table), table.name):
        connection.execute(statement)
    for made, wanted in names:
        # Errors and people name indexes; they keep their names.
        connection.execute(sql.SQL("ALTER INDEX {} RENAME TO {}").format(sql.Identifier(table.schema, made), sql.Identifier(wanted)))
    return {"rowsInserted": rows.count, "rowsUpdated": 0, "rowsUnchanged": 0, "rowsDeleted": deleted, "merged": None}


def _index_names(connection: Connection, table: Table, new: sql.Composable) -> list[tuple[str, str]]:
    """(name, what it is called on the old table) of each index of the new one. They are paired by what the server says of them behind their
    names; of those that are alike in all, the first goes with the first.
    """
    return connection.execute(
        """
        WITH named AS (
          SELECT i.indrelid, c.relname, d.said, i.indisprimary, t.contype,
                 row_number() OVER (PARTITION BY i.indrelid, d.said, i.indisprimary, t.contype ORDER BY i.indexrelid) AS nth
            FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class r ON r.oid = i.indrelid
            JOIN pg_namespace s ON s.oid = r.relnamespace
            LEFT JOIN pg_constraint t ON t.conindid = i.indexrelid AND t.conrelid = i.indrelid AND t.contype IN ('p', 'u', 'x')
            CROSS JOIN LATERAL (
              SELECT i.indisunique || substr(pg_get_indexdef(i.indexrelid), length(format('CREATE %%sINDEX %%I ON %%I.%%I',
                     CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END, c.relname, s.nspname, r.relname)) + 1) AS said
            ) AS d
           WHERE i.indrelid IN (%s, %s::regclass)
        )
        SELECT n.relname, o.relname FROM named n JOIN named o ON o.indrelid <> n.indrelid AND o.said = n.said AND o.nth = n.nth
           AND o.indisprimary = n.indisprimary AND o.contype IS NOT DISTINCT FROM n.contype
         WHERE o.indrelid = %s
        """,
        (table.oid, new.as_string(connection), table.oid),
    ).fetchall()


def _grant(connection: Connection, table: Table, new: sql.Composable, owner: str, granted: bool) -> None:
    if granted:
        rows = connection.execute(
            "SELECT grantee, privilege_type, is_grantable FROM information_schema.role_table_grants"
            " WHERE table_schema = %s AND table_name = %s",
            (table.schema, table.name),
        ).fetchall()
        for grantee, privilege, grantable in rows:
            who = sql.SQL("PUBLIC") if grantee == "PUBLIC" else sql.Identifier(grantee)
            option = sql.SQL(" WITH GRANT OPTION" if grantable == "YES" and grantee != "PUBLIC" else "")
            # Privileges are words of SQL itself, and come from the catalogue.
            connection.execute(sql.SQL("GRANT {} ON {} TO {}{}").format(sql.SQL(privilege), new, who, option))
    connection.execute(sql.SQL("ALTER TABLE {} OWNER TO {}").format(new, sql.Identifier(owner)))


def _create(connection: Connection, schema: str, sink: SinkWrite, given: Columns) -> Table:
    where, name = split(sink.target)
    planned = {column.name: column.type for column in sink.columns if column.type != "UNKNOWN"}
    for long in (one for one in (name, *(column.name for column in given)) if len(one.encode()) > LONGEST_NAME):
        raise Misconfigured(f"the name {long[:40]}… has more than {LONGEST_NAME} bytes, and PostgreSQL would cut it off; shorten it")
    columns = [
        sql.SQL("{} {}").format(sql.Identifier(column.name), sql.SQL(_checked(planned.get(column.name, column.type)))) for column in given
    ]
    if sink.upsert_keys:
        columns.append(sql.SQL("PRIMARY KEY ({})").format(say.listed(sink.upsert_keys)))
    connection.execute(sql.SQL("CREATE TABLE {} ({})").format(sql.Identifier(where or schema, name), sql.SQL(", ").join(columns)))
    made = find(connection, sink.target, schema)
    assert made is not None
    return made


_TYPE_SIGNS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_(), []")


def _checked(type_: str) -> Any:
    """Types are of our own vocabulary; anything else never becomes SQL."""
    if not _TYPE_SIGNS.issuperset(type_):
        raise NotFound(f"{type_!r} is not a type a table can be made with")
    return type_


def _without_key(rows: int, table: Table, key: str) -> str:
    return f"{rows} rows for table {table.name} have no {key}, which is a key of the UPSERT; filter them out before the sink"


# Compared in one step each. Texts are not: their order may be a locale's.
_PLAIN = {"SMALLINT", "INTEGER", "BIGINT", "DATE", "UUID"}


def _ordered(table: Table, keys: Sequence[str]) -> bool:
    return len(keys) == 1 and any(column.name == keys[0] and column.type in _PLAIN for column in table.columns)


def _unique_on(table: Table, keys: Sequence[str]) -> bool:
    return any(sorted(key) == sorted(keys) for key in table.keys)


def _name(table: Table) -> sql.Identifier:
    return sql.Identifier(table.schema, table.name)


_MODES: dict[str, Callable[[Connection, Table, SinkWrite, Load], Figures]] = {
    "INSERT": _insert,
    "UPSERT": _upsert,
    "OVERWRITE": _overwrite,
}
