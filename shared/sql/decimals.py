"""PostgreSQL's types of what is computed with decimals, as sqlglot's annotators, which know less: a product has the digits of both.

https://www.postgresql.org/docs/current/functions-math.html, and numeric.c for the scales. Penstock's decimals hold 38 digits at most, and
always say how many stand behind the point; so a quotient, which in PostgreSQL has as many as it needs, has DIVIDED here, rounded half away
from zero (docs/semantics.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import exp
from sqlglot.dialects.postgres import Postgres

from shared.sql.moments import added, subtracted, truncated, zoned

MOST = 38
DIVIDED = 16
_DIGITS = {exp.DType.TINYINT: 3, exp.DType.SMALLINT: 5, exp.DType.INT: 10, exp.DType.BIGINT: 19}
# The wider first.
_FLOATS = (exp.DType.DOUBLE, exp.DType.FLOAT)
_NUMBERS = {*_DIGITS, *_FLOATS, exp.DType.DECIMAL}
# (all digits, those behind the point)
Size = tuple[int, int]


def size_of(node: exp.Expr | None) -> Size | None:
    """The digits of a typed whole number or decimal; None for all other types, and for decimals that do not say."""
    of = node.type if node is not None else None
    if of is None:
        return None
    if of.this in _DIGITS:
        return _DIGITS[of.this], 0
    if of.this != exp.DType.DECIMAL or not of.expressions:
        return None
    said = [int(parameter.name) for parameter in of.expressions]
    return said[0], said[1] if len(said) > 1 else 0


def decimal(size: Size) -> exp.DataType:
    """The type of that many digits; of 38, of which fewer stand behind the point, where it would have more."""
    digits, scale = size
    scale = min(scale, MOST)
    return exp.DataType(
        this=exp.DType.DECIMAL,
        expressions=[
            exp.DataTypeParam(this=exp.Literal.number(min(max(digits, scale, 1), MOST))),
            exp.DataTypeParam(this=exp.Literal.number(scale)),
        ],
    )


def is_decimal(node: exp.Expr | None) -> bool:
    return node is not None and node.type is not None and node.type.this == exp.DType.DECIMAL


def _sum(a: Size, b: Size) -> Size:
    scale = max(a[1], b[1])
    return max(a[0] - a[1], b[0] - b[1]) + scale + 1, scale


def _product(a: Size, b: Size) -> Size:
    return a[0] + b[0], a[1] + b[1]


def _both(a: Size, b: Size) -> Size:
    scale = max(a[1], b[1])
    return max(a[0] - a[1], b[0] - b[1]) + scale, scale


def _quotient(a: Size, b: Size) -> Size:
    return MOST, max(DIVIDED, a[1], b[1])


def _float_of(*values: exp.Expr) -> exp.DataType | None:
    """Beside a double (chapter 10.5: the preferred type) all numbers become one, decimals too; None where there is none."""
    kinds = {each.type.this for each in values if each.type is not None}
    wide = next((kind for kind in _FLOATS if kind in kinds), None)
    return exp.DataType(this=wide) if wide is not None and kinds <= _NUMBERS else None


def _of_any_size(*values: exp.Expr) -> exp.DataType | None:
    """Of numbers, one of which is a decimal that does not say its digits: nor does what is made of them. The digits of the others, which
    sqlglot would take, are those of no value: numeric + 1.5 is no NUMERIC(2, 1).
    """
    kinds = {each.type.this for each in values if each.type is not None}
    return exp.DataType(this=exp.DType.DECIMAL) if kinds <= _NUMBERS and all(each.type is not None for each in values) else None


Annotate = Callable[[Any, exp.Expr], Any]


def _of_two(combine: Callable[[Size, Size], Size]) -> Callable[[exp.Expr], exp.DataType | None]:
    def typed(node: exp.Expr) -> exp.DataType | None:
        left, right = node.this, node.args["expression"]
        if (wide := _float_of(left, right)) is not None:
            return wide
        if not (is_decimal(left) or is_decimal(right)):
            return None
        a, b = size_of(left), size_of(right)
        return decimal(combine(a, b)) if a and b else _of_any_size(left, right)

    return typed


def _of_all(*names: str) -> Callable[[exp.Expr], exp.DataType | None]:
    """The one type that holds the values of several arguments."""

    def typed(node: exp.Expr) -> exp.DataType | None:
        found: list[exp.Expr] = []
        for name in names:
            argument = node.args.get(name)
            found += argument if isinstance(argument, list) else [argument] if argument is not None else []
        values = [each.args["true"] if isinstance(each, exp.If) else each for each in found]
        values = [each for each in values if not isinstance(each, exp.Null)]
        if (wide := _float_of(*values)) is not None:
            return wide
        sizes = [size_of(each) for each in values]
        if not any(is_decimal(each) for each in values):
            return None
        if None in sizes:
            return _of_any_size(*values)
        total: Size = (0, 0)
        for size in sizes:
            total = _both(total, size) if size else total
        return decimal(total)

    return typed


def _rounded(node: exp.Expr) -> exp.DataType | None:
    size = size_of(node.this)
    if not is_decimal(node.this):
        # PostgreSQL rounds whole numbers as doubles, and cuts no double to a number of digits.
        return exp.DataType(this=exp.DType.DOUBLE) if node.this.type is not None and node.args.get("decimals") is None else None
    if size is None:
        return exp.DataType(this=exp.DType.DECIMAL)
    places = node.args.get("decimals")
    if places is None:
        return decimal((size[0] - size[1] + 1, 0))
    if isinstance(places, exp.Literal) and places.is_int:
        return decimal((size[0] - size[1] + 1 + int(places.name), int(places.name)))
    return decimal((MOST, size[1]))


def _total(node: exp.Expr) -> exp.DataType | None:
    argument = node.this.expressions[0] if isinstance(node.this, exp.Distinct) else node.this
    size = size_of(argument)
    if not is_decimal(argument):
        return None
    return decimal((MOST, size[1])) if size else exp.DataType(this=exp.DType.DECIMAL)


def _same(node: exp.Expr) -> exp.DataType | None:
    return node.this.type if is_decimal(node.this) else None


def _literal(node: exp.Expr) -> exp.DataType | None:
    """1.5 is a decimal, and so is a whole number that no BIGINT holds."""
    text = node.name
    if node.args.get("is_string") or not text.replace(".", "", 1).isdecimal():
        return None
    whole, point, behind = text.partition(".")
    whole = whole.lstrip("0")
    if point or int(whole or "0") >= 2**63:
        return decimal((len(whole) + len(behind), len(behind)))
    return exp.DataType(this=exp.DType.BIGINT) if int(whole or "0") >= 2**31 else None


_TYPED: Mapping[type[exp.Expr], Callable[[exp.Expr], exp.DataType | None]] = {
    exp.Literal: _literal,
    exp.Mul: _of_two(_product),
    exp.Mod: _of_two(_both),
    exp.Div: _of_two(_quotient),
    exp.Coalesce: _of_all("this", "expressions"),
    exp.Greatest: _of_all("this", "expressions"),
    exp.Least: _of_all("this", "expressions"),
    exp.Case: _of_all("ifs", "default"),
    exp.Nullif: _of_all("this", "expression"),
    exp.Round: _rounded,
    exp.Trunc: _rounded,
    exp.Ceil: _rounded,
    exp.Floor: _rounded,
    exp.Sum: _total,
    exp.Abs: _same,
    exp.Neg: _same,
    exp.Sign: _same,
    exp.TimestampTrunc: truncated,
    exp.AtTimeZone: zoned,
}


def _annotator(kind: type[exp.Expr], typed: Callable[[exp.Expr], exp.DataType | None]) -> Annotate:
    known: Mapping[str, Any] = Postgres.EXPRESSION_METADATA.get(kind) or {}

    def annotate(annotator: Any, node: exp.Expr) -> exp.Expr:
        if "annotator" in known:
            known["annotator"](annotator, node)
        elif "returns" in known:
            annotator._set_type(node, known["returns"])
        found = typed(node)
        if found is not None:
            annotator._set_type(node, found)
        return node

    return annotate


def _either(
    first: Callable[[exp.Expr], exp.DataType | None], second: Callable[[exp.Expr], exp.DataType | None]
) -> Callable[[exp.Expr], exp.DataType | None]:
    return lambda node: first(node) or second(node)


# What `annotate_types` takes as `expression_metadata`, for trees in PostgreSQL's sense.
METADATA: Any = {
    **Postgres.EXPRESSION_METADATA,
    **{kind: {"annotator": _annotator(kind, typed)} for kind, typed in _TYPED.items()},
    exp.Add: {"annotator": _annotator(exp.Add, _either(_of_two(_sum), added))},
    exp.Sub: {"annotator": _annotator(exp.Sub, _either(_of_two(_sum), subtracted))},
}
