"""How rows get into a table, in the dialect of its database: INSERT, UPSERT and OVERWRITE, from a staged table or from a SELECT.

The statements of one transaction, in order, the last of which is the commit marker where one is given. sqlglot's own MERGE is a draft, not
a promise (no terminator for SQL Server, conditions that Oracle takes only in parentheses), so each dialect's form is in a table here, and
held by golden text that names the page of the vendor's manual.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from shared.sql.dialects import dialect as dialect_of
from shared.sql.dialects.dialect import Dialect
from shared.sql.errors import SqlProblem
from shared.sql.literals import Value, literal
from shared.sql.reads import named
from shared.sql.render import rewritten
from shared.sql.temporary import called

STAGED = "penstock_staged"
ORDINAL = "penstock_ordinal"


@dataclass(frozen=True, slots=True)
class Marker:
    """The row that says that a load was committed: its table, and the value of each of its columns."""

    table: str
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Write:
    """`rows`: a select that gives `columns`; None: they are in the staged table, numbered as they came."""

    to: Dialect
    target: str
    columns: Sequence[str]
    keys: Sequence[str]
    order: Sequence[tuple[str, str]]
    rows: exp.Query | None
    staged: str

    def source(self) -> exp.Select:
        """The rows' columns, in the target's order."""
        picked = exp.Select(expressions=[_column(name) for name in self.columns])
        if self.rows is None:
            return picked.from_(_own(self.staged), copy=False)
        return picked.from_(exp.Subquery(this=self.rows.copy(), alias=_alias("r")), copy=False)

    def others(self) -> list[str]:
        return [name for name in self.columns if name not in self.keys]

    def text(self, tree: exp.Expr) -> str:
        return rewritten(tree, self.to).sql(dialect=self.to.writes, pretty=True)


def writes(
    dialect: str,
    target: str,
    columns: Sequence[str],
    mode: str,
    keys: Sequence[str],
    order: Sequence[tuple[str, str]],
    *,
    rows: exp.Query | None = None,
    marker: Marker | None = None,
    version: str | None = None,
    staged: str | None = None,
) -> list[str]:
    """`rows`: a typed select in PostgreSQL's meaning that gives the columns by name, instead of the session's own table `staged` (the same
    columns and `penstock_ordinal`; called as the dialect calls it where nothing is said). `order` says which of several rows with one key
    wins: the last, NULLs losing to any value, and of equals the one that came last.

    Raises SqlProblem for what the dialect has no statement for.
    """
    to = dialect_of(dialect, version)
    write = _Write(to, target, columns, keys, order, rows, staged or called(STAGED, to))
    said = _MODES[mode](write)
    return said if marker is None else _MARKED.get(write.to.name, _with_marker)(write, said, marker)


def _with_marker(write: _Write, said: list[str], marker: Marker) -> list[str]:
    into = exp.Schema(this=named(marker.table), expressions=[_identifier(name) for name in marker.values])
    row = exp.Select(expressions=[literal(value) for value in marker.values.values()])
    if write.to.name in _FROM_DUAL:
        row = row.from_(exp.Table(this=exp.to_identifier(_FROM_DUAL[write.to.name])), copy=False)
    return [*said, write.text(exp.Insert(this=into, expression=row))]


def _in_commit(write: _Write, said: list[str], marker: Marker) -> list[str]:
    """Databricks and Spark commit each statement by itself: the marker is what its Delta commit says of itself (userMetadata)."""
    # SET takes what follows as it is, to the end of the line; JSON has no line ends of its own.
    return [f"SET spark.databricks.delta.commitInfo.userMetadata={_told(marker)}", *said]


def _in_comment(write: _Write, said: list[str], marker: Marker) -> list[str]:
    """ClickHouse: the comment of the table that takes the other's place; of rows that are added, a row of their own after them."""
    if said[0].startswith("CREATE TABLE"):
        comment = exp.Literal.string(_told(marker)).sql(dialect=write.to.writes)
        return [f"{said[0]} COMMENT {comment}", *said[1:]]
    return _with_marker(write, said, marker)


def _told(marker: Marker) -> str:
    return json.dumps({"marker": marker.table, **marker.values}, default=str)


_MARKED = {"databricks": _in_commit, "spark": _in_commit, "clickhouse": _in_comment}
# A SELECT without FROM is not to be had there.
_FROM_DUAL = {"oracle": "DUAL", "hana": "DUMMY"}


def _insert(write: _Write) -> list[str]:
    return [write.text(_insert_all(write))]


def _overwrite(write: _Write) -> list[str]:
    """DELETE and INSERT are one transaction, so nobody sees the table empty; where there is none, one statement does both."""
    insert = _insert_all(write)
    if write.to.name in ("databricks", "spark"):
        # INSERT OVERWRITE, Databricks SQL language manual: replaces all rows in one commit of the Delta table.
        insert.set("overwrite", True)
        return [write.text(insert)]
    if write.to.name == "clickhouse":
        return _exchanged(write)
    delete = exp.Delete(this=named(write.target))
    return [write.text(delete), write.text(insert)]


def _exchanged(write: _Write) -> list[str]:
    """ClickHouse: a new table takes the old one's name in one step (SQL Reference, Statements, EXCHANGE)."""
    old = named(write.target)
    new = named(write.target)
    new.set("this", _identifier(f"penstock_new_{old.name}"))
    shown, fresh = write.text(old), write.text(new)
    into = _insert_all(write)
    into.this.set("this", new)
    return [f"CREATE TABLE {fresh} AS {shown}", write.text(into), f"EXCHANGE TABLES {fresh} AND {shown}", f"DROP TABLE {fresh}"]


def _insert_all(write: _Write) -> exp.Insert:
    into = exp.Schema(this=named(write.target), expressions=[_identifier(column) for column in write.columns])
    return exp.Insert(this=into, expression=write.source())


def _upsert(write: _Write) -> list[str]:
    return _UPSERTS.get(write.to.name, _merge)(write)


def _merge(write: _Write) -> list[str]:
    whens = []
    if others := write.others():
        # The column that is set belongs to the target in every dialect, and some refuse to hear its table named.
        sets = [exp.EQ(this=_column(name), expression=_column(name, "s")) for name in others]
        whens.append(exp.When(matched=True, then=exp.Update(expressions=sets)))
    new = exp.Insert(
        this=exp.Tuple(expressions=[_column(name) for name in write.columns]),
        expression=exp.Tuple(expressions=[_column(name, "s") for name in write.columns]),
    )
    whens.append(exp.When(matched=False, then=new))
    into = named(write.target)
    into.set("alias", _alias("t"))
    source = exp.Subquery(this=_latest(write), alias=_alias("s"))
    return [write.text(exp.Merge(this=into, using=source, on=exp.paren(_matched(write)), whens=exp.Whens(expressions=whens)))]


def _merge_ended(write: _Write) -> list[str]:
    """A MERGE of SQL Server ends in a semicolon, and holds its range of keys against other sessions (Transact-SQL, MERGE, Remarks)."""
    (said,) = _merge(write)
    into = named(write.target).sql(dialect=write.to.writes)
    return [said.replace(f"MERGE INTO {into} AS [t]", f"MERGE INTO {into} WITH (HOLDLOCK) AS [t]", 1) + ";"]


def _on_conflict(write: _Write) -> list[str]:
    """On a unique index over the keys."""
    sets = [exp.EQ(this=_column(name), expression=_column(name, "excluded")) for name in write.others()]
    insert = _insert_latest(write)
    action = exp.OnConflict(conflict_keys=[_identifier(key) for key in write.keys], action=exp.var("DO UPDATE" if sets else "DO NOTHING"))
    if sets:
        action.set("expressions", sets)
    insert.set("conflict", action)
    return [write.text(insert)]


def _on_duplicate(write: _Write) -> list[str]:
    """On a primary key or unique index over the keys, and no other (MySQL Reference Manual, INSERT … ON DUPLICATE KEY UPDATE)."""
    names = write.others() or list(write.keys)
    sets = [exp.EQ(this=_column(name), expression=exp.Anonymous(this="VALUES", expressions=[_column(name)])) for name in names]
    insert = _insert_latest(write)
    insert.set("conflict", exp.OnConflict(duplicate=True, action=exp.var("UPDATE"), expressions=sets))
    return [write.text(insert)]


def _update_and_insert(write: _Write) -> list[str]:
    """Redshift's MERGE takes no query as its source; its manual's other way: UPDATE … FROM and INSERT, in one transaction under a lock
    (Amazon Redshift Database Developer Guide, Performing a merge operation by specifying a column list)."""
    table = named(write.target).name
    known = exp.and_(*(exp.EQ(this=_column(key, table), expression=_column(key, "s")) for key in write.keys))
    source = exp.Subquery(this=_latest(write), alias=_alias("s"))
    said = []
    if others := write.others():
        sets = [exp.EQ(this=_column(name), expression=_column(name, "s")) for name in others]
        update = exp.Update(this=named(write.target), expressions=sets, from_=exp.From(this=source.copy()), where=exp.Where(this=known))
        said.append(write.text(update))
    into = named(write.target)
    into.set("alias", _alias("t"))
    there = exp.Select(expressions=[exp.Literal.number(1)]).from_(into, copy=False).where(_matched(write), copy=False)
    new = exp.Select(expressions=[_column(name, "s") for name in write.columns]).from_(source, copy=False)
    new.where(exp.Not(this=exp.Exists(this=there)), copy=False)
    schema = exp.Schema(this=named(write.target), expressions=[_identifier(name) for name in write.columns])
    return [*said, write.text(exp.Insert(this=schema, expression=new))]


def _replacing(write: _Write) -> list[str]:
    """ClickHouse's ReplacingMergeTree keeps the newest row of a key by itself."""
    return [write.text(_insert_latest(write))]


def _refused(write: _Write) -> list[str]:
    raise SqlProblem(f"{write.to.title} has no statement for UPSERT; write with INSERT or OVERWRITE")


def _insert_latest(write: _Write) -> exp.Insert:
    into = exp.Schema(this=named(write.target), expressions=[_identifier(column) for column in write.columns])
    return exp.Insert(this=into, expression=_latest(write))


def _latest(write: _Write) -> exp.Select:
    """Each key once: the last by `order`, NULLs losing to any value, and of equals the one that came last."""
    if not write.to.features.windows:
        return _latest_by_comparison(write)
    by = [exp.Ordered(this=_column(name), desc=direction != "desc", nulls_first=False) for name, direction in write.order]
    if write.rows is None:
        by.append(exp.Ordered(this=_column(ORDINAL), desc=True, nulls_first=False))
    if not by:
        by = [exp.Ordered(this=_column(name), desc=True, nulls_first=False) for name in write.others() or write.keys]
    rank = exp.Window(this=exp.RowNumber(), partition_by=[_column(key) for key in write.keys], order=exp.Order(expressions=by))
    numbered = write.source().select(exp.alias_(rank, "penstock_rank", quoted=True), copy=False)
    picked = exp.Select(expressions=[_column(name) for name in write.columns])
    picked.from_(exp.Subquery(this=numbered, alias=_alias("numbered")), copy=False)
    return picked.where(exp.EQ(this=_column("penstock_rank"), expression=exp.Literal.number(1)), copy=False)


def _latest_by_comparison(write: _Write) -> exp.Select:
    """For databases without windows: the staged row for which no other of its key comes later."""
    if write.rows is not None:
        raise SqlProblem(f"{write.to.title} cannot tell which of two rows with one key wins in one statement; stage the rows first")
    later: exp.Expr = exp.GT(this=_column(ORDINAL, "o"), expression=_column(ORDINAL, "m"))
    for name, direction in reversed(write.order):
        mine, other = _column(name, "m"), _column(name, "o")
        beats = (exp.LT if direction == "desc" else exp.GT)(this=other, expression=mine)
        wins = exp.or_(beats, exp.and_(_is_null(mine), exp.not_(_is_null(other))))
        ties = exp.or_(exp.EQ(this=mine.copy(), expression=other.copy()), exp.and_(_is_null(mine), _is_null(other)))
        later = exp.or_(wins, exp.and_(exp.paren(ties), exp.paren(later)))
    same = exp.and_(*(exp.EQ(this=_column(key, "o"), expression=_column(key, "m")) for key in write.keys))
    rival = exp.Select(expressions=[exp.Literal.number(1)]).from_(_own(write.staged, "o"), copy=False)
    rival.where(exp.and_(same, exp.paren(later)), copy=False)
    # Rows that the database computed itself are not numbered: of two that are alike in everything one is enough.
    picked = exp.Select(expressions=[_column(name, "m") for name in write.columns], distinct=exp.Distinct())
    return picked.from_(_own(write.staged, "m"), copy=False).where(exp.Not(this=exp.Exists(this=rival)), copy=False)


def _own(name: str, alias: str | None = None) -> exp.Table:
    return exp.Table(this=_identifier(name), alias=_alias(alias) if alias else None)


def _is_null(column: exp.Expr) -> exp.Expr:
    return exp.Is(this=column.copy(), expression=exp.null())


def _matched(write: _Write) -> exp.Expr:
    return exp.and_(*(exp.EQ(this=_column(key, "t"), expression=_column(key, "s")) for key in write.keys))


def _column(name: str, table: str | None = None) -> exp.Column:
    return exp.column(name, table=table, quoted=True)


def _alias(name: str) -> exp.TableAlias:
    return exp.TableAlias(this=_identifier(name))


def _identifier(name: str) -> exp.Identifier:
    return exp.to_identifier(name, quoted=True)


_MODES: Mapping[str, Callable[[_Write], list[str]]] = {"INSERT": _insert, "UPSERT": _upsert, "OVERWRITE": _overwrite}
# All others have MERGE.
_UPSERTS: Mapping[str, Callable[[_Write], list[str]]] = {
    "sqlserver": _merge_ended,
    "postgres": _on_conflict,
    "sqlite": _on_conflict,
    "duckdb": _on_conflict,
    "mysql": _on_duplicate,
    "mariadb": _on_duplicate,
    "clickhouse": _replacing,
    "redshift": _update_and_insert,
    "frames": _refused,
}
