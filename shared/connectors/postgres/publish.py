"""The three ways rows get into a table: INSERT, UPSERT, OVERWRITE. All in the caller's transaction; rows travel by COPY."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

import psycopg
from psycopg import sql

from shared.connectors.errors import Misconfigured, NotFound, RejectedData
from shared.connectors.postgres.catalogue import Table, find
from shared.connectors.protocols import Rows, SinkWrite
from shared.connectors.tables import split

Connection = psycopg.Connection[Any]
Figures = dict[str, int | None]
LONGEST_NAME = 63
STAGED = "penstock_staged"
ORDINAL = "penstock_ordinal"


def write(connection: Connection, schema: str, sink: SinkWrite, rows: Rows) -> Figures:
    table = find(connection, sink.target, schema)
    if table is None:
        if not sink.options.get("createTable"):
            raise NotFound(f"table {sink.target} is not there; make it, or set createTable: true on the sink")
        table = _create(connection, schema, sink, rows)
    there = {column.name for column in table.columns}
    missing = [column.name for column in rows.columns if column.name not in there]
    if missing:
        raise NotFound(f"table {sink.target} has no column {missing[0]}; add it, or drop the column before the sink")
    return _MODES[sink.write_mode](connection, table, sink, rows)


def _insert(connection: Connection, table: Table, sink: SinkWrite, rows: Rows) -> Figures:
    _copy(connection, _name(table), rows)
    return {"rowsInserted": rows.count, "rowsUpdated": 0, "rowsUnchanged": 0, "rowsDeleted": 0, "merged": None}


def _upsert(connection: Connection, table: Table, sink: SinkWrite, rows: Rows) -> Figures:
    """Into a temporary table, each key once, then ON CONFLICT where a unique index is, else MERGE under a lock."""
    columns = [column.name for column in rows.columns]
    keys = list(sink.upsert_keys)
    connection.execute(
        sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
            sql.Identifier(STAGED), _listed(columns), _name(table)
        )
    )
    connection.execute(sql.SQL("ALTER TABLE {} ADD COLUMN {} bigserial").format(sql.Identifier(STAGED), sql.Identifier(ORDINAL)))
    _copy(connection, sql.Identifier(STAGED), rows)
    _refuse_null_keys(connection, table, keys)
    others = [column for column in columns if column not in keys]
    latest = _latest(columns, keys, sink.order)
    if _unique_on(table, keys):
        changed: sql.Composable = sql.SQL("DO NOTHING")
        if others:
            sets = sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(sql.Identifier(c)) for c in others)
            differs = sql.SQL("({}) IS DISTINCT FROM ({})").format(_listed(others, "t"), _listed(others, "excluded"))
            changed = sql.SQL("DO UPDATE SET {} WHERE {}").format(sets, differs)
        statement = sql.SQL(
            "WITH latest AS ({latest}), written AS (INSERT INTO {table} AS t ({columns}) SELECT {columns} FROM latest"
            " ON CONFLICT ({keys}) {changed} RETURNING (t.xmax = 0) AS inserted)"
            " SELECT (SELECT count(*) FROM latest), count(*) FILTER (WHERE inserted), count(*) FILTER (WHERE NOT inserted) FROM written"
        ).format(latest=latest, table=_name(table), columns=_listed(columns), keys=_listed(keys), changed=changed)
        distinct, inserted, updated = connection.execute(statement).fetchone() or (0, 0, 0)
    else:
        distinct, inserted, updated = _merge(connection, table, columns, keys, others, latest)
    return {
        "rowsInserted": inserted,
        "rowsUpdated": updated,
        "rowsUnchanged": distinct - inserted - updated,
        "rowsDeleted": 0,
        "merged": rows.count - distinct,
    }


def _merge(
    connection: Connection, table: Table, columns: Sequence[str], keys: Sequence[str], others: Sequence[str], latest: sql.Composable
) -> tuple[int, int, int]:
    """Without a unique index two sessions could both insert a key, so the table is locked against other writers first."""
    connection.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(_name(table)))
    connection.execute(sql.SQL("CREATE TEMP TABLE penstock_latest ON COMMIT DROP AS {}").format(latest))
    matched = sql.SQL(" AND ").join(sql.SQL("t.{0} = s.{0}").format(sql.Identifier(key)) for key in keys)
    distinct, known = connection.execute(
        sql.SQL("SELECT count(*), count(*) FILTER (WHERE EXISTS (SELECT FROM {} t WHERE {})) FROM penstock_latest s").format(
            _name(table), matched
        )
    ).fetchone() or (0, 0)
    updated = 0
    if others:
        sets = sql.SQL(", ").join(sql.SQL("{0} = s.{0}").format(sql.Identifier(c)) for c in others)
        differs = sql.SQL("({}) IS DISTINCT FROM ({})").format(_listed(others, "t"), _listed(others, "s"))
        updated = connection.execute(
            sql.SQL("UPDATE {} t SET {} FROM penstock_latest s WHERE {} AND {}").format(_name(table), sets, matched, differs)
        ).rowcount
    connection.execute(
        sql.SQL("INSERT INTO {0} ({1}) SELECT {1} FROM penstock_latest s WHERE NOT EXISTS (SELECT FROM {0} t WHERE {2})").format(
            _name(table), _listed(columns), matched
        )
    )
    return distinct, distinct - known, updated


def _overwrite(connection: Connection, table: Table, sink: SinkWrite, rows: Rows) -> Figures:
    """A new table takes the old one's place; where something hangs on the old one, its rows are replaced instead.

    Readers see the old rows until the commit, and wait only for the swap itself; other writers wait throughout. Not TRUNCATE: a reader
    with an older snapshot would see an empty table.
    """
    connection.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(_name(table)))
    if table.dependents:
        deleted = connection.execute(sql.SQL("DELETE FROM {}").format(_name(table))).rowcount
        _copy(connection, _name(table), rows)
        return {"rowsInserted": rows.count, "rowsUpdated": 0, "rowsUnchanged": 0, "rowsDeleted": deleted, "merged": None}
    deleted = (connection.execute(sql.SQL("SELECT count(*) FROM {}").format(_name(table))).fetchone() or (0,))[0]
    fresh = f"penstock_new_{table.oid}"
    new = sql.Identifier(table.schema, fresh)
    connection.execute(sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)").format(new, _name(table)))
    owner, grants = connection.execute(
        "SELECT pg_get_userbyid(relowner), relacl::text[] FROM pg_class WHERE oid = %s", (table.oid,)
    ).fetchone() or ("", None)
    _copy(connection, new, rows)
    _grant(connection, table, new, owner, bool(grants))
    names = connection.execute(
        "SELECT n.relname, o.relname FROM pg_index ni JOIN pg_class n ON n.oid = ni.indexrelid"
        " JOIN pg_index oi ON oi.indrelid = %s AND oi.indkey = ni.indkey AND oi.indisunique = ni.indisunique"
        " AND oi.indisprimary = ni.indisprimary"
        " JOIN pg_class o ON o.oid = oi.indexrelid WHERE ni.indrelid = %s::regclass",
        (table.oid, new.as_string(connection)),
    ).fetchall()
    # From here on it waits for readers, and readers wait for it.
    connection.execute(sql.SQL("DROP TABLE {}").format(_name(table)))
    connection.execute(sql.SQL("ALTER TABLE {} RENAME TO {}").format(new, sql.Identifier(table.name)))
    for made, wanted in dict(names).items():
        # Errors and people name indexes; they keep their names.
        connection.execute(sql.SQL("ALTER INDEX {} RENAME TO {}").format(sql.Identifier(table.schema, made), sql.Identifier(wanted)))
    return {"rowsInserted": rows.count, "rowsUpdated": 0, "rowsUnchanged": 0, "rowsDeleted": deleted, "merged": None}


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


def _create(connection: Connection, schema: str, sink: SinkWrite, rows: Rows) -> Table:
    where, name = split(sink.target)
    planned = {column.name: column.type for column in sink.columns if column.type != "UNKNOWN"}
    for long in (one for one in (name, *(column.name for column in rows.columns)) if len(one.encode()) > LONGEST_NAME):
        raise Misconfigured(f"the name {long[:40]}… has more than {LONGEST_NAME} bytes, and PostgreSQL would cut it off; shorten it")
    columns = [
        sql.SQL("{} {}").format(sql.Identifier(column.name), sql.SQL(_checked(planned.get(column.name, column.type))))
        for column in rows.columns
    ]
    if sink.upsert_keys:
        columns.append(sql.SQL("PRIMARY KEY ({})").format(_listed(sink.upsert_keys)))
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


def _copy(connection: Connection, target: sql.Composable, rows: Rows) -> None:
    columns = _listed([column.name for column in rows.columns])
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv, NULL {})").format(target, columns, sql.Literal("\\N"))
    with closing(rows.csv_blocks()) as blocks, connection.cursor().copy(statement) as copy:  # type: ignore[type-var]
        for block in blocks:
            copy.write(block)


def _refuse_null_keys(connection: Connection, table: Table, keys: Sequence[str]) -> None:
    for key in keys:
        found = connection.execute(
            sql.SQL("SELECT count(*) FROM {} WHERE {} IS NULL").format(sql.Identifier(STAGED), sql.Identifier(key))
        ).fetchone()
        if found and found[0]:
            raise RejectedData(
                f"{found[0]} rows for table {table.name} have no {key}, which is a key of the UPSERT; filter them out before the sink"
            )


def _latest(columns: Sequence[str], keys: Sequence[str], order: Sequence[tuple[str, str]]) -> sql.Composable:
    """Each key once: the last by `order`, and of equals the one that came last."""
    by = [sql.SQL("{}").format(sql.Identifier(key)) for key in keys]
    # The last in the order wins, so the order is turned round; a NULL loses against any value.
    by += [
        sql.SQL("{} {} NULLS LAST").format(sql.Identifier(name), sql.SQL("ASC" if direction == "desc" else "DESC"))
        for name, direction in order
    ]
    by.append(sql.SQL("{} DESC").format(sql.Identifier(ORDINAL)))
    return sql.SQL("SELECT DISTINCT ON ({}) {} FROM {} ORDER BY {}").format(
        _listed(keys), _listed(columns), sql.Identifier(STAGED), sql.SQL(", ").join(by)
    )


def _unique_on(table: Table, keys: Sequence[str]) -> bool:
    return any(sorted(key) == sorted(keys) for key in table.keys)


def _name(table: Table) -> sql.Identifier:
    return sql.Identifier(table.schema, table.name)


def _listed(names: Sequence[str], of: str | None = None) -> sql.Composable:
    return sql.SQL(", ").join(sql.Identifier(of, name) if of else sql.Identifier(name) for name in names)


_MODES: dict[str, Callable[[Connection, Table, SinkWrite, Rows], Figures]] = {
    "INSERT": _insert,
    "UPSERT": _upsert,
    "OVERWRITE": _overwrite,
}
