"""A rule's `where`: the rows it looks at."""

from __future__ import annotations

from sqlglot import exp

from shared.datasets import Columns
from shared.rules.types import THIS, Rule
from shared.sql import division, parse, row_errors, typing


def within(rule: Rule, columns: Columns, condition: exp.Expr | None = None) -> exp.Expr | None:
    """The rule's own `where` and the condition; None when there is neither. Raises SqlProblem for a `where` that makes no sense here.

    A row for which the `where` itself cannot be computed (a division by zero, a bad cast) is not looked at, as one for which it is NULL.
    """
    parts = [part for part in (_where(rule, columns), condition) if part is not None]
    return exp.and_(*parts) if parts else None


def _where(rule: Rule, columns: Columns) -> exp.Expr | None:
    if not rule.get("where"):
        return None
    tree = division.written_out(typing.resolve(parse.expression(str(rule["where"])), {THIS: columns}))
    safe, _ = row_errors.guard(tree, "where")
    return exp.paren(safe)
