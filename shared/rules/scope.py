"""A rule's `where`: the rows it looks at."""

from __future__ import annotations

from sqlglot import exp

from shared.datasets import Columns
from shared.rules.types import THIS, Rule
from shared.sql import division, parse, row_errors, typing
from shared.sql.errors import SqlProblem


def within(rule: Rule, columns: Columns, condition: exp.Expr | None = None) -> exp.Expr | None:
    """The rule's own `where` and the condition; None when there is neither. Raises SqlProblem for a `where` that makes no sense here.

    A row for which the `where` itself cannot be computed (a division by zero, a bad cast) is not looked at, as one for which it is NULL.
    """
    parts = [part for part in (_where(rule, columns), condition) if part is not None]
    return exp.and_(*parts, copy=False) if parts else None


def resolved(text: str, columns: Columns, *, aggregates: bool = False) -> exp.Expr:
    """A person's expression over `this`: names settled, typed, division PostgreSQL's. Raises SqlProblem."""
    tree = parse.expression(text, aggregates=aggregates)
    mentioned = {found.name.lower() for found in tree.find_all(exp.Column)}
    used = tuple(one for one in columns if one.name.lower() in mentioned)
    # With all columns where one is missing, so that the nearest can be named.
    known = used if mentioned <= {one.name.lower() for one in used} else columns
    return division.written_out(typing.resolve(tree, {THIS: known}))


def boolean(tree: exp.Expr, of: str) -> exp.Expr:
    """The tree. Raises SqlProblem for one that is neither true nor false."""
    if (found := typing.type_of(tree)) not in {"BOOLEAN", typing.UNKNOWN}:
        raise SqlProblem(f"{of} gives {found}, not true or false")
    return tree


def _where(rule: Rule, columns: Columns) -> exp.Expr | None:
    if not rule.get("where"):
        return None
    tree = boolean(resolved(str(rule["where"]), columns), "where")
    safe, _ = row_errors.guard(tree, "where")
    return exp.paren(safe)
