"""How rows that were staged in a database get into their table, in that database's dialect: INSERT, UPSERT as MERGE, OVERWRITE."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from shared.sql.reads import named

STAGED = "penstock_staged"
ORDINAL = "penstock_ordinal"


def writes(
    dialect: str, target: str, columns: Sequence[str], mode: str, keys: Sequence[str], order: Sequence[tuple[str, str]]
) -> list[str]:
    """The statements of one transaction, after the rows were staged in a table of the same columns and `penstock_ordinal`."""
    return [tree.sql(dialect=dialect, pretty=True) for tree in _MODES[mode](target, columns, keys, order)]


def _insert(target: str, columns: Sequence[str], keys: Sequence[str], order: Sequence[tuple[str, str]]) -> list[exp.Expr]:
    return [_insert_all(target, columns)]


def _overwrite(target: str, columns: Sequence[str], keys: Sequence[str], order: Sequence[tuple[str, str]]) -> list[exp.Expr]:
    return [exp.Delete(this=named(target)), _insert_all(target, columns)]


def _insert_all(target: str, columns: Sequence[str]) -> exp.Insert:
    into = exp.Schema(this=named(target), expressions=[_identifier(column) for column in columns])
    rows = exp.Select(expressions=[exp.column(column, quoted=True) for column in columns]).from_(named(STAGED), copy=False)
    return exp.Insert(this=into, expression=rows)


def _upsert(target: str, columns: Sequence[str], keys: Sequence[str], order: Sequence[tuple[str, str]]) -> list[exp.Expr]:
    others = [column for column in columns if column not in keys]
    matched = exp.and_(
        *(exp.EQ(this=exp.column(key, table="t", quoted=True), expression=exp.column(key, table="s", quoted=True)) for key in keys)
    )
    whens = []
    if others:
        sets = [exp.EQ(this=exp.column(c, table="t", quoted=True), expression=exp.column(c, table="s", quoted=True)) for c in others]
        whens.append(exp.When(matched=True, then=exp.Update(expressions=sets)))
    new = exp.Insert(
        this=exp.Tuple(expressions=[exp.column(c, quoted=True) for c in columns]),
        expression=exp.Tuple(expressions=[exp.column(c, table="s", quoted=True) for c in columns]),
    )
    whens.append(exp.When(matched=False, then=new))
    into = named(target)
    into.set("alias", exp.TableAlias(this=_identifier("t")))
    return [
        exp.Merge(this=into, using=_latest(columns, keys, order), on=exp.paren(matched), whens=exp.Whens(expressions=whens)),
    ]


def _latest(columns: Sequence[str], keys: Sequence[str], order: Sequence[tuple[str, str]]) -> exp.Subquery:
    """Each key once: the last by `order`, NULLs losing to any value, and of equals the one that came last."""
    by = [exp.Ordered(this=exp.column(name, quoted=True), desc=direction != "desc", nulls_first=False) for name, direction in order]
    by.append(exp.Ordered(this=exp.column(ORDINAL, quoted=True), desc=True, nulls_first=False))
    rank = exp.Window(this=exp.RowNumber(), partition_by=[exp.column(key, quoted=True) for key in keys], order=exp.Order(expressions=by))
    numbered = exp.Select(expressions=[*(exp.column(c, quoted=True) for c in columns), exp.alias_(rank, "penstock_rank", quoted=True)])
    numbered.from_(named(STAGED), copy=False)
    picked = exp.Select(expressions=[exp.column(c, quoted=True) for c in columns])
    picked.from_(exp.Subquery(this=numbered, alias=exp.TableAlias(this=_identifier("numbered"))), copy=False)
    picked.where(exp.EQ(this=exp.column("penstock_rank", quoted=True), expression=exp.Literal.number(1)), copy=False)
    return exp.Subquery(this=picked, alias=exp.TableAlias(this=_identifier("s")))


def _identifier(name: str) -> exp.Identifier:
    return exp.to_identifier(name, quoted=True)


_MODES = {"INSERT": _insert, "UPSERT": _upsert, "OVERWRITE": _overwrite}
