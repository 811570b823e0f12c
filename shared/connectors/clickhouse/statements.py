"""What is said to ClickHouse to publish rows, as it is sent and as a plan shows it: pure text of sqlglot trees, no server."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from shared.connectors.dbapi import statements as say
from shared.connectors.protocols import Query, SinkWrite
from shared.sql.reads import named
from shared.sql.table_names import part, split
from shared.sql.writes import ORDINAL, STAGED

# Rows of a block; it is inserted whole or not at all.
BLOCK_ROWS = 100_000
FRESH = "penstock_fresh"
LATEST = "penstock_latest"


def shown(write: SinkWrite) -> list[str]:
    """Of rows that come from elsewhere, once they are staged. Names of staged tables stand for those that an attempt gives them."""
    names = [column.name for column in write.columns]
    if write.write_mode == "OVERWRITE":
        fresh = _beside(write.target, FRESH)
        return [create_like(named(fresh), named(write.target)), exchange(named(fresh), named(write.target))]
    staged, said = _beside(write.target, STAGED), []
    if write.write_mode == "UPSERT":
        kept = _beside(write.target, LATEST)
        said, staged = [latest(staged, kept, names, write)], kept
    return [*said, insert_block(named(write.target), staged, names, 1)]


def shown_computed(write: SinkWrite, query: Query) -> list[str]:
    """Of rows that it computes itself; what the query reads of tables is kept before."""
    names = [column.name for column in write.columns]
    into = _beside(write.target, FRESH if write.write_mode == "OVERWRITE" else STAGED)
    ordinal = None if write.write_mode == "OVERWRITE" else ORDINAL
    filled = insert_query(into, names, query.sql, ordinal)
    made, *rest = shown(write)
    return [made, filled, *rest] if write.write_mode == "OVERWRITE" else [filled, made, *rest]


def insert_block(target: exp.Table, staged: str, names: Sequence[str], first: int) -> str:
    """The staged rows from that number on, as many as are a block."""
    ordinal = exp.column(ORDINAL, quoted=True)
    rows = exp.Select(expressions=say.columns(names)).from_(named(staged), copy=False)
    between = exp.Between(this=ordinal, low=exp.Literal.number(first), high=exp.Literal.number(first + BLOCK_ROWS - 1))
    return _into(target, names, rows.where(between, copy=False).order_by(ordinal.copy(), copy=False))


def insert_query(into: str, names: Sequence[str], text: str, ordinal: str | None) -> str:
    """The rows of a query, numbered where `ordinal` names the number's column."""
    picked: list[exp.Expr] = list(say.columns(names))
    if ordinal is not None:
        picked.append(exp.alias_(exp.Window(this=exp.RowNumber()), ordinal, quoted=True))
    rows = exp.Subquery(this=exp.Var(this=text), alias=exp.TableAlias(this=say.quoted("q")))
    listed = [*names, *([ordinal] if ordinal is not None else [])]
    return _into(named(into), listed, exp.Select(expressions=picked).from_(rows, copy=False))


def latest(staged: str, into: str, names: Sequence[str], write: SinkWrite) -> str:
    """Each key once, with its number, into a table like the staged one."""
    picked = say.latest(names, write.upsert_keys, write.order).expression
    inner = next(select for select in picked.find_all(exp.Select) if select is not picked)
    for one in (picked, inner):
        one.select(exp.column(ORDINAL, quoted=True), copy=False)
    for source in list(picked.find_all(exp.Table)):
        if source.name == STAGED:
            source.replace(named(staged))
    return _into(named(into), [*names, ORDINAL], picked)


def create_like(fresh: exp.Table, target: exp.Table, comment: str | None = None) -> str:
    said = f"CREATE TABLE {_text(fresh)} AS {_text(target)}"
    return said if comment is None else f"{said} COMMENT {_text(exp.Literal.string(comment))}"


def exchange(one: exp.Table, other: exp.Table) -> str:
    return f"EXCHANGE TABLES {_text(one)} AND {_text(other)}"


def _into(target: exp.Table, names: Sequence[str], rows: exp.Expr) -> str:
    return _text(exp.Insert(this=exp.Schema(this=target, expressions=[say.quoted(name) for name in names]), expression=rows))


def _beside(target: str, name: str) -> str:
    schema, _ = split(target)
    return f"{part(schema)}.{part(name)}" if schema else part(name)


def _text(tree: exp.Expr) -> str:
    return tree.sql(dialect="clickhouse")
