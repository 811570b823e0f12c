"""DuckDB's decimals as PostgreSQL's: it adds and multiplies those of up to 18 digits in 18, and divides all of them as doubles."""

from __future__ import annotations

from sqlglot import exp

from shared.sql.decimals import MOST, is_decimal, size_of
from shared.sql.dialects.dialect import Dialect
from shared.sql.rewrites.tree import grouped, swap
from shared.sql.typing import type_of

_FAST = 18


def widen(tree: exp.Expr, to: Dialect) -> exp.Expr:
    """One side gets a type of 19 digits where the result may have more than 18: DuckDB then goes over to 38 (measured on 1.5.5)."""
    for node in tree.find_all(exp.Add, exp.Sub, exp.Mul):
        left, right, whole = size_of(node.this), size_of(node.expression), size_of(node)
        if not left or not right or not whole or not is_decimal(node) or whole[0] <= _FAST:
            continue
        if left[0] <= _FAST and right[0] <= _FAST:
            side = node.this
            wide = exp.cast(side.copy(), f"DECIMAL({_FAST + 1}, {left[1]})", copy=False)
            side.replace(wide)
    return tree


def divide(tree: exp.Expr, to: Dialect) -> exp.Expr:
    """Long division of whole numbers, rounded half away from zero: the whole part, then all digits behind the point at once.

    A divisor of more than 38 digits less those behind the point overflows, which fails the node.
    """
    for node in list(tree.find_all(exp.Div)):
        size = size_of(node)
        if size is None or not is_decimal(node):
            continue
        left, right = size_of(node.this), size_of(node.expression)
        if left is None or right is None:
            continue
        scale = max(left[1], right[1])
        top, bottom = _unscaled(node.this, scale), _unscaled(node.expression, scale)
        shift = _whole("1" + "0" * size[1])
        rest = exp.Paren(this=exp.Mul(this=exp.Paren(this=exp.Mod(this=top.copy(), expression=bottom.copy())), expression=shift.copy()))
        whole = exp.Mul(this=exp.Paren(this=exp.IntDiv(this=top.copy(), expression=bottom.copy())), expression=shift.copy())
        behind = exp.IntDiv(this=rest.copy(), expression=bottom.copy())
        left_over = exp.Mul(this=exp.Literal.number(2), expression=exp.Paren(this=exp.Mod(this=rest, expression=bottom.copy())))
        up = exp.IntDiv(this=exp.Paren(this=left_over), expression=bottom)
        units = exp.cast(exp.Paren(this=exp.Add(this=exp.Add(this=whole, expression=behind), expression=up)), f"DECIMAL({MOST}, 0)")
        one = exp.cast(exp.Literal.number("0." + "0" * (size[1] - 1) + "1"), f"DECIMAL({size[1] + 1}, {size[1]})")
        tree = swap(tree, node, exp.Paren(this=exp.Mul(this=units, expression=one)))
    return tree


def divide_whole(tree: exp.Expr, to: Dialect) -> exp.Expr:
    """What fits how often: DuckDB would go over to doubles. Without their points the two are whole numbers, and give the same."""
    for node in tree.find_all(exp.IntDiv):
        left, right = size_of(node.this), size_of(node.expression)
        if left is not None and right is not None and (is_decimal(node.this) or is_decimal(node.expression)):
            scale = max(left[1], right[1])
            node.set("this", _unscaled(node.this, scale))
            node.set("expression", _unscaled(node.expression, scale))
    return tree


def from_doubles(tree: exp.Expr, to: Dialect) -> exp.Expr:
    """PostgreSQL reads a double by its 15 first digits (a REAL by 6), so 2.675 is that and no binary fraction beneath it."""
    for node in list(tree.find_all(exp.Cast)):
        digits = {"DOUBLE PRECISION": 15, "REAL": 6}.get(type_of(node.this))
        if digits is not None and is_decimal(node):
            shown = exp.Anonymous(this="printf", expressions=[exp.Literal.string(f"%.{digits}g"), node.this.copy()])
            node.set("this", shown)
    return tree


def _unscaled(node: exp.Expr, scale: int) -> exp.Expr:
    """The number without its point, as a whole number of 38 digits."""
    value: exp.Expr = grouped(node.copy())
    if scale:
        value = exp.Mul(this=exp.cast(value, f"DECIMAL({MOST}, {scale})"), expression=_whole("1" + "0" * scale))
    return exp.cast(value, exp.DataType.build("INT128"))


def _whole(digits: str) -> exp.Expr:
    # A DECIMAL literal of that many digits would widen what it is multiplied with.
    return exp.cast(exp.Literal.number(digits), exp.DataType.build("INT128"))
