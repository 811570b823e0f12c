"""An expression over a table, column-wise: a sqlglot tree to an Arrow array, with PostgreSQL's meaning of each part.

`known.py` says which parts there are; a tree that holds others has been refused when its run was planned.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from shared.engines.dataframe import moments, numbers
from shared.engines.dataframe.capitals import capitals
from shared.engines.dataframe.casts import cast
from shared.engines.dataframe.errors import RowsDoNotFit
from shared.engines.dataframe.table import Named
from shared.engines.dataframe.values import Value, common_type, filled, is_float, is_text, to_type

# What nextval(counter) does with the number of rows that it is drawn for.
Draw = Callable[[str, int], None]
_TEXT = exp.DataType.build("TEXT")


def column(tree: exp.Expr, rows: Named, draw: Draw) -> Value:
    """As many values as the table has rows."""
    return filled(evaluate(tree, rows, draw), rows.count)


def condition(tree: exp.Expr, rows: Named, draw: Draw) -> Value:
    """True where it is; neither false nor NULL."""
    return pc.fill_null(column(tree, rows, draw), False)


def evaluate(tree: exp.Expr, rows: Named, draw: Draw) -> Value:
    if isinstance(tree, exp.Column):
        return rows.column(tree.table, tree.name)
    if isinstance(tree, exp.Case):
        return _case(tree, rows, draw)
    if isinstance(tree, exp.Coalesce):
        return _coalesce(tree, rows, draw)
    if isinstance(tree, exp.Anonymous) and tree.name.upper() == "NEXTVAL":
        draw(tree.expressions[0].name, rows.count)
        return pa.scalar(1, pa.int64())
    if isinstance(tree, exp.Interval):
        raise RowsDoNotFit("an interval stands by itself; add it to a date or a timestamp")
    if isinstance(tree, exp.Add | exp.Sub) and isinstance(tree.expression, exp.Interval):
        count, unit = interval(tree.expression)
        return moments.moved(evaluate(tree.this, rows, draw), count if isinstance(tree, exp.Add) else -count, unit)
    made = TABLE[type(tree)](tree, lambda part: evaluate(part, rows, draw))
    # NOT LIKE, NOT IN and the like are one part, with a sign.
    return pc.invert(made) if tree.args.get("negate") else made


Inner = Callable[[exp.Expr], Value]


def interval(tree: exp.Interval) -> tuple[int, str]:
    return int(tree.this.name), tree.args["unit"].name.upper().removesuffix("S")


def _literal(tree: exp.Literal, _: Inner) -> Value:
    if tree.is_string:
        return pa.scalar(tree.name, pa.string())
    if "e" in tree.name.lower():
        return pa.scalar(float(tree.name), pa.float64())
    if "." in tree.name:
        return pa.scalar(Decimal(tree.name))
    number = int(tree.name)
    return pa.scalar(number, pa.int32() if abs(number) < 2**31 else pa.int64()) if abs(number) < 2**63 else pa.scalar(Decimal(number))


@dataclass(frozen=True, slots=True)
class _Taken:
    """What one branch gave for the rows that took it. `written`: the text, where the branch is one that is written down."""

    where: np.ndarray
    values: Value
    written: str | None


def _taken(tree: exp.Expr, where: np.ndarray, rows: Named, draw: Draw) -> _Taken:
    written = tree.name if isinstance(tree, exp.Literal) and tree.is_string else None
    return _Taken(where, column(tree, rows.take(where), draw), written)


def _case(tree: exp.Case, rows: Named, draw: Draw) -> Value:
    """A branch is computed for the rows that take it, and no others: what fails in it must not fail for them."""
    left = np.arange(rows.count)
    found: list[_Taken] = []
    for branch in tree.args["ifs"]:
        said = branch.this if tree.this is None else exp.EQ(this=tree.this.copy(), expression=branch.this.copy())
        holds = np.asarray(condition(said, rows.take(left), draw))
        found.append(_taken(branch.args["true"], left[holds], rows, draw))
        left = left[~holds]
    default = tree.args.get("default")
    found.append(_taken(default if default is not None else exp.null(), left, rows, draw))
    return _gathered(found, rows.count)


def _coalesce(tree: exp.Coalesce, rows: Named, draw: Draw) -> Value:
    left = np.arange(rows.count)
    found: list[_Taken] = []
    for part in (tree.this, *tree.expressions):
        one = _taken(part, left, rows, draw)
        there = np.asarray(pc.is_valid(one.values))
        found.append(_Taken(left[there], pc.filter(one.values, pa.array(there)), one.written))
        left = left[~there]
    return _gathered([*found, _Taken(left, pa.nulls(len(left)), None)], rows.count)


def _gathered(parts: Sequence[_Taken], rows: int) -> Value:
    """Values computed for some rows each, in the order of the rows. A text that is written down is read as what stands beside it."""
    kinds = [part.values.type for part in parts if part.written is None and not pa.types.is_null(part.values.type)]
    kind = reduce(common_type, kinds or [part.values.type for part in parts])
    if any(part.written is not None for part in parts) and not is_text(kind):
        parts = [
            part if part.written is None else _Taken(part.where, filled(_read(pa.scalar(part.written), kind), len(part.where)), None)
            for part in parts
        ]
    there = [part for part in parts if len(part.where)]
    if len(there) == 1:
        return to_type(there[0].values, kind)
    place = np.empty(rows, dtype="int64")
    place[np.concatenate([part.where for part in parts])] = np.arange(rows)
    chunks = [chunk for part in parts for chunk in _chunks(to_type(part.values, kind))]
    return pa.chunked_array(chunks, kind).take(pa.array(place))


def _chunks(values: Value) -> list[Value]:
    return list(values.chunks) if isinstance(values, pa.ChunkedArray) else [values]


def _same(one: exp.Expr, two: exp.Expr, of: Inner) -> tuple[Value, Value, pa.DataType]:
    """Both in one type; a text that is written down is read as what it is compared with."""
    left, right = of(one), of(two)
    if isinstance(left, pa.Scalar) and is_text(left.type) and not is_text(right.type):
        left = _read(left, right.type)
    if isinstance(right, pa.Scalar) and is_text(right.type) and not is_text(left.type):
        right = _read(right, left.type)
    kind = common_type(left.type, right.type)
    return to_type(left, kind), to_type(right, kind), kind


def _read(text: Value, kind: pa.DataType) -> Value:
    if pa.types.is_null(kind):
        return text
    named = {pa.date32(): "DATE", pa.bool_(): "BOOLEAN"}.get(kind)
    if named is None and pa.types.is_timestamp(kind):
        named = "TIMESTAMPTZ" if kind.tz else "TIMESTAMP"
    if named is None:
        named = f"DECIMAL({kind.precision}, {kind.scale})" if pa.types.is_decimal(kind) else "DOUBLE" if is_float(kind) else "BIGINT"
    return cast(text, exp.DataType.build(named), tries=False)


def _compared(function: Callable[[Value, Value], Value], of_nan: Callable[[Value, Value], Value]) -> Any:
    """NaN equals itself and is greater than all other numbers."""

    def compare(tree: exp.Binary, of: Inner) -> Value:
        return compared(tree.this, tree.expression, of)

    def compared(one: exp.Expr, two: exp.Expr, of: Inner) -> Value:
        left, right, kind = _same(one, two, of)
        if pa.types.is_null(kind):
            return pc.and_(pc.cast(left, pa.bool_()), pc.cast(right, pa.bool_()))
        plain = function(left, right)
        if not is_float(kind):
            return plain
        return pc.if_else(pc.or_(pc.is_nan(left), pc.is_nan(right)), of_nan(pc.is_nan(left), pc.is_nan(right)), plain)

    compare.parts = compared  # type: ignore[attr-defined]
    return compare


_equal = _compared(pc.equal, pc.and_)
_unequal = _compared(pc.not_equal, lambda a, b: pc.invert(pc.and_(a, b)))
_less = _compared(pc.less, lambda a, b: pc.and_not(b, a))
_less_equal = _compared(pc.less_equal, lambda a, b: b)
_greater = _compared(pc.greater, lambda a, b: pc.and_not(a, b))
_greater_equal = _compared(pc.greater_equal, lambda a, b: a)


def _truth(value: Value) -> Value:
    return to_type(value, pa.bool_())


def _is(tree: exp.Is, of: Inner) -> Value:
    value = of(tree.this)
    if isinstance(tree.expression, exp.Null):
        return pc.is_null(value)
    wanted = bool(tree.expression.this)
    return pc.fill_null(_truth(value) if wanted else pc.invert(_truth(value)), False)


def _distinct(tree: exp.Binary, of: Inner) -> Value:
    left, right = of(tree.this), of(tree.expression)
    one, two = pc.is_null(left), pc.is_null(right)
    same = pc.fill_null(_equal(tree, of), False)
    return pc.invert(pc.or_(pc.and_(one, two), pc.and_not(same, pc.or_(one, two))))


def _in(tree: exp.In, of: Inner) -> Value:
    return reduce(pc.or_kleene, (_equal.parts(tree.this, one, of) for one in tree.expressions))


def _between(tree: exp.Between, of: Inner) -> Value:
    return pc.and_kleene(_greater_equal.parts(tree.this, tree.args["low"], of), _less_equal.parts(tree.this, tree.args["high"], of))


def _nullif(tree: exp.Nullif, of: Inner) -> Value:
    value = of(tree.this)
    return pc.if_else(pc.fill_null(_equal.parts(tree.this, tree.expression, of), False), pa.scalar(None, value.type), value)


def _extreme(function: Callable[..., Value]) -> Any:
    def extreme(tree: exp.Greatest | exp.Least, of: Inner) -> Value:
        parts = [of(part) for part in (tree.this, *tree.expressions)]
        kind = reduce(common_type, (part.type for part in parts))
        # Arrow compares moments without a zone only; one with a zone is kept by its moment in UTC.
        compared = pa.timestamp(kind.unit) if pa.types.is_timestamp(kind) and kind.tz is not None else kind
        found = function(*(to_type(part, kind).cast(compared) for part in parts), skip_nulls=True)
        return found.cast(kind)

    return extreme


def _arithmetic(function: Callable[[Value, Value], Value]) -> Any:
    return lambda tree, of: function(of(tree.this), of(tree.expression))


def _add(tree: exp.Add, of: Inner) -> Value:
    left, right = of(tree.this), of(tree.expression)
    if pa.types.is_date(left.type) or pa.types.is_date(right.type):
        return moments.days_later(left, right) if pa.types.is_date(left.type) else moments.days_later(right, left)
    return numbers.add(left, right)


def _sub(tree: exp.Sub, of: Inner) -> Value:
    left, right = of(tree.this), of(tree.expression)
    if pa.types.is_date(left.type) and pa.types.is_date(right.type):
        return moments.days_between(left, right)
    if pa.types.is_date(left.type):
        return moments.days_later(left, pc.negate(pc.cast(right, pa.int64())))
    return numbers.subtract(left, right)


def _number(function: Callable[[Value], Value]) -> Any:
    return lambda tree, of: function(of(tree.this))


def _text(value: Value) -> Value:
    return cast(value, _TEXT, tries=False)


def _joined(tree: exp.DPipe, of: Inner) -> Value:
    return pc.binary_join_element_wise(_text(of(tree.this)), _text(of(tree.expression)), "", null_handling="emit_null")


def _concat(tree: exp.Concat, of: Inner) -> Value:
    # sqlglot writes COALESCE(part, '') for each part; NULLs count as nothing in any case.
    parts = (_text(of(part.this if isinstance(part, exp.Coalesce) else part)) for part in tree.expressions)
    return pc.binary_join_element_wise(*parts, "", null_handling="replace", null_replacement="")


def _texts(function: Callable[[Value], Value]) -> Any:
    return lambda tree, of: function(_text(of(tree.this)))


def _trim(tree: exp.Trim, of: Inner) -> Value:
    position = tree.args.get("position") or "BOTH"
    function = {"LEADING": pc.utf8_ltrim, "TRAILING": pc.utf8_rtrim, "BOTH": pc.utf8_trim}[position.upper()]
    # Only blanks, where Arrow would take tabs and line ends too.
    return function(_text(of(tree.this)), characters=tree.expression.name if tree.args.get("expression") else " ")


def whole(tree: exp.Expr | None, default: int = 0) -> int:
    if tree is None:
        return default
    return -int(tree.this.name) if isinstance(tree, exp.Neg) else int(tree.name)


def _substring(tree: exp.Substring, of: Inner) -> Value:
    start = whole(tree.args["start"]) - 1
    length = tree.args.get("length")
    return pc.utf8_slice_codeunits(_text(of(tree.this)), start, None if length is None else start + whole(length))


def _left(tree: exp.Left, of: Inner) -> Value:
    return pc.utf8_slice_codeunits(_text(of(tree.this)), 0, whole(tree.expression))


def _right(tree: exp.Right, of: Inner) -> Value:
    text, taken = _text(of(tree.this)), whole(tree.expression)
    return pc.utf8_slice_codeunits(text, -taken if taken else 2**31 - 1)


def _replace(tree: exp.Replace, of: Inner) -> Value:
    text, sought = _text(of(tree.this)), tree.expression.name
    return pc.replace_substring(text, sought, tree.args["replacement"].name) if sought else text


def _like(tree: exp.Like | exp.ILike, of: Inner) -> Value:
    return pc.match_like(_text(of(tree.this)), tree.expression.name, ignore_case=isinstance(tree, exp.ILike))


def _regex(tree: exp.RegexpLike | exp.RegexpILike, of: Inner) -> Value:
    return pc.match_substring_regex(_text(of(tree.this)), tree.expression.name, ignore_case=isinstance(tree, exp.RegexpILike))


def _cast(tree: exp.Cast, of: Inner) -> Value:
    return cast(of(tree.this), tree.to, tries=isinstance(tree, exp.TryCast))


def _int_div(tree: exp.Anonymous, of: Inner) -> Value:
    return numbers.divide_whole(of(tree.expressions[0]), of(tree.expressions[1]))


TABLE: dict[type[exp.Expr], Callable[[Any, Inner], Value]] = {
    exp.Paren: lambda tree, of: of(tree.this),
    exp.Alias: lambda tree, of: of(tree.this),
    exp.Literal: _literal,
    exp.Null: lambda tree, of: pa.scalar(None),
    exp.Boolean: lambda tree, of: pa.scalar(bool(tree.this)),
    exp.EQ: _equal,
    exp.NEQ: _unequal,
    exp.LT: _less,
    exp.LTE: _less_equal,
    exp.GT: _greater,
    exp.GTE: _greater_equal,
    exp.NullSafeNEQ: _distinct,
    exp.NullSafeEQ: lambda tree, of: pc.invert(_distinct(tree, of)),
    exp.And: lambda tree, of: pc.and_kleene(_truth(of(tree.this)), _truth(of(tree.expression))),
    exp.Or: lambda tree, of: pc.or_kleene(_truth(of(tree.this)), _truth(of(tree.expression))),
    exp.Not: lambda tree, of: pc.invert(_truth(of(tree.this))),
    exp.Is: _is,
    exp.IsNan: lambda tree, of: pc.is_nan(to_type(of(tree.this), pa.float64())),
    exp.In: _in,
    exp.Between: _between,
    exp.Nullif: _nullif,
    exp.Greatest: _extreme(pc.max_element_wise),
    exp.Least: _extreme(pc.min_element_wise),
    exp.Add: _add,
    exp.Sub: _sub,
    exp.Mul: _arithmetic(numbers.multiply),
    exp.Div: _arithmetic(numbers.divide),
    exp.Mod: _arithmetic(numbers.remainder),
    exp.Pow: _arithmetic(numbers.power),
    exp.Anonymous: _int_div,
    exp.Neg: _number(numbers.negate),
    exp.Abs: _number(numbers.absolute),
    exp.Sign: _number(numbers.sign),
    exp.Floor: _number(numbers.floor),
    exp.Ceil: _number(numbers.ceiling),
    exp.Trunc: _number(numbers.truncated),
    exp.Sqrt: _number(numbers.root),
    exp.Ln: _number(numbers.natural_logarithm),
    exp.Exp: _number(numbers.exponential),
    exp.Round: lambda tree, of: numbers.rounded(of(tree.this), whole(tree.args.get("decimals"))),
    exp.DPipe: _joined,
    exp.Concat: _concat,
    exp.Upper: _texts(capitals),
    exp.Lower: _texts(pc.utf8_lower),
    exp.Length: _texts(lambda text: pc.cast(pc.utf8_length(text), pa.int64())),
    exp.Trim: _trim,
    exp.Substring: _substring,
    exp.Left: _left,
    exp.Right: _right,
    exp.Replace: _replace,
    exp.Like: _like,
    exp.ILike: _like,
    exp.RegexpLike: _regex,
    exp.RegexpILike: _regex,
    exp.StartsWith: lambda tree, of: pc.starts_with(_text(of(tree.this)), tree.expression.name),
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Extract: lambda tree, of: moments.part(of(tree.expression), tree.this.name.upper()),
    exp.TimestampTrunc: lambda tree, of: moments.beginning(of(tree.this), tree.args["unit"].name.upper()),
    exp.DateTrunc: lambda tree, of: moments.beginning(of(tree.this), tree.args["unit"].name.upper()),
}
