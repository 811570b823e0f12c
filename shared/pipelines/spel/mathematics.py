"""java.lang.Math. Outside of a function's domain Java answers with NaN or an infinity, where engines raise: that is written out."""

from __future__ import annotations

import math
from collections.abc import Callable

from sqlglot import exp

from shared.pipelines.spel import constants, types
from shared.pipelines.spel.arithmetic import as_double, power
from shared.pipelines.spel.method import REALS, WHOLES, Invocation, Method, Methods
from shared.pipelines.spel.numbers import saturated
from shared.pipelines.spel.types import WHOLE, Kind
from shared.pipelines.spel.values import Value, any_of, call, cast, choose, number, text

Condition = Callable[[exp.Expr], exp.Expr]


def _special(word: str) -> exp.Expr:
    return cast(text(word), "DOUBLE PRECISION")


def _function(name: str, *outside: tuple[Condition, str]) -> tuple[Method, ...]:
    """Of one Double. `outside`: for which arguments it is what instead."""

    def build(one: Invocation) -> Value:
        x = as_double(one.arguments[0]).sql
        # By its plain name: sqlglot writes its own node for LOG10 in a way that PostgreSQL has for NUMERIC only.
        made: exp.Expr = exp.Anonymous(this=name, expressions=[x.copy()])
        if outside:
            made = choose(*((condition(x.copy()), _special(word)) for condition, word in outside), default=made)
        return Value(made, types.DOUBLE)

    return (Method(build, (REALS,)),)


def _below(limit: str) -> Condition:
    return lambda x: exp.LT(this=x, expression=_special(limit))


def _above(limit: str) -> Condition:
    return lambda x: exp.GT(this=x, expression=_special(limit))


def _is(word: str) -> Condition:
    return lambda x: exp.EQ(this=x, expression=_special(word))


def _endless(x: exp.Expr) -> exp.Expr:
    return any_of([_is("Infinity")(x.copy()), _is("-Infinity")(x.copy())])


def _beyond_one(x: exp.Expr) -> exp.Expr:
    return exp.GT(this=call("ABS", x), expression=number(1))


def _abs(one: Invocation) -> Value:
    value = one.arguments[0]
    tree = cast(value.sql, "BIGINT") if value.kind in WHOLE else value.sql
    return Value(exp.Abs(this=tree), types.INTEGER if value.kind is Kind.INTEGER else types.LONG if value.kind is Kind.LONG else value.type)


def _one_of(name: str) -> Callable[[Invocation], Value]:
    """max and min. Numbers of two kinds are widened; Spring cannot choose between Math's methods then."""

    def build(one: Invocation) -> Value:
        a, b = one.arguments
        if a.kind in WHOLE and b.kind in WHOLE:
            return Value(call(name, cast(a.sql, "BIGINT"), cast(b.sql, "BIGINT")), _wider(a, b))
        return Value(call(name, as_double(a).sql, as_double(b).sql), types.DOUBLE)

    return build


def _round(one: Invocation) -> Value:
    """The nearest whole number, up from a half."""
    value = one.arguments[0]
    if value.kind in WHOLE:
        return Value(cast(value.sql, "BIGINT"), types.LONG)
    up = call("FLOOR", exp.Add(this=as_double(value).sql, expression=constants.double(0.5).tree))
    return Value(saturated(up), types.LONG)


def _signum(one: Invocation) -> Value:
    return Value(cast(call("SIGN", as_double(one.arguments[0]).sql), "DOUBLE PRECISION"), types.DOUBLE)


def _pow(one: Invocation) -> Value:
    return Value(power(as_double(one.arguments[0]), as_double(one.arguments[1])), types.DOUBLE)


def _hypot(one: Invocation) -> Value:
    squares = [exp.Mul(this=as_double(value).sql, expression=as_double(value).sql) for value in one.arguments]
    return Value(call("SQRT", exp.Add(this=squares[0], expression=squares[1])), types.DOUBLE)


def _atan2(one: Invocation) -> Value:
    return Value(exp.Atan2(this=as_double(one.arguments[0]).sql, expression=as_double(one.arguments[1]).sql), types.DOUBLE)


def _floor_divided(*, rest: bool) -> Callable[[Invocation], Value]:
    """floorDiv and floorMod: the quotient goes down, the remainder has the sign of the divisor."""

    def build(one: Invocation) -> Value:
        a, b = one.arguments

        def top() -> exp.Expr:
            return cast(a.sql, "BIGINT")

        def divisor() -> exp.Expr:
            return call("NULLIF", cast(b.sql, "BIGINT"), number(0))

        def left_over() -> exp.Expr:
            return exp.Paren(this=exp.Mod(this=top(), expression=divisor()))

        signs_differ = exp.NEQ(
            this=exp.Paren(this=exp.LT(this=a.sql, expression=number(0))),
            expression=exp.Paren(this=exp.LT(this=b.sql, expression=number(0))),
        )
        uneven = exp.and_(exp.NEQ(this=left_over(), expression=number(0)), signs_differ, copy=False)
        if rest:
            made: exp.Expr = choose((uneven, exp.Add(this=left_over(), expression=divisor())), default=left_over())
        else:
            quotient = cast(exp.IntDiv(this=top(), expression=divisor()), "BIGINT")
            made = exp.Sub(this=quotient, expression=choose((uneven, number(1)), default=number(0)))
        zero = exp.EQ(this=b.sql, expression=number(0))
        failed = None if b.constant else one.scope.wrong(zero, f"division by zero in {one.scope.source(one.node)}")
        return Value(made, types.LONG if rest and b.kind is Kind.LONG else _wider(a, b), error=failed)

    return build


def _wider(a: Value, b: Value) -> types.Type:
    return types.LONG if Kind.LONG in (a.kind, b.kind) else types.INTEGER


METHODS: Methods = {
    "abs": (Method(_abs, (REALS,)),),
    "max": (Method(_one_of("GREATEST"), (REALS, REALS)),),
    "min": (Method(_one_of("LEAST"), (REALS, REALS)),),
    "round": (Method(_round, (REALS,)),),
    "floor": _function("FLOOR"),
    "ceil": _function("CEIL"),
    "signum": (Method(_signum, (REALS,)),),
    "sqrt": _function("SQRT", (_below("0"), "NaN")),
    "cbrt": _function("CBRT"),
    "pow": (Method(_pow, (REALS, REALS)),),
    # Beyond these the result is larger, or closer to zero, than a Double can be.
    "exp": _function("EXP", (_above("709.782712893384"), "Infinity"), (_below("-745.1332191019412"), "0")),
    "log": _function("LN", (_is("0"), "-Infinity"), (_below("0"), "NaN")),
    "log10": _function("LOG10", (_is("0"), "-Infinity"), (_below("0"), "NaN")),
    "sin": _function("SIN", (_endless, "NaN")),
    "cos": _function("COS", (_endless, "NaN")),
    "tan": _function("TAN", (_endless, "NaN")),
    "asin": _function("ASIN", (_beyond_one, "NaN")),
    "acos": _function("ACOS", (_beyond_one, "NaN")),
    "atan": _function("ATAN"),
    "atan2": (Method(_atan2, (REALS, REALS)),),
    "toRadians": _function("RADIANS"),
    "toDegrees": _function("DEGREES"),
    "hypot": (Method(_hypot, (REALS, REALS)),),
    "floorDiv": (Method(_floor_divided(rest=False), (WHOLES, WHOLES)),),
    "floorMod": (Method(_floor_divided(rest=True), (WHOLES, WHOLES)),),
}
CONSTANTS = {"PI": constants.double(math.pi), "E": constants.double(math.e)}
