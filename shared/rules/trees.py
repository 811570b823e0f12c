"""The trees that rules are made of, typed: columns of `this`, counts, literals, and the rows for which something is true."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TypeVar, cast

from sqlglot import exp

from shared.datasets import Columns
from shared.rules.types import THIS, column, filtered, this
from shared.sql import typing
from shared.sql.errors import SqlProblem

Tree = TypeVar("Tree", bound=exp.Expr)

FLOATS = frozenset({"REAL", "DOUBLE PRECISION"})
NUMBERS = frozenset({"SMALLINT", "INTEGER", "BIGINT", "NUMERIC", *FLOATS})
TIMES = frozenset({"DATE", "TIMESTAMP", "TIMESTAMPTZ"})


def type_of(name: str, columns: Columns) -> str:
    """The column's type without its digits. Raises SqlProblem for one that is not there."""
    for one in columns:
        if one.name == name:
            return one.type.partition("(")[0]
    raise SqlProblem(f"there is no column {name}", missing=(name, (THIS,)))


def table(name: str) -> exp.Table:
    return exp.Table(this=exp.to_identifier(name, quoted=True))


def typed(tree: Tree, columns: Columns, others: Mapping[str, Columns] | None = None) -> Tree:
    """Types on every node of an expression or a query whose columns say which table they are of; changes and returns it.

    Only columns that it names are looked at: a wide table costs what is used of it.
    """
    used = _used([tree], {THIS: columns, **(others or {})})
    made = typing.annotated(tree, used) if isinstance(tree, exp.Query) else typing.annotate(tree, used)
    return cast(Tree, made)


def typed_each(trees: Mapping[str, exp.Expr], columns: Columns) -> dict[str, exp.Expr]:
    """The same for several expressions, by their names: what a rule asks is typed at once."""
    return dict(zip(trees, typing.annotate_each(list(trees.values()), _used(trees.values(), {THIS: columns})), strict=True))


def _used(trees: Iterable[exp.Expr], inputs: Mapping[str, Columns]) -> dict[str, Columns]:
    """Of the inputs, those columns that the trees name."""
    named = {(found.table, found.name) for tree in trees for found in tree.find_all(exp.Column)}
    used = {name: tuple(one for one in each if (name, one.name) in named) for name, each in inputs.items()}
    return {name: each for name, each in used.items() if each}


def values(of: exp.Expr, condition: exp.Expr | None = None) -> exp.Expr:
    """How many are not NULL."""
    return filtered(exp.Count(this=of, big_int=True), condition)


def is_null(of: exp.Expr) -> exp.Expr:
    return exp.Is(this=of, expression=exp.null())


def there(of: exp.Expr) -> exp.Expr:
    return exp.Not(this=is_null(of))


def all_there(names: tuple[str, ...]) -> exp.Expr:
    return exp.and_(*(there(column(name)) for name in names), copy=False)


@lru_cache(maxsize=64)
def _type(text: str) -> exp.DataType:
    return exp.DataType.build(text, dialect="postgres")


def as_type(of: exp.Expr, type_: str) -> exp.Expr:
    return exp.Cast(this=of, to=_type(type_).copy())


def rows_where(condition: exp.Expr) -> exp.Select:
    """All columns of those rows."""
    star = exp.Column(this=exp.Star(), table=exp.to_identifier(THIS, quoted=True))
    return exp.Select(expressions=[star]).from_(this(), copy=False).where(condition, copy=False)


def no_rows() -> exp.Select:
    return typed(rows_where(exp.false()), ())


def of_one_row(name: str, relation: str) -> exp.Expr:
    """A value of a relation of one row, as an expression."""
    return exp.Select(expressions=[column(name, relation)]).from_(table(relation), copy=False).subquery(copy=False)
