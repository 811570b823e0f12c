"""Texts to numbers and back: Integer.parseInt and its like. What is no such number raises: the row goes to the error port."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from shared.pipelines.spel import types
from shared.pipelines.spel.method import ANYTHING, TEXTS, Invocation, Method, Methods
from shared.pipelines.spel.values import Value, cast, choose, is_null, number, refuse, text
from shared.pipelines.spel.wording import written

_WHOLE = "^[+-]?0{0,99}[0-9]{1,19}$"
# Longer ones would be read as well, but not all engines read 1e400.
_REAL = r"^[ \t\n\r]*[+-]?([0-9]{1,99}\.?[0-9]{0,99}|\.[0-9]{1,99})([eE][+-]?[0-9]{1,2})?[ \t\n\r]*$"


def _whole(kind: types.Type, bits: int) -> Callable[[Invocation], Value]:
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1

    def build(one: Invocation) -> Value:
        value = one.arguments[0]

        def read() -> exp.Expr:
            """Wide enough for what the pattern lets through."""
            return cast(choose((exp.RegexpLike(this=value.sql, expression=text(_WHOLE)), value.sql)), "NUMERIC(38, 0)")

        def result() -> exp.Expr:
            return choose((exp.Between(this=read(), low=number(low), high=number(high)), cast(read(), "BIGINT")))

        return Value(result(), kind, error=one.scope.wrong(is_null(result()), _no_number(one, "a whole number")))

    return build


def _real(one: Invocation) -> Value:
    value = one.arguments[0]

    def result() -> exp.Expr:
        shaped = exp.RegexpLike(this=value.sql, expression=text(_REAL))
        return cast(choose((shaped, exp.Trim(this=value.sql, expression=text(" \t\n\r")))), "DOUBLE PRECISION")

    return Value(result(), types.DOUBLE, error=one.scope.wrong(is_null(result()), _no_number(one, "a number")))


def _no_number(one: Invocation, what: str) -> str:
    return f"{one.scope.source(one.places[0])} is not {what}"


def _value_of(one: Invocation) -> Value:
    made = written(one.arguments[0])
    if made is None:
        raise refuse(one.places[0], f"{one.arguments[0].type} has no text of its own here")
    return Value(made, types.TEXT)


def _truth(one: Invocation) -> Value:
    """true in any case of its letters; anything else, null too, is false."""
    same = exp.EQ(this=exp.Lower(this=one.arguments[0].sql), expression=text("true"))
    return Value(exp.Coalesce(this=same, expressions=[exp.false()]), types.BOOLEAN)


INTEGER: Methods = {"parseInt": (Method(_whole(types.INTEGER, 32), (TEXTS,)),)}
LONG: Methods = {"parseLong": (Method(_whole(types.LONG, 64), (TEXTS,)),)}
DOUBLE: Methods = {"parseDouble": (Method(_real, (TEXTS,)),)}
BOOLEAN: Methods = {"parseBoolean": (Method(_truth, (TEXTS,), null_arguments=True),)}
STRING: Methods = {"valueOf": (Method(_value_of, (ANYTHING,)),)}
