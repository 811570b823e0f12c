"""What is said to a database to publish rows that were staged in it: sqlglot trees, rendered in its dialect.

The portable part: SQLite, DuckDB, MySQL and MariaDB take it. UPSERT is an UPDATE of the rows that differ and an INSERT of those that
are not there, so that each figure can be told apart; whoever runs it holds off other writers of the table meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from shared.sql.reads import named, rows_of
from shared.sql.writes import ORDINAL, STAGED

LATEST = "penstock_latest"
UNWRITTEN = "penstock_unwritten"
__all__ = ["LATEST", "ORDINAL", "STAGED"]


def quoted(name: str) -> exp.Identifier:
    return exp.to_identifier(name, quoted=True)


def columns(names: Sequence[str], table: str | None = None) -> list[exp.Expr]:
    return [exp.column(name, table=table, quoted=True) for name in names]


def table(name: str, alias: str | None = None) -> exp.Table:
    """`name` is one of ours, in the session's own temporary schema."""
    return exp.Table(this=quoted(name), alias=exp.TableAlias(this=quoted(alias)) if alias else None)


def aliased(target: str, alias: str) -> exp.Table:
    found = named(target)
    found.set("alias", exp.TableAlias(this=quoted(alias)))
    return found


def stage(target: str, names: Sequence[str]) -> exp.Create:
    """An empty temporary table with those columns of the target, its types and collations, and one that numbers the rows."""
    return temporary(STAGED, like(target, names))


def like(target: str, names: Sequence[str]) -> exp.Select:
    """No rows, of those columns of the target and one that numbers them."""
    ordinal = exp.alias_(exp.cast(exp.Literal.number(0), "BIGINT"), ORDINAL, quoted=True)
    none = exp.Select(expressions=[*columns(names), ordinal]).from_(named(target), copy=False)
    return none.where(exp.EQ(this=exp.Literal.number(1), expression=exp.Literal.number(0)), copy=False)


def none_of(target: str, names: Sequence[str]) -> exp.Select:
    """No rows, of those columns of the target."""
    none = exp.Select(expressions=columns(names)).from_(named(target), copy=False)
    return none.where(exp.EQ(this=exp.Literal.number(1), expression=exp.Literal.number(0)), copy=False)


def stage_like(target: str, names: Sequence[str]) -> exp.Union:
    """As `like`, for a vendor's SELECT INTO: of one table alone it would make a column of the session's own that numbers itself."""
    return exp.union(like(target, names), like(target, names), distinct=False)


def temporary(name: str, select: exp.Expr) -> exp.Create:
    return exp.Create(this=table(name), kind="TABLE", expression=select, properties=exp.Properties(expressions=[exp.TemporaryProperty()]))


def without_key(key: str, staged: str = STAGED) -> exp.Select:
    """How many staged rows have no value for that key."""
    return _count().from_(table(staged), copy=False).where(exp.Is(this=columns([key])[0], expression=exp.Null()), copy=False)


def latest(names: Sequence[str], keys: Sequence[str], order: Sequence[tuple[str, str]]) -> exp.Create:
    """Each key once: the last by `order`, NULLs losing to any value, and of equals the one that came last."""
    won = exp.EQ(this=columns(["penstock_rank"])[0], expression=exp.Literal.number(1))
    return temporary(LATEST, _ranked(names, keys, order).where(won, copy=False))


def lost(keys: Sequence[str], order: Sequence[tuple[str, str]]) -> exp.Create:
    """The numbers of the staged rows that are not the latest of their keys."""
    lost = exp.GT(this=columns(["penstock_rank"])[0], expression=exp.Literal.number(1))
    return temporary(UNWRITTEN, _ranked([ORDINAL], keys, order).where(lost, copy=False))


def numbers_between(low: int, high: int) -> exp.Select:
    """Of those that `lost` has kept."""
    between = exp.Between(this=columns([ORDINAL])[0], low=exp.Literal.number(low), high=exp.Literal.number(high))
    return exp.Select(expressions=columns([ORDINAL])).from_(table(UNWRITTEN), copy=False).where(between, copy=False)


def _ranked(names: Sequence[str], keys: Sequence[str], order: Sequence[tuple[str, str]]) -> exp.Select:
    """Staged rows with their place among those of their key, the first of which wins."""
    by: list[exp.Expr] = []
    for name, direction in order:
        # Where a database sorts NULLs is its own affair; said so, it is the same in all.
        by.append(exp.Ordered(this=exp.paren(exp.Is(this=exp.column(name, quoted=True), expression=exp.Null())), desc=False))
        by.append(exp.Ordered(this=exp.column(name, quoted=True), desc=direction != "desc"))
    by.append(exp.Ordered(this=exp.column(ORDINAL, quoted=True), desc=True))
    for one in by:
        one.set("nulls_first", not one.args["desc"])
    rank = exp.Window(this=exp.RowNumber(), partition_by=columns(keys), order=exp.Order(expressions=by))
    numbered = exp.Select(expressions=[*columns(names), exp.alias_(rank, "penstock_rank", quoted=True)]).from_(table(STAGED), copy=False)
    return exp.Select(expressions=columns(names)).from_(exp.Subquery(this=numbered, alias=exp.TableAlias(this=quoted("numbered"))))


def count(of: exp.Table) -> exp.Select:
    return _count().from_(of, copy=False)


def count_keys(staged: str, keys: Sequence[str]) -> exp.Select:
    """How many different keys were staged."""
    return count_in(_keys(staged, keys))


def count_known_keys(target: str, staged: str, keys: Sequence[str]) -> exp.Select:
    """How many of them have a row in the target."""
    there = exp.Select(expressions=[exp.Literal.number(1)]).from_(aliased(target, "t"), copy=False).where(_matched(keys), copy=False)
    return count_in(_keys(staged, keys)).where(exp.Exists(this=there), copy=False)


def _keys(staged: str, keys: Sequence[str]) -> exp.Select:
    return exp.Select(expressions=columns(keys), distinct=exp.Distinct()).from_(table(staged), copy=False)


def count_in(rows: exp.Query) -> exp.Select:
    return _count().from_(exp.Subquery(this=rows, alias=exp.TableAlias(this=quoted("s"))), copy=False)


def count_known(target: str, keys: Sequence[str]) -> exp.Select:
    """How many of the latest rows have a row in the target."""
    there = exp.Select(expressions=[exp.Literal.number(1)]).from_(aliased(target, "t"), copy=False).where(_matched(keys), copy=False)
    return _count().from_(table(LATEST, "s"), copy=False).where(exp.Exists(this=there), copy=False)


def update_known(target: str, names: Sequence[str], keys: Sequence[str], dialect: str, stamp: str | None = None) -> exp.Update | None:
    """Of rows that differ in something only. None where there is nothing but the keys, and `stamp`, which is not compared."""
    others = [name for name in names if name not in keys]
    compared = [name for name in others if name != stamp]
    if not compared:
        return None
    # MySQL joins in the UPDATE itself, and takes a qualified name there; the others say FROM and take a plain one.
    joins = dialect == "mysql"
    sets = [
        exp.EQ(this=exp.column(o, table="t" if joins else None, quoted=True), expression=exp.column(o, table="s", quoted=True))
        for o in others
    ]
    differs = exp.or_(*(_differs(other, binary=joins) for other in compared))
    if joins:
        into = aliased(target, "t")
        into.append("joins", exp.Join(this=table(LATEST, "s"), on=_matched(keys)))
        return exp.Update(this=into, expressions=sets, where=exp.Where(this=differs))
    where = exp.and_(_matched(keys), exp.paren(differs))
    return exp.Update(this=aliased(target, "t"), expressions=sets, from_=exp.From(this=table(LATEST, "s")), where=exp.Where(this=where))


def _differs(column: str, *, binary: bool) -> exp.Expr:
    mine, other = columns([column], "t")[0], columns([column], "s")[0]
    if binary:
        # A collation may find 'a' equal to 'A', and a change of case is a change.
        mine, other = (exp.cast(one, exp.DataType.build("BINARY")) for one in (mine, other))
    return exp.NullSafeNEQ(this=mine, expression=other)


def insert_new(target: str, names: Sequence[str], keys: Sequence[str]) -> exp.Insert:
    there = exp.Select(expressions=[exp.Literal.number(1)]).from_(aliased(target, "t"), copy=False).where(_matched(keys), copy=False)
    rows = exp.Select(expressions=columns(names, "s")).from_(table(LATEST, "s"), copy=False)
    return _into(target, names, rows.where(exp.Not(this=exp.Exists(this=there)), copy=False))


def insert_staged(target: str, names: Sequence[str], staged: str = STAGED) -> exp.Insert:
    by = exp.Ordered(this=exp.column(ORDINAL, quoted=True), desc=False)
    by.set("nulls_first", True)
    return _into(target, names, exp.Select(expressions=columns(names)).from_(table(staged), copy=False).order_by(by, copy=False))


def _into(target: str, names: Sequence[str], rows: exp.Select) -> exp.Insert:
    return exp.Insert(this=exp.Schema(this=named(target), expressions=[quoted(name) for name in names]), expression=rows)


def picked(names: Sequence[str], query: str, *, numbered: bool) -> exp.Select:
    """Those columns of a SELECT that is text. `numbered`: and a number, which is the same for all rows."""
    numbers: list[exp.Expr] = [exp.Literal.number(0)] if numbered else []
    return exp.Select(expressions=[*columns(names, "q"), *numbers]).from_(rows_of(query, quoted("q")), copy=False)


def inserted(into: exp.Table, names: Sequence[str], select: str, *, numbered: bool) -> exp.Insert:
    """The rows of a SELECT that is text."""
    listed = [*names, *([ORDINAL] if numbered else [])]
    return exp.Insert(this=exp.Schema(this=into, expressions=[quoted(name) for name in listed]), expression=exp.Var(this=select))


def insert_values(into: exp.Table, names: Sequence[str]) -> exp.Insert:
    """One row of parameters."""
    row = exp.Tuple(expressions=[exp.Placeholder() for _ in names])
    return exp.Insert(this=exp.Schema(this=into, expressions=[quoted(name) for name in names]), expression=exp.Values(expressions=[row]))


def delete_all(target: str) -> exp.Delete:
    return exp.Delete(this=named(target))


def create(
    target: str, declared: Sequence[tuple[str, exp.DataType]], keys: Sequence[str], properties: Mapping[str, str] | None = None
) -> exp.Create:
    parts: list[exp.Expr] = [exp.ColumnDef(this=quoted(name), kind=kind) for name, kind in declared]
    if keys:
        for part in parts:
            if part.name in keys:
                part.set("constraints", [exp.ColumnConstraint(kind=exp.NotNullColumnConstraint())])
        parts.append(exp.PrimaryKey(expressions=[quoted(key) for key in keys]))
    said = [exp.Property(this=exp.var(key), value=exp.var(value)) for key, value in (properties or {}).items()]
    return exp.Create(
        this=exp.Schema(this=named(target), expressions=parts), kind="TABLE", properties=exp.Properties(expressions=said) if said else None
    )


def _count() -> exp.Select:
    return exp.Select(expressions=[exp.Count(this=exp.Star())])


def _matched(keys: Sequence[str]) -> exp.Expr:
    return exp.and_(
        *(exp.EQ(this=exp.column(key, table="t", quoted=True), expression=exp.column(key, table="s", quoted=True)) for key in keys)
    )
