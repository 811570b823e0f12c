"""Methods of Integer, Long, Float, Double, BigDecimal and Boolean."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from shared.pipelines.spel import types
from shared.pipelines.spel.method import ROUNDINGS, WHOLES, Invocation, Method, Methods
from shared.pipelines.spel.types import WHOLE, Kind
from shared.pipelines.spel.values import Value, call, cast, choose, number, refuse, text
from shared.pipelines.spel.wording import written


def to_text(one: Invocation) -> Value:
    made = written(one.target)
    if made is None:
        raise refuse(one.node, f"{one.target.type} has no text of its own here")
    return Value(made, types.TEXT)


def saturated(value: exp.Expr) -> exp.Expr:
    """A Double as a long, as Java casts it: what is beyond 64 bits becomes the largest or the smallest, what is no number 0."""

    def reached(word: str) -> exp.Expr:
        return cast(text(word), "DOUBLE PRECISION")

    return choose(
        (exp.EQ(this=value.copy(), expression=reached("NaN")), cast(number(0), "BIGINT")),
        (exp.GTE(this=value.copy(), expression=reached("9223372036854775808")), number(2**63 - 1)),
        (exp.LTE(this=value.copy(), expression=reached("-9223372036854775808")), number(-(2**63))),
        default=cast(call("TRUNC", value.copy()), "BIGINT"),
    )


def _whole(kind: types.Type) -> Callable[[Invocation], Value]:
    def build(one: Invocation) -> Value:
        if one.target.kind in WHOLE:
            return Value(cast(one.target.sql, "BIGINT"), kind)
        if one.target.kind is Kind.DECIMAL:
            return Value(cast(call("TRUNC", one.target.sql), "BIGINT"), kind)
        return Value(saturated(cast(one.target.sql, "DOUBLE PRECISION")), kind)

    return build


def _double(one: Invocation) -> Value:
    return Value(cast(one.target.sql, "DOUBLE PRECISION"), types.DOUBLE)


def _same(build: Callable[[exp.Expr], exp.Expr]) -> Callable[[Invocation], Value]:
    return lambda one: Value(build(one.target.sql), one.target.type)


def _set_scale(one: Invocation) -> Value:
    """BigDecimal.setScale(n, HALF_UP), which is how SQL rounds a NUMERIC."""
    scale = one.arguments[0].constant
    if not isinstance(scale, int) or not 0 <= scale < types.MAX_DIGITS:
        raise refuse(one.places[0], f"setScale needs a number of digits written out, from 0 to {types.MAX_DIGITS - 1}")
    kind = types.decimal(one.target.type.digits - one.target.type.scale + 1 + scale, scale)
    return Value(cast(exp.Round(this=one.target.sql, decimals=number(scale)), kind.sql), kind)


def _not_a_number(one: Invocation) -> Value:
    nothing = cast(text("NaN"), one.target.type.sql)
    return Value(exp.EQ(this=one.target.sql, expression=nothing), types.BOOLEAN)


_ANY: Methods = {
    "intValue": (Method(_whole(types.INTEGER)),),
    "longValue": (Method(_whole(types.LONG)),),
    "doubleValue": (Method(_double),),
    "toString": (Method(to_text),),
}
_DECIMAL: Methods = {
    **_ANY,
    "abs": (Method(_same(lambda tree: exp.Abs(this=tree))),),
    "negate": (Method(_same(lambda tree: exp.Neg(this=tree))),),
    "signum": (Method(lambda one: Value(cast(call("SIGN", one.target.sql), "BIGINT"), types.INTEGER)),),
    "setScale": (Method(_set_scale, (WHOLES, ROUNDINGS)),),
}
METHODS: dict[Kind, Methods] = {
    Kind.INTEGER: _ANY,
    Kind.LONG: _ANY,
    Kind.FLOAT: {name: method for name, method in _ANY.items() if name != "toString"},
    Kind.DOUBLE: {**_ANY, "isNaN": (Method(_not_a_number),)},
    Kind.DECIMAL: _DECIMAL,
    Kind.BOOLEAN: {"toString": (Method(to_text),), "booleanValue": (Method(_same(lambda tree: tree)),)},
}
