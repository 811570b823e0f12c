"""A whole query that a person wrote: one SELECT (or UNION … of them) over named tables, in PostgreSQL's grammar, that only reads."""

from __future__ import annotations

from functools import lru_cache

from sqlglot import exp

from shared.sql import contained
from shared.sql.errors import SqlProblem
from shared.sql.parse import accepted, parsed, without_frames

_REFUSED = (
    (exp.DDL, "a statement that changes something"),
    (exp.DML, "a statement that changes something"),
    (exp.Command, "a statement"),
    (exp.Into, "INTO"),
    (exp.Lock, "a lock"),
    (exp.ReadCSV, "a function that reads files"),
    (exp.ReadParquet, "a function that reads files"),
    (exp.Placeholder, "a placeholder"),
    (exp.Parameter, "a parameter"),
)
_REFUSED_KINDS = tuple(kind for kind, _ in _REFUSED)


def query(text: str) -> exp.Query:
    """A fresh tree of one query. Raises SqlProblem, with the position, for text that is none or that does more than read."""
    return read_query(text).copy()


def read_query(text: str) -> exp.Query:
    """As `query`, a tree that others see too: to be looked at only."""
    return accepted(_parsed(text))


def tables(tree: exp.Query) -> list[exp.Table]:
    """The tables that a query reads from outside: all it names but its own CTEs where these can be seen, in the order of the text."""
    return [table for table in tree.find_all(exp.Table) if table.db or not _is_own(table)]


def _is_own(table: exp.Table) -> bool:
    """Whether a WITH around it defines it. Elsewhere the same name is a table of the engine's, or a file."""
    inner: exp.Expr = table
    while (around := inner.parent) is not None:
        if isinstance(around, exp.With):
            # Of the same WITH it sees what stands before it.
            seen = around.expressions if around.args.get("recursive") else around.expressions[: inner.index]
        else:
            own = around.args.get("with_")
            seen = own.expressions if own is not None and own is not inner else []
        if any(part.alias_or_name.lower() == table.name.lower() for part in seen):
            return True
        inner = around
    return False


@lru_cache(maxsize=512)
def _parsed(text: str) -> exp.Query | SqlProblem:
    try:
        return _read(text)
    except SqlProblem as problem:
        return without_frames(problem)


def _read(text: str) -> exp.Query:
    if not text.strip():
        raise SqlProblem("the query is empty", 0)
    trees = parsed(text, "the query is nested too deeply; divide it over several nodes")
    # A ; at the end leaves an empty statement.
    found = [tree for tree in trees if tree is not None]
    if len(found) != 1:
        raise SqlProblem("give one query, not several", 0)
    tree = found[0]
    if not isinstance(tree, exp.Query):
        raise SqlProblem("this is no query; begin with SELECT or WITH", 0)
    for node in tree.walk():
        for kind, name in _REFUSED if isinstance(node, _REFUSED_KINDS) else ():
            if isinstance(node, kind):
                raise SqlProblem(f"the query holds {name}; it may only read", 0)
        if isinstance(node, exp.Anonymous):
            raise SqlProblem(f"{node.name} is not a function Penstock knows", max(0, text.find(node.name)))
        if isinstance(node, exp.Table) and not isinstance(node.this, exp.Identifier):
            raise SqlProblem("the query reads from a function; name upstream nodes as tables", 0)
    contained.check(tree)
    return tree
