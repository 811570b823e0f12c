"""BigDecimal's division in whole numbers: no engine divides NUMERICs exactly and rounds a half to the even neighbour."""

from __future__ import annotations

from sqlglot import exp

from shared.pipelines.spel import types
from shared.pipelines.spel.types import Type
from shared.pipelines.spel.values import Value, call, cast, choose, number


def wide(tree: exp.Expr, scale: int) -> exp.Expr:
    """With all the digits that there can be."""
    return cast(tree, f"NUMERIC({types.MAX_DIGITS}, {scale})")


def divided(a: Value, b: Value) -> tuple[exp.Expr, Type]:
    """a / b to the larger scale s of the two, half to even, in whole numbers: N = a·10^2s over D = b·10^s.

    What needs more than 38 digits on the way fails the node, as any overflow does. A zero divisor gives NULL.
    Half away from zero is (2N ± |D|) div 2D, its sign that of N; for an exact half it is twice the same of half the quotient.
    """
    scale = max(a.type.scale, b.type.scale)

    def whole(tree: exp.Expr) -> exp.Expr:
        return cast(tree, f"NUMERIC({types.MAX_DIGITS}, 0)")

    def shifted(tree: exp.Expr, digits: int, by: int) -> exp.Expr:
        with_all = wide(tree, digits)
        return whole(exp.Mul(this=with_all, expression=exp.Literal.number(10**by)) if by else with_all)

    def n() -> exp.Expr:
        return shifted(a.sql, a.type.scale, 2 * scale)

    def d() -> exp.Expr:
        return shifted(b.sql if b.constant else call("NULLIF", b.sql, number(0)), b.type.scale, scale)

    def twice(tree: exp.Expr) -> exp.Expr:
        return exp.Mul(this=tree, expression=number(2))

    def rounded(factor: int) -> exp.Expr:
        """N·factor / 2D, away from zero where it is a half."""
        half = exp.Mul(this=whole(call("SIGN", n())), expression=call("ABS", d()))
        above = exp.Paren(this=exp.Add(this=exp.Mul(this=n(), expression=number(factor)), expression=half))
        return whole(exp.IntDiv(this=whole(above), expression=whole(twice(d()))))

    is_half = exp.and_(
        exp.EQ(this=exp.Mod(this=exp.Paren(this=twice(n())), expression=d()), expression=number(0)),
        exp.NEQ(this=exp.Mod(this=n(), expression=d()), expression=number(0)),
        copy=False,
    )
    quotient = choose((is_half, twice(rounded(1))), default=rounded(2))
    result = types.decimal(a.type.digits - a.type.scale + b.type.scale + 1 + scale, scale)
    unit = exp.Literal.number(f"0.{'0' * (scale - 1)}1") if scale else number(1)
    return cast(exp.Mul(this=quotient, expression=unit), result.sql), result
