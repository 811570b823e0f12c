"""Text to tree: one expression, in PostgreSQL's grammar, with nothing in it that an expression may not hold."""

from __future__ import annotations

from functools import lru_cache
from typing import TypeVar

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

from shared.sql import contained
from shared.sql.errors import SqlProblem

Tree = TypeVar("Tree", bound=exp.Expr)

# Whole statements, and what would make an expression depend on more than its row.
_REFUSED = (
    (exp.Query, "a subquery"),
    (exp.DDL, "a statement"),
    (exp.DML, "a statement"),
    (exp.Command, "a statement"),
    (exp.Alias, "an alias"),
    (exp.Star, "a star"),
    (exp.Placeholder, "a placeholder"),
    (exp.Parameter, "a parameter"),
    (exp.ReadCSV, "a function that reads files"),
    (exp.ReadParquet, "a function that reads files"),
)
_REFUSED_KINDS = tuple(kind for kind, _ in _REFUSED)


def expression(text: str, *, aggregates: bool = False) -> exp.Expr:
    """A fresh tree of one expression. Raises SqlProblem, with the position, for text that is none.

    `aggregates`: SUM(x) and the like are allowed (in an aggregator), and COUNT(*) with them.
    """
    return read_expression(text, aggregates=aggregates).copy()


def read_expression(text: str, *, aggregates: bool = False) -> exp.Expr:
    """As `expression`, a tree that others see too: to be looked at only."""
    return accepted(_parsed(text, aggregates))


@lru_cache(maxsize=2048)
def _parsed(text: str, aggregates: bool) -> exp.Expr | SqlProblem:
    """A refusal is remembered like a tree: a recipe is read several times over, and what is refused may be long."""
    try:
        return _read(text, aggregates)
    except SqlProblem as problem:
        return without_frames(problem)


def _read(text: str, aggregates: bool) -> exp.Expr:
    if not text.strip():
        raise SqlProblem("the expression is empty", 0)
    trees = parsed(text, "the expression is nested too deeply; divide it over several columns")
    if len(trees) != 1 or trees[0] is None:
        raise SqlProblem(f"{text!r} is more than one expression", 0)
    tree = trees[0]
    _refuse(tree, text, aggregates)
    # sqlglot calls all other expressions conditions.
    if not isinstance(tree, exp.Condition | exp.AtTimeZone):
        raise SqlProblem(f"{text!r} is not an expression", 0)
    return tree


def without_frames(problem: SqlProblem) -> SqlProblem:
    """To be kept: the one that was raised holds on to all that the parser had in hand."""
    return SqlProblem(problem.message, problem.position)


def accepted(found: Tree | SqlProblem) -> Tree:
    """The tree. Raises the refusal, as an error of its own each time: whoever catches it may add to it."""
    if isinstance(found, SqlProblem):
        raise without_frames(found)
    return found


def parsed(text: str, too_deep: str) -> list[exp.Expr | None]:
    """Each statement of the text; None for an empty one. Raises SqlProblem, with the position, and in those words where it is too deep."""
    try:
        return list(sqlglot.parse(text, read="postgres"))
    except (ParseError, TokenError) as error:
        raise _problem(text, error) from error
    except RecursionError as error:
        raise SqlProblem(too_deep, 0) from error
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        # Of some functions sqlglot takes arguments that are not there.
        raise SqlProblem(f"cannot read {text!r} as SQL; has each function all its arguments?", 0) from error


def _problem(text: str, error: ParseError | TokenError) -> SqlProblem:
    """What sqlglot says is wrong with a text, at its character."""
    detail = error.errors[0] if isinstance(error, ParseError) and error.errors else {}
    token = str(detail.get("highlight") or "")
    # sqlglot names the column in which the token ends.
    position = _offset(text, int(detail.get("line") or 1), int(detail.get("col") or 1) - max(0, len(token) - 1))
    near = (token or text[max(0, position - 1) : position + 19]).strip()
    return SqlProblem(f"cannot read {text!r} as SQL{f' near {near!r}' if near else ''}", position)


def _refuse(tree: exp.Expr, text: str, aggregates: bool) -> None:
    for node in tree.walk():
        # One look at all kinds: this is done for every part of every expression.
        for kind, name in _REFUSED if isinstance(node, _REFUSED_KINDS) else ():
            if isinstance(node, kind) and not (kind is exp.Star and aggregates and isinstance(node.parent, exp.Count)):
                raise SqlProblem(f"{text!r} holds {name}, which an expression cannot have", 0)
        if isinstance(node, exp.Window):
            raise SqlProblem(f"{text!r} holds a window function, which is not available yet in expressions", 0)
        if isinstance(node, exp.AggFunc) and not aggregates:
            raise SqlProblem(f"{text!r} holds the aggregate {node.sql_name()}; use an aggregator node for it", 0)
        if isinstance(node, exp.Anonymous):
            raise SqlProblem(f"{node.name} is not a function Penstock knows", max(0, text.find(node.name)))
    contained.check(tree)


def _offset(text: str, line: int, column: int) -> int:
    lines = text.splitlines(keepends=True)
    return min(sum(len(part) for part in lines[: line - 1]) + max(0, column - 1), len(text))
