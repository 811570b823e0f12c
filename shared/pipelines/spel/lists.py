"""Lists: those written out in the expression, and columns that hold lists."""

from __future__ import annotations

from sqlglot import exp

from shared.pipelines.spel import constants, types
from shared.pipelines.spel.comparison import equal
from shared.pipelines.spel.method import ANYTHING, Invocation, Method, Methods
from shared.pipelines.spel.tree import Index
from shared.pipelines.spel.types import NUMBERS, WHOLE, Kind
from shared.pipelines.spel.values import (
    Scope,
    Value,
    any_of,
    cast,
    choose,
    errors,
    is_null,
    not_null,
    number,
    only_when,
    refuse,
)


def item(scope: Scope, node: Index, target: Value, key: Value, *, safe: bool) -> Value:
    """target[key], from 0. Beyond the end raises, and so does a list that is null."""
    if key.kind not in WHOLE:
        raise refuse(node, f"a list is indexed by whole numbers, and this is {key.type}")
    if target.items is not None:
        if not isinstance(key.constant, int) or not 0 <= key.constant < len(target.items):
            raise refuse(node, f"the list has {len(target.items)} elements; index it with a number from 0 to {len(target.items) - 1}")
        return target.items[key.constant]
    beyond = exp.Not(this=exp.Paren(this=exp.Between(this=key.sql, low=number(0), high=exp.Sub(this=_size(target), expression=number(1)))))
    inside = errors(
        key.error, scope.when_null(key, node.key, "an index"), scope.wrong(beyond, f"{scope.source(node)} is beyond the end of the list")
    )
    # Of a list that is null not even the index is looked at.
    failed = errors(
        target.error, None if safe else scope.when_null(target, node.target or node, "an index"), only_when(not_null(target.tree), inside)
    )
    # Outside of the list any place will do; a subscript is an INTEGER.
    at = number(key.constant + 1) if _small(key) else cast(choose((exp.LT(this=key.sql, expression=_size(target)), key.sql)), "INTEGER")
    place = at if _small(key) else exp.Add(this=at, expression=number(1))
    element = target.type.element
    assert element is not None
    return Value(exp.Bracket(this=target.tree.copy(), expressions=[place], offset=1), element, True, failed)


def _small(key: Value) -> bool:
    return isinstance(key.constant, int) and 0 <= key.constant < 2**31 - 1


def _size(target: Value) -> exp.Expr:
    """PostgreSQL has no length for an empty array."""
    return cast(exp.Coalesce(this=exp.ArraySize(this=target.tree.copy()), expressions=[number(0)]), "BIGINT")


def _count(one: Invocation) -> Value:
    if one.target.items is not None:
        return constants.whole(len(one.target.items))
    return Value(_size(one.target), types.INTEGER)


def _is_empty(one: Invocation) -> Value:
    if one.target.items is not None:
        return constants.boolean(not one.target.items)
    return Value(exp.EQ(this=_size(one.target), expression=number(0)), types.BOOLEAN)


def _contains(one: Invocation) -> Value:
    """Whole numbers are one class here; others are equal to their own class only, as Java's equals() has it."""
    wanted = one.arguments[0]
    if one.target.items is None:
        return _column_contains(one, wanted)
    failed = errors(*(each.error for each in one.target.items))
    may_be_null = [each for each in one.target.items if each.nullable]
    if wanted.kind is Kind.NULL:
        nulls = [is_null(each.tree) if each.kind is not Kind.NULL else exp.true() for each in may_be_null]
        return Value(any_of(nulls) if nulls else exp.false(), types.BOOLEAN, error=failed)
    like = [each for each in one.target.items if _may_equal(each, wanted)]
    if one.target.items and not like and not may_be_null:
        raise refuse(one.node, f"the list holds nothing that could equal {one.scope.source(one.places[0])}, which is {wanted.type}")
    said = [each for each in like if _is_said(each)]
    tests: list[exp.Expr] = [exp.Paren(this=equal(one.scope, one.node, wanted, each)) for each in like if not _is_said(each)]
    tests += [exp.Paren(this=equal(one.scope, one.node, wanted, each)) for each in may_be_null if each.kind is Kind.NULL][:1]
    if said:
        among = exp.In(this=wanted.sql, expressions=[each.tree.copy() for each in said])
        tests.append(exp.Coalesce(this=among, expressions=[exp.false()]) if wanted.nullable else among)
    return Value(any_of(tests) if tests else exp.false(), types.BOOLEAN, error=failed)


def _is_said(item: Value) -> bool:
    return item.constant is not None and not item.nullable


def _may_equal(item: Value, wanted: Value) -> bool:
    if item.kind is Kind.NULL:
        return False
    if item.kind in WHOLE and wanted.kind in WHOLE:
        return True
    # BigDecimal.equals compares the scale too, which no engine does.
    return item.kind is wanted.kind and item.kind is not Kind.DECIMAL


def _column_contains(one: Invocation, wanted: Value) -> Value:
    element = one.target.type.element
    assert element is not None
    same = element.kind is wanted.kind or (element.kind in WHOLE and wanted.kind in WHOLE)
    if not same or element.kind in NUMBERS - WHOLE:
        raise refuse(one.node, f"{one.scope.source(one.places[0])} is {wanted.type}, and the list holds {element}")
    found = exp.ArrayContains(this=one.target.tree.copy(), expression=wanted.sql)
    return Value(exp.Coalesce(this=found, expressions=[exp.false()]), types.BOOLEAN)


METHODS: Methods = {
    "contains": (Method(_contains, (ANYTHING,), null_arguments=True, strict=False),),
    "size": (Method(_count, strict=False),),
    "isEmpty": (Method(_is_empty, strict=False),),
}
