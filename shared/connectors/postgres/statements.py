"""What is said to PostgreSQL to write rows, as values: the driver executes them, and a plan shows them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, cast

from psycopg import sql

from shared.connectors.protocols import Query, SinkWrite
from shared.sql.table_names import split

STAGED = "penstock_staged"
LATEST = "penstock_latest"
UNWRITTEN = "penstock_unwritten"
ORDINAL = "penstock_ordinal"
ROWS = "penstock_rows"

Relations = Sequence[tuple[str, str]]
Tallies = Sequence[tuple[str, str | None]]


def copy(target: sql.Composable, columns: Sequence[str]) -> sql.Composed:
    return sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv, NULL {})").format(target, listed(columns), sql.Literal("\\N"))


def stage(table: sql.Composable, columns: Sequence[str]) -> sql.Composed:
    """An empty temporary table for those columns."""
    made = sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA")
    return made.format(sql.Identifier(STAGED), listed(columns), table)


def roomy() -> sql.SQL:
    """To group and sort what was staged in memory; until the transaction ends."""
    return sql.SQL("SET LOCAL work_mem = '64MB'")


def count_keys(keys: Sequence[str], ordered: bool) -> sql.Composed:
    """Yields (distinct keys, rows, rows without a key) of what was staged. `ordered`: there is one key, and its values are compared in
    a step; then they are sorted, not hashed (measured on a million whole numbers: 0.15 s, not 0.7).
    """
    keyless = sql.SQL(" OR ").join(sql.SQL("{} IS NULL").format(sql.Identifier(key)) for key in keys)
    if ordered:
        return sql.SQL("SELECT count(DISTINCT {}), count(*), count(*) FILTER (WHERE {}) FROM {}").format(
            sql.Identifier(keys[0]), keyless, sql.Identifier(STAGED)
        )
    return sql.SQL(
        "SELECT count(*), coalesce(sum(n), 0)::bigint, coalesce(sum(n) FILTER (WHERE {}), 0)::bigint"
        " FROM (SELECT {}, count(*) AS n FROM {} GROUP BY {}) AS keys"
    ).format(keyless, listed(keys), sql.Identifier(STAGED), listed(keys))


def number() -> sql.Composed:
    """Numbers the staged rows as they came. COPY fills a table that its own transaction has made from front to back (it leaves the map
    of free space alone: TABLE_INSERT_SKIP_FSM), and this reads it so.
    """
    return sql.SQL("ALTER TABLE {} ADD COLUMN {} bigserial").format(sql.Identifier(STAGED), sql.Identifier(ORDINAL))


def all_staged(columns: Sequence[str]) -> sql.Composed:
    """What was staged, where each key is there once."""
    return sql.SQL("SELECT {} FROM {}").format(listed(columns), sql.Identifier(STAGED))


def latest(
    columns: Sequence[str], keys: Sequence[str], order: Sequence[tuple[str, str]], of: str = STAGED, by_text: Collection[str] = ()
) -> sql.Composed:
    """Each key once: the last by `order`, and of equals the one that came last. `by_text`: columns that are compared by their texts."""
    by = [ranked(keys, order, None, by_text)]
    if of == STAGED:
        by.append(sql.SQL("{} DESC").format(sql.Identifier(ORDINAL)))
    return sql.SQL("SELECT DISTINCT ON ({}) {} FROM {} ORDER BY {}").format(
        listed(keys), listed(columns), sql.Identifier(of), sql.SQL(", ").join(by)
    )


def keep_lost(keys: Sequence[str], order: Sequence[tuple[str, str]], by_text: Collection[str]) -> sql.Composed:
    """The numbers of the staged rows that are not the latest of their keys, in a table."""
    won = latest([ORDINAL], keys, order, by_text=by_text)
    return keep_unwritten(sql.SQL("SELECT {} FROM {} EXCEPT ({})").format(sql.Identifier(ORDINAL), sql.Identifier(STAGED), won))


def keep_unwritten(ordinals: sql.Composable) -> sql.Composed:
    return sql.SQL("CREATE TEMP TABLE {} ({}) ON COMMIT DROP AS {}").format(sql.Identifier(UNWRITTEN), sql.Identifier(ORDINAL), ordinals)


def forget_unwritten() -> sql.Composed:
    return sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier("pg_temp", UNWRITTEN))


def ranked(keys: Sequence[str], order: Sequence[tuple[str, str]], of: str | None, by_text: Collection[str]) -> sql.Composed:
    """What to order by, so that the row that wins is the first of its key."""
    # The last in the order wins, so the order is turned round; a NULL loses against any value.
    turned = [
        sql.SQL("{} {} NULLS LAST").format(_compared([name], of, by_text), sql.SQL("ASC" if direction == "desc" else "DESC"))
        for name, direction in order
    ]
    return sql.SQL(", ").join([listed(keys, of), *turned])


def on_conflict(
    table: sql.Composable,
    columns: Sequence[str],
    keys: Sequence[str],
    rows: sql.Composable,
    by_text: Collection[str] = (),
    stamp: str | None = None,
) -> sql.Composed:
    """Where a unique index on the keys is. Yields (inserted, updated). `stamp`: the column that does not make a row another."""
    return sql.SQL(
        "WITH latest AS ({latest}), written AS ({written})"
        " SELECT count(*) FILTER (WHERE inserted), count(*) FILTER (WHERE NOT inserted) FROM written"
    ).format(latest=rows, written=_on_conflict(table, columns, keys, "latest", by_text, stamp))


def on_conflict_rows(
    table: sql.Composable, write: SinkWrite, query: Query, rows: sql.Composable, by_text: Collection[str] = ()
) -> sql.Composed:
    """The same for rows that the server computes, in one statement. Yields (inserted, updated, rows, rows without a key, distinct keys,
    and a number for each tally).
    """
    columns, keys = [column.name for column in write.columns], write.upsert_keys
    named = [*_named(query.relations), _rows(rows, query)]
    of = ROWS
    if not query.unique:
        of = LATEST
        chosen = latest(columns, keys, write.order, ROWS, by_text)
        named.append(sql.SQL("{} AS MATERIALIZED ({})").format(sql.Identifier(LATEST), chosen))
    stamp = write.options.get("updatedAtColumn")
    named.append(sql.SQL("written AS ({})").format(_on_conflict(table, columns, keys, of, by_text, stamp)))
    keyless = sql.SQL(" OR ").join(sql.SQL("{} IS NULL").format(sql.Identifier(key)) for key in keys)
    counted = sql.SQL("SELECT count(*) AS rows, count(*) FILTER (WHERE {}) AS keyless FROM {}").format(keyless, sql.Identifier(ROWS))
    wanted = [
        sql.SQL("w.inserted, w.updated, c.rows, c.keyless"),
        sql.SQL("c.rows") if query.unique else sql.SQL("(SELECT count(*) FROM {})").format(sql.Identifier(of)),
        *_tallied(query.tallies),
    ]
    return sql.SQL(
        "WITH {} SELECT {} FROM (SELECT count(*) FILTER (WHERE inserted) AS inserted, count(*) FILTER (WHERE NOT inserted) AS updated"
        " FROM written) AS w, ({}) AS c"
    ).format(_lines(named), sql.SQL(", ").join(wanted), counted)


def _rows(rows: sql.Composable, query: Query) -> sql.Composed:
    """Computed once, unless it is nothing but a look at what is."""
    how = sql.SQL("NOT MATERIALIZED" if query.picks else "MATERIALIZED")
    return sql.SQL("{} AS {} ({})").format(sql.Identifier(ROWS), how, rows)


def _on_conflict(
    table: sql.Composable, columns: Sequence[str], keys: Sequence[str], of: str, by_text: Collection[str], stamp: str | None
) -> sql.Composed:
    others = [column for column in columns if column not in keys]
    compared = [column for column in others if column != stamp]
    changed: sql.Composable = sql.SQL("DO NOTHING")
    if compared:
        sets = sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(sql.Identifier(c)) for c in others)
        differs = _differs(compared, "excluded", by_text)
        changed = sql.SQL("DO UPDATE SET {} WHERE {}").format(sets, differs)
    return sql.SQL(
        "INSERT INTO {table} AS t ({columns}) SELECT {columns} FROM {of} ON CONFLICT ({keys}) {changed} RETURNING (t.xmax = 0) AS inserted"
    ).format(table=table, columns=listed(columns), of=sql.Identifier(of), keys=listed(keys), changed=changed)


def lock(table: sql.Composable) -> sql.Composed:
    """Against other writers; readers go on."""
    return sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(table)


def keep_latest(rows: sql.Composable) -> sql.Composed:
    return sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS {}").format(sql.Identifier(LATEST), rows)


def count_known(table: sql.Composable, keys: Sequence[str]) -> sql.Composed:
    """Yields (distinct keys, those of them that the table has)."""
    return sql.SQL("SELECT count(*), count(*) FILTER (WHERE EXISTS (SELECT FROM {} t WHERE {})) FROM {} s").format(
        table, _matched(keys), sql.Identifier(LATEST)
    )


def update_known(
    table: sql.Composable, columns: Sequence[str], keys: Sequence[str], by_text: Collection[str] = (), stamp: str | None = None
) -> sql.Composed | None:
    """None where there is nothing but the keys, and `stamp`, which is not compared."""
    others = [column for column in columns if column not in keys]
    compared = [column for column in others if column != stamp]
    if not compared:
        return None
    sets = sql.SQL(", ").join(sql.SQL("{0} = s.{0}").format(sql.Identifier(c)) for c in others)
    differs = _differs(compared, "s", by_text)
    return sql.SQL("UPDATE {} t SET {} FROM {} s WHERE {} AND {}").format(table, sets, sql.Identifier(LATEST), _matched(keys), differs)


def insert_new(table: sql.Composable, columns: Sequence[str], keys: Sequence[str]) -> sql.Composed:
    return sql.SQL("INSERT INTO {0} ({1}) SELECT {1} FROM {3} s WHERE NOT EXISTS (SELECT FROM {0} t WHERE {2})").format(
        table, listed(columns), _matched(keys), sql.Identifier(LATEST)
    )


def raw(text: str) -> sql.Composable:
    """SQL that the planner rendered, as it is."""
    return sql.SQL(cast(Any, text))


def select_rows(relations: Relations, rows: sql.Composable) -> sql.Composed:
    named = _named(relations)
    return sql.SQL("WITH {} {}").format(_lines(named), rows) if named else sql.Composed([rows])


def keep(name: str, relations: Relations, rows: sql.Composable) -> sql.Composed:
    return sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS {}").format(sql.Identifier(name), select_rows(relations, rows))


def drop(name: str) -> sql.Composed:
    return sql.SQL("DROP TABLE {}").format(sql.Identifier("pg_temp", name))


def converted(column: str, kind: str | None) -> sql.Composed:
    """A column by way of its text, as COPY has it; as it is for None. `kind`: as the catalogue spells it."""
    if kind is None:
        return sql.Composed([sql.Identifier(column)])
    return sql.SQL("CAST(CAST({0} AS text) AS {1}) AS {0}").format(sql.Identifier(column), raw(kind))


def picked(values: Sequence[sql.Composable], names: Sequence[str], query: str) -> sql.Composed:
    """The rows of a query, whose columns go by these names."""
    return sql.SQL("SELECT {} FROM ({}) AS r ({})").format(sql.SQL(", ").join(values), raw(query), listed(names))


def insert_rows(target: sql.Composable, columns: Sequence[str], relations: Relations, rows: sql.Composable) -> sql.Composed:
    inserted = sql.SQL("INSERT INTO {} ({}) {}").format(target, listed(columns), rows)
    return select_rows(relations, inserted)


def insert_counted(target: sql.Composable, columns: Sequence[str], query: Query, rows: sql.Composable) -> sql.Composed:
    """Yields the rows, and a number for each of the query's tallies."""
    inserted = sql.SQL("INSERT INTO {0} ({1}) SELECT {1} FROM {2}").format(target, listed(columns), sql.Identifier(ROWS))
    named = [
        *_named(query.relations),
        _rows(rows, query),
        sql.SQL("written AS ({})").format(inserted),
    ]
    counted = [sql.SQL("(SELECT count(*) FROM {})").format(sql.Identifier(ROWS)), *_tallied(query.tallies)]
    return sql.SQL("WITH {} SELECT {}").format(_lines(named), sql.SQL(", ").join(counted))


def count_only(relations: Relations, tallies: Tallies) -> sql.Composed:
    return select_rows(relations, sql.SQL("SELECT {}").format(sql.SQL(", ").join(_tallied(tallies))))


def _tallied(tallies: Tallies) -> list[sql.Composable]:
    return [
        sql.SQL("(SELECT {} FROM {})").format(
            sql.SQL("count(*)") if column is None else sql.SQL("sum({})").format(sql.Identifier(column)), sql.Identifier(relation)
        )
        for relation, column in tallies
    ]


def _named(relations: Relations) -> list[sql.Composable]:
    return [sql.SQL("{} AS ({})").format(sql.Identifier(name), raw(body)) for name, body in relations]


def _lines(parts: Sequence[sql.Composable]) -> sql.Composed:
    return sql.SQL(",\n").join(parts)


def make_like(new: sql.Composable, table: sql.Composable) -> sql.Composed:
    return sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)").format(new, table)


def make_of(new: sql.Composable, table: sql.Composable, columns: Sequence[str]) -> sql.Composed:
    """Empty, with those columns, and nothing that could refuse a row."""
    return sql.SQL("CREATE TABLE {} AS SELECT {} FROM {} WITH NO DATA").format(new, listed(columns), table)


def take_place(new: sql.Composable, table: sql.Composable, name: str) -> tuple[sql.Composed, sql.Composed]:
    """The new table gets the old one's place and its name."""
    renamed = sql.SQL("ALTER TABLE {} RENAME TO {}").format(new, sql.Identifier(name))
    return sql.SQL("DROP TABLE {}").format(table), renamed


def add_column(table: sql.Composable, column: str, kind: Any, default: Any) -> sql.Composed:
    """`kind`: of our own vocabulary. A default is a constant, which PostgreSQL adds to a table of any size at once."""
    said = sql.SQL(" DEFAULT {}").format(sql.Literal(default)) if default is not None else sql.SQL("")
    return sql.SQL("ALTER TABLE {} ADD COLUMN IF NOT EXISTS {} {}{}").format(table, sql.Identifier(column), sql.SQL(kind), said)


def listed(names: Sequence[str], of: str | None = None) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(of, name) if of else sql.Identifier(name) for name in names)


def _compared(names: Sequence[str], of: str | None, by_text: Collection[str]) -> sql.Composed:
    return sql.SQL(", ").join(
        sql.SQL("{}::text" if name in by_text else "{}").format(sql.Identifier(of, name) if of else sql.Identifier(name)) for name in names
    )


def _differs(names: Sequence[str], of: str, by_text: Collection[str]) -> sql.Composed:
    return sql.SQL("({}) IS DISTINCT FROM ({})").format(_compared(names, "t", by_text), _compared(names, of, by_text))


def _matched(keys: Sequence[str]) -> sql.Composed:
    return sql.SQL(" AND ").join(sql.SQL("t.{0} = s.{0}").format(sql.Identifier(key)) for key in keys)


def statements(write: SinkWrite, keys: Sequence[Sequence[str]]) -> list[str]:
    """All that changes rows, as the driver would say it. `keys`: the unique indexes known of the table."""
    schema, name = split(write.target)
    table = sql.Identifier(schema, name) if schema else sql.Identifier(name)
    columns = [column.name for column in write.columns]
    if write.write_mode == "INSERT":
        return _texts(copy(table, columns))
    if write.write_mode == "OVERWRITE":
        fresh = sql.Identifier(f"penstock_new_{name}")
        return _texts(lock(table), make_like(fresh, table), copy(fresh, columns), *take_place(fresh, table, name))
    rows = latest(columns, write.upsert_keys, write.order)
    # As with a key that comes twice; without one the numbering and the choosing are left out.
    staged = (stage(table, columns), copy(sql.Identifier(STAGED), columns), number())
    if any(sorted(key) == sorted(write.upsert_keys) for key in keys):
        return _texts(*staged, on_conflict(table, columns, write.upsert_keys, rows, stamp=write.options.get("updatedAtColumn")))
    updated = update_known(table, columns, write.upsert_keys, stamp=write.options.get("updatedAtColumn"))
    return _texts(*staged, lock(table), keep_latest(rows), *([updated] if updated else []), insert_new(table, columns, write.upsert_keys))


def _texts(*composed: sql.Composable) -> list[str]:
    return [one.as_string(None) for one in composed]
