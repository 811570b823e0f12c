"""UNIQUE: column or columns. Passes when no combination of values is there twice.

A combination with a null in it equals nothing, as in SQL, unless `nullsEqual`. Failing are all rows whose combination is repeated, since
nothing says which of them is the right one. With a `destination` a combination fails that is there already, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from shared.datasets import Column, Columns
from shared.rules.related import is_in, keys_of, relation
from shared.rules.scope import within
from shared.rules.trees import all_there, of_one_row, table, typed
from shared.rules.types import THIS, Measured, Rule, RuleType, Scan, Verdict, column, count, named, this

_ALIAS, _SIZES, _THEIRS = "repeated", "sizes", "theirs"


def _scan(rule: Rule, columns: Columns, prefix: str) -> Scan:
    one = {prefix: (Column("combinations", "BIGINT"), Column("failing", "NUMERIC(38, 0)"))}
    values = {name: typed(of_one_row(name, prefix), columns, one) for name in ("combinations", "failing")}
    aggregates = {"checked": typed(count(within(rule, columns)), columns), **values}
    if not rule.get("destination"):
        return Scan(aggregates, {prefix: typed(_summed(_sizes(rule, columns).having(_more(count()), copy=False)), columns)})
    sizes = f"{prefix}_sizes"
    known = {**_destination(rule, columns), sizes: (*_keys(rule, columns), Column("n", "BIGINT"))}
    grouped = {
        sizes: typed(_sizes(rule, columns, keys=True), columns),
        prefix: typed(_summed(_repeated_or_known(rule, table(sizes), sizes, ["n"])), columns, known),
    }
    return Scan(aggregates, grouped)


def _compared(rule: Rule, columns: Columns) -> exp.Expr | None:
    """The rows that can be equal to another."""
    return within(rule, columns, None if rule.get("nullsEqual") else all_there(named(rule)))


def _key(number: int) -> str:
    return f"k{number}"


def _keys(rule: Rule, columns: Columns) -> Columns:
    types = {one.name: one.type for one in columns}
    return tuple(Column(_key(number), types[name]) for number, name in enumerate(named(rule)))


def _more(size: exp.Expr) -> exp.Expr:
    return exp.GT(this=size, expression=exp.Literal.number(1))


def _sizes(rule: Rule, columns: Columns, *, keys: bool = False) -> exp.Select:
    """How many rows have each combination, as n; beside it the combination itself, as k0, k1 …"""
    found = [column(name) for name in named(rule)]
    shown = [exp.alias_(key.copy(), _key(number), quoted=True) for number, key in enumerate(found)] if keys else []
    grouped = exp.Select(expressions=[*shown, exp.alias_(count(), "n", quoted=True)]).from_(this(), copy=False)
    condition = _compared(rule, columns)
    if condition is not None:
        grouped = grouped.where(condition, copy=False)
    return grouped.group_by(*found, copy=False)


def _repeated_or_known(rule: Rule, sizes: exp.Expr, name: str, picked: Sequence[str]) -> exp.Query:
    """Of the sizes, which go by that name: those of combinations that are there twice, and of others that are in the destination.

    Two halves, so that the second is a semi join, for which an engine need not keep the destination's keys.
    """
    columns = [exp.alias_(column(one, name), one, quoted=True) for one in picked]
    all_of_them = exp.Select(expressions=columns).from_(sizes, copy=False)
    single = exp.EQ(this=column("n", name), expression=exp.Literal.number(1))
    once = _known(rule, all_of_them.copy(), name).where(single, copy=False)
    return exp.union(all_of_them.where(_more(column("n", name)), copy=False), once, distinct=False, copy=False)


def _known(rule: Rule, select: exp.Select, name: str) -> exp.Select:
    """Those that are in the destination."""
    destination, names = relation(rule, "destination"), named(rule)
    keys = [column(_key(number), name) for number in range(len(names))]
    if not rule.get("nullsEqual"):
        return select.where(is_in(destination, names, keys), copy=False)
    # A join, since ClickHouse finds nothing by an EXISTS in which nulls are equal.
    theirs = exp.Select(expressions=[column(one, destination) for one in names]).from_(table(destination), copy=False).distinct(copy=False)
    same = [exp.NullSafeEQ(this=column(one, _THEIRS), expression=key) for one, key in zip(names, keys, strict=True)]
    return select.join(theirs.subquery(exp.to_identifier(_THEIRS, quoted=True), copy=False), on=exp.and_(*same, copy=False), copy=False)


def _summed(sizes: exp.Query) -> exp.Select:
    """One row: how many combinations there are in it, and of how many rows."""
    total = exp.Coalesce(this=exp.Sum(this=column("n", _ALIAS)), expressions=[exp.Literal.number(0)])
    counted = [exp.alias_(count(), "combinations", quoted=True), exp.alias_(total, "failing", quoted=True)]
    return exp.Select(expressions=counted).from_(sizes.subquery(exp.to_identifier(_ALIAS, quoted=True), copy=False), copy=False)


def _destination(rule: Rule, columns: Columns) -> Mapping[str, Columns]:
    return keys_of(rule, "destination", columns, named(rule), named(rule))


def _verdict(rule: Rule, measured: Measured) -> Verdict:
    failing = int(measured["failing"])
    counted = "repeatedOrKnownCombinations" if rule.get("destination") else "repeatedCombinations"
    return Verdict(
        passed=failing == 0,
        checked=int(measured["checked"]),
        failing=failing,
        observed={counted: int(measured["combinations"]), "rows": failing},
        expected={counted: 0},
    )


def _offending(rule: Rule, columns: Columns) -> exp.Select:
    """Rows whose combination is repeated or known, those of one combination one after the other."""
    nulls_equal = bool(rule.get("nullsEqual"))
    keys = [column(name) for name in named(rule)]
    sizes = _sizes(rule, columns, keys=True)
    known: Mapping[str, Columns] = {}
    found: exp.Query
    if rule.get("destination"):
        known = _destination(rule, columns)
        inner = sizes.subquery(exp.to_identifier(_SIZES, quoted=True), copy=False)
        found = _repeated_or_known(rule, inner, _SIZES, [_key(number) for number in range(len(keys))])
    else:
        found = sizes.having(_more(count()), copy=False)
    equal = exp.NullSafeEQ if nulls_equal else exp.EQ
    same = [equal(this=key.copy(), expression=column(_key(number), _ALIAS)) for number, key in enumerate(keys)]
    select = (
        exp.Select(expressions=[exp.Column(this=exp.Star(), table=exp.to_identifier(THIS, quoted=True))])
        .from_(this(), copy=False)
        .join(found.subquery(exp.to_identifier(_ALIAS, quoted=True), copy=False), on=exp.and_(*same, copy=False), copy=False)
    )
    condition = within(rule, columns)
    if condition is not None:
        select = select.where(condition, copy=False)
    order = [exp.Ordered(this=key.copy(), nulls_first=False) for key in keys]
    return typed(select.order_by(*order, copy=False), columns, {**known, _ALIAS: _keys(rule, columns)})


UNIQUE = RuleType(columns=named, scan=_scan, verdict=_verdict, offending=_offending)
