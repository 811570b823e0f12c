"""REFERENTIAL: column(s), references {connector, table, column(s)} or {node}. Passes when no value is without its parent.

A combination with a null in it refers to nothing and is not looked at, as in a foreign key (MATCH SIMPLE). The parents are the table
"RULE.references".
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from shared.datasets import Column, Columns
from shared.rules.related import is_in, keys_of, relation
from shared.rules.scope import within
from shared.rules.trees import all_there, of_one_row, rows_where, typed, values
from shared.rules.types import Measured, Rule, RuleType, Scan, Verdict, column, count, named, this
from shared.sql.errors import SqlProblem


def parents(rule: Rule) -> tuple[str, ...]:
    """The parent's columns, one for each of the rule's own. Raises SqlProblem where there are more or fewer."""
    theirs = named(rule["references"]) or named(rule)
    if len(theirs) != len(named(rule)):
        raise SqlProblem(f"{', '.join(named(rule))} cannot refer to {', '.join(theirs)}: name as many columns on both sides")
    return theirs


def _orphans(rule: Rule, columns: Columns) -> exp.Expr:
    mine = [column(name) for name in named(rule)]
    orphan = exp.Not(this=is_in(relation(rule, "references"), parents(rule), mine))
    condition = within(rule, columns, exp.and_(all_there(named(rule)), orphan, copy=False))
    assert condition is not None
    return condition


def _known(rule: Rule, columns: Columns) -> Mapping[str, Columns]:
    return keys_of(rule, "references", columns, named(rule), parents(rule))


def _scan(rule: Rule, columns: Columns, prefix: str) -> Scan:
    names = named(rule)
    checked = values(column(names[0]), within(rule, columns)) if len(names) == 1 else count(within(rule, columns, all_there(names)))
    counted = exp.Select(expressions=[exp.alias_(count(), "failing", quoted=True)]).from_(this(), copy=False)
    orphans = typed(counted.where(_orphans(rule, columns), copy=False), columns, _known(rule, columns))
    failing = typed(of_one_row("failing", prefix), columns, {prefix: (Column("failing", "BIGINT"),)})
    return Scan({"checked": typed(checked, columns), "failing": failing}, {prefix: orphans})


def _verdict(rule: Rule, measured: Measured) -> Verdict:
    failing = int(measured["failing"])
    return Verdict(failing == 0, int(measured["checked"]), failing, {"withoutParent": failing}, {"withoutParent": 0})


def _offending(rule: Rule, columns: Columns) -> exp.Select:
    return typed(rows_where(_orphans(rule, columns)), columns, _known(rule, columns))


REFERENTIAL = RuleType(columns=named, scan=_scan, verdict=_verdict, offending=_offending)
