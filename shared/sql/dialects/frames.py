"""The text in which a relation reaches the dataframe engine: sqlglot's own neutral SQL, which reads back as the tree it was."""

from __future__ import annotations

from functools import lru_cache

from sqlglot import exp, parse_one

WHOLE_DIVISION = "INT_DIV"


def adapt(tree: exp.Expr) -> exp.Expr:
    """Changes and returns the tree. Division of whole numbers by name: the neutral SQL would write it as a cast of `/`."""
    for division in list(tree.find_all(exp.IntDiv)):
        named = exp.Anonymous(this=WHOLE_DIVISION, expressions=[division.this, division.expression])
        if division is tree:
            tree = named
        else:
            division.replace(named)
    return tree


def read(text: str) -> exp.Query:
    """A fresh tree of what `adapt` wrote."""
    return _read(text).copy()


@lru_cache(maxsize=512)
def _read(text: str) -> exp.Query:
    tree = parse_one(text)
    assert isinstance(tree, exp.Query)
    return tree
