"""== != < <= > >= between, with Spring's null rules written out: null equals null and is less than everything else.

What can never be equal or be put in order is refused: it is a mistake, and in Spring each row would say so.
"""

from __future__ import annotations

from sqlglot import exp

from shared.pipelines.spel import types
from shared.pipelines.spel.arithmetic import as_decimal
from shared.pipelines.spel.constants import in_utc
from shared.pipelines.spel.tree import Binary, Node
from shared.pipelines.spel.types import FLOATING, NUMBERS, WHOLE, Kind
from shared.pipelines.spel.values import Scope, Value, all_of, any_of, cast, errors, is_null, not_null, refuse

_ORDER: dict[str, type[exp.Binary]] = {"<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE}
_COMPARED = frozenset({Kind.BOOLEAN, Kind.TEXT, Kind.DATE, Kind.TIMESTAMP, Kind.INSTANT, Kind.DAY_OF_WEEK}) | NUMBERS


def compare(scope: Scope, node: Binary, left: Value, right: Value) -> Value:
    failed = errors(left.error, right.error)
    if node.operator in _ORDER:
        return Value(_ordered(scope, node, node.operator, left, right), types.BOOLEAN, error=failed)
    made = equal(scope, node, left, right) if node.operator == "==" else _unequal(scope, node, left, right)
    return Value(made, types.BOOLEAN, error=failed)


def between(scope: Scope, node: Binary, value: Value, bounds: Value) -> Value:
    """low <= value <= high."""
    if bounds.items is None or len(bounds.items) != 2:
        raise refuse(node.right, "between needs a list of two written out, such as {1, 10}")
    low, high = bounds.items
    inside = [_ordered(scope, node, ">=", value, low), _ordered(scope, node, "<=", value, high)]
    return Value(all_of(exp.paren(one, copy=False) for one in inside), types.BOOLEAN, error=errors(value.error, low.error, high.error))


def equal(scope: Scope, node: Node, left: Value, right: Value) -> exp.Expr:
    """TRUE or FALSE, never NULL."""
    if Kind.NULL in (left.kind, right.kind):
        other = right if left.kind is Kind.NULL else left
        return is_null(other.tree) if other.nullable and other.kind is not Kind.NULL else exp.Boolean(this=other.kind is Kind.NULL)
    a, b = _alike(scope, node, left, right, "==")
    if left.nullable and right.nullable:
        return exp.NullSafeEQ(this=a, expression=b)
    plain = exp.EQ(this=a, expression=b)
    if not left.nullable and not right.nullable:
        return plain
    # Beside what makes it FALSE instead of NULL, the plain comparison is left for indexes and statistics to be used.
    return all_of([plain, not_null(left.tree if left.nullable else right.tree)])


def _unequal(scope: Scope, node: Node, left: Value, right: Value) -> exp.Expr:
    """The opposite of `equal`, in words of its own."""
    same = equal(scope, node, left, right)
    if isinstance(same, exp.NullSafeEQ):
        return exp.NullSafeNEQ(this=same.this, expression=same.expression)
    if isinstance(same, exp.EQ):
        return exp.NEQ(this=same.this, expression=same.expression)
    if isinstance(same, exp.And):
        plain = same.this
        return any_of([exp.NEQ(this=plain.this, expression=plain.expression), is_null(left.tree if left.nullable else right.tree)])
    return exp.Not(this=same)


def _ordered(scope: Scope, node: Binary, operator: str, left: Value, right: Value) -> exp.Expr:
    if Kind.NULL in (left.kind, right.kind):
        return _beside_null(operator, left, right)
    a, b = _alike(scope, node, left, right, operator)
    if left.kind is Kind.TEXT:
        # Java orders texts by their characters' numbers, whatever the database's language.
        a = exp.Collate(this=a, expression=exp.to_identifier("C", quoted=True))
    plain = _ORDER[operator](this=a, expression=b)
    if not left.nullable and not right.nullable:
        return plain
    if right.nullable and not left.nullable:
        return any_of([plain, is_null(right.tree)]) if operator in (">", ">=") else all_of([plain, not_null(right.tree)])
    if left.nullable and not right.nullable:
        return any_of([plain, is_null(left.tree)]) if operator in ("<", "<=") else all_of([plain, not_null(left.tree)])
    # NULL from the comparison means that one of the two is null; this says what that makes of it.
    otherwise = {"<": not_null(right.tree), "<=": is_null(left.tree), ">": not_null(left.tree), ">=": is_null(right.tree)}[operator]
    return exp.Coalesce(this=plain, expressions=[otherwise])


def _beside_null(operator: str, left: Value, right: Value) -> exp.Expr:
    if left.kind is Kind.NULL and right.kind is Kind.NULL:
        return exp.Boolean(this=operator in ("<=", ">="))
    if left.kind is Kind.NULL:
        operator = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}[operator]
        left = right
    # Now it is `left operator null`.
    if operator in ("<", ">="):
        return exp.Boolean(this=operator == ">=")
    if not left.nullable:
        return exp.Boolean(this=operator == ">")
    return not_null(left.tree) if operator == ">" else is_null(left.tree)


def _alike(scope: Scope, node: Node, left: Value, right: Value, operator: str) -> tuple[exp.Expr, exp.Expr]:
    """Both sides as they can be compared."""
    if left.kind in NUMBERS and right.kind in NUMBERS:
        return _numbers(scope, node, left, right)
    if {left.kind, right.kind} == {Kind.INSTANT, Kind.TIMESTAMP}:
        left, right = in_utc(left), in_utc(right)
    # Java orders UUIDs as pairs of signed numbers, which no engine does.
    comparable = left.kind in _COMPARED or (left.kind is Kind.UUID and operator == "==")
    if left.kind is not right.kind or not comparable:
        raise refuse(node, _mismatch(scope, node, left, right, operator))
    return left.sql, right.sql


def _numbers(scope: Scope, node: Node, left: Value, right: Value) -> tuple[exp.Expr, exp.Expr]:
    kinds = (left.kind, right.kind)
    if Kind.DECIMAL in kinds:
        a, b = as_decimal(left), as_decimal(right)
        if a is None or b is None:
            raise refuse(
                node,
                f"{scope.source(node)} compares a NUMERIC with {(left if a is None else right).type}, which has no exact form; "
                "write .doubleValue() behind the NUMERIC",
            )
        return a.sql, b.sql
    if Kind.DOUBLE in kinds and (left.kind in WHOLE or right.kind in WHOLE):
        return tuple(cast(one.sql, "DOUBLE PRECISION") if one.kind in WHOLE else one.sql for one in (left, right))  # type: ignore[return-value]
    if Kind.FLOAT in kinds and (left.kind not in FLOATING or right.kind not in FLOATING):
        return tuple(cast(one.sql, "REAL") if one.kind in WHOLE else one.sql for one in (left, right))  # type: ignore[return-value]
    return left.sql, right.sql


def _mismatch(scope: Scope, node: Node, left: Value, right: Value, operator: str) -> str:
    said = f"{scope.source(node)} compares {left.type} with {right.type}"
    kinds = {left.kind, right.kind}
    if kinds == {Kind.DATE, Kind.TEXT}:
        return f"{said}; make a date of the text with T(java.time.LocalDate).parse(…)"
    if kinds == {Kind.DATE, Kind.TIMESTAMP}:
        return f"{said}; write .toLocalDate() behind the timestamp"
    if Kind.TEXT in kinds and kinds & NUMBERS:
        return f"{said}; make a number of the text with T(Long).parseLong(…) or T(Double).parseDouble(…)"
    return f"{said}, which {'are never equal' if operator == '==' else 'have no order'}"
