"""CUSTOM_SQL: query over `this`. Passes when it returns no row; failing are the rows that it returns.

PostgreSQL's grammar, and it may only read. With `where` its `this` holds those rows only. What cannot be computed for a row (a division by
zero, a bad cast) fails the query.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from shared.datasets import Column, Columns
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
    return _unfolded(found)


def _over(query: exp.Query, expressions: list[exp.Expr]) -> exp.Select:
    inner = query.subquery(exp.to_identifier(_RETURNED, quoted=True), copy=False)
    return exp.Select(expressions=expressions).from_(inner, copy=False)


def _unfolded(query: exp.Query) -> exp.Query:
    """Each part of a WITH in place of its name: inside of a WITH MariaDB does not see the one around it, where `this` may stand."""
    own = query.args.get("with_")
    if own is None or own.args.get("recursive"):
        return query
    parts: dict[str, exp.Expr] = {}
    for part in own.expressions:
        _put_in(part.this, parts)
        parts[part.alias] = part.this
    query.set("with_", None)
    _put_in(query, parts)
    return query


def _put_in(tree: exp.Expr, parts: Mapping[str, exp.Expr]) -> None:
    for table in list(tree.find_all(exp.Table)):
        if table.name in parts:
            alias = exp.TableAlias(this=exp.to_identifier(table.alias_or_name, quoted=True))
            table.replace(exp.Subquery(this=parts[table.name].copy(), alias=alias))


def _scan(rule: Rule, columns: Columns, prefix: str) -> Scan:
    counted = _over(_query(rule, columns), [exp.alias_(count(), "returned", quoted=True)])
    checked = typed(count(within(rule, columns)), columns)
    returned = typed(of_one_row("returned", prefix), columns, {prefix: (Column("returned", "BIGINT"),)})
    return Scan({"checked": checked, "returned": returned}, {prefix: counted})


def _verdict(rule: Rule, measured: Measured) -> Verdict:
    checked, returned = int(measured["checked"]), int(measured["returned"])
    # A query may return more rows than there are, or one where there are none.
    return Verdict(returned == 0, checked, min(returned, checked), {"rowsReturned": returned}, {"rowsReturned": 0})


def _offending(rule: Rule, columns: Columns) -> exp.Select:
    return _over(_query(rule, columns), [exp.Column(this=exp.Star(), table=exp.to_identifier(_RETURNED, quoted=True))])


CUSTOM_SQL = RuleType(columns=lambda rule: (), scan=_scan, verdict=_verdict, offending=_offending)
