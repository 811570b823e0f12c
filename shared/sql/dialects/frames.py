"""The text in which a relation reaches the dataframe engine: sqlglot's own neutral SQL, which reads back as the tree it was."""

from __future__ import annotations

from functools import lru_cache

from sqlglot import exp, parse_one

from shared.sql.dialects.dialect import Dialect, Features, Pass
from shared.sql.rewrites.tree import swap

WHOLE_DIVISION = "INT_DIV"


def _whole_division(tree: exp.Expr, to: Dialect) -> exp.Expr:
    """By name: the neutral SQL would write it as a cast of `/`."""
    for division in list(tree.find_all(exp.IntDiv)):
        tree = swap(tree, division, exp.Anonymous(this=WHOLE_DIVISION, expressions=[division.this, division.expression]))
    return tree


FRAMES = Dialect(
    name="frames",
    title="Data frames",
    writes="",
    features=Features(filter=True, qualify=True, guard=True, distinct_from=True, name_case="exact", longest_name=1000),
    passes=(Pass("whole_division", (exp.IntDiv,), _whole_division),),
)


def read(text: str) -> exp.Query:
    """A fresh tree of what was rendered."""
    return _read(text).copy()


@lru_cache(maxsize=512)
def _read(text: str) -> exp.Query:
    tree = parse_one(text)
    assert isinstance(tree, exp.Query)
    return tree
