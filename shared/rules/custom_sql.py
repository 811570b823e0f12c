"""CUSTOM_SQL: query over `this`. Passes when it returns no row; failing are the rows that it returns.

PostgreSQL's grammar, and it may only read. With `where` its `this` holds those rows only. What cannot be computed for a row (a division by
zero, a bad cast) fails the query.
"""

from __future__ import annotations

from sqlglot import exp

from shared.datasets import Columns
from shared.rules.scope import within
from shared.rules.trees import of_one_row, typed
from shared.rules.types import THIS, Measured, Rule, RuleType, Scan, Verdict, count
from shared.sql.errors import SqlProblem
from shared.sql.qualify import qualified
from shared.sql.query import query, tables

_RETURNED = "returned"


def over_this(text: str) -> exp.Query:
    """The query's tree. Raises SqlProblem for text that is none, that does more than read, or that reads another table than `this`."""
    tree = query(text)
    other = next((table for table in tables(tree) if table.db or table.name.lower() != THIS), None)
    if other is not None:
        raise SqlProblem(f"the query reads {other.sql('postgres')}; a rule's query has one table, {THIS}")
    return tree


def _query(rule: Rule, columns: Columns) -> exp.Query:
    tree = over_this(rule["query"])
    found, given = qualified(tree, {THIS: columns})
    names = [one.name for one in given]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise SqlProblem(f"the query has two columns {twice}; name one of them otherwise with AS")
    scope = within(rule, columns)
    if scope is not None:
        for table in list(found.find_all(exp.Table)):
            # Where it was qualified each `this` stands alone in a subquery of its columns.
            inner = table.parent.parent if isinstance(table.parent, exp.From) else None
            if table.name == THIS and isinstance(inner, exp.Select):
                inner.where(scope.copy(), copy=False)
    return found


def _over(rule: Rule, columns: Columns, expressions: list[exp.Expr]) -> exp.Select:
    inner = _query(rule, columns).subquery(exp.to_identifier(_RETURNED, quoted=True), copy=False)
    return exp.Select(expressions=expressions).from_(inner, copy=False)


def _scan(rule: Rule, columns: Columns, prefix: str) -> Scan:
    counted = _over(rule, columns, [exp.alias_(count(), "returned", quoted=True)])
    checked = typed(count(within(rule, columns)), columns)
    return Scan({"checked": checked, "returned": of_one_row("returned", prefix)}, {prefix: counted})


def _verdict(rule: Rule, measured: Measured) -> Verdict:
    checked, returned = int(measured["checked"]), int(measured["returned"])
    # A query may return more rows than there are, or one where there are none.
    return Verdict(returned == 0, checked, min(returned, checked), {"rowsReturned": returned}, {"rowsReturned": 0})


def _offending(rule: Rule, columns: Columns) -> exp.Select:
    return _over(rule, columns, [exp.Column(this=exp.Star(), table=exp.to_identifier(_RETURNED, quoted=True))])


CUSTOM_SQL = RuleType(columns=lambda rule: (), scan=_scan, verdict=_verdict, offending=_offending)
