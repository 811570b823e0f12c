"""What the dataframe engine can compute, as a table over trees: planning refuses all else by name. Pure, since planners read it.

Trust: what stands here is `proven`, in the sense of execution.md, by tests/conformance, which compares its rows with DuckDB's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

_Kinds = exp.DataType.Type
CASTS = frozenset({
    _Kinds.BOOLEAN, _Kinds.SMALLINT, _Kinds.INT, _Kinds.BIGINT, _Kinds.FLOAT, _Kinds.DOUBLE, _Kinds.DECIMAL, _Kinds.TEXT, _Kinds.VARCHAR,
    _Kinds.CHAR, _Kinds.DATE, _Kinds.TIMESTAMP, _Kinds.TIMESTAMPTZ,
})  # fmt: skip
PARTS = frozenset({"YEAR", "QUARTER", "MONTH", "DAY", "WEEK", "DOY", "DOW", "DAYOFWEEK", "ISODOW", "HOUR", "MINUTE"})
BEGINNINGS = frozenset({"YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND"})
INTERVALS = frozenset({"SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"})
AGGREGATES = (
    exp.Count, exp.Sum, exp.Avg, exp.Min, exp.Max, exp.Variance, exp.VariancePop, exp.Stddev, exp.StddevSamp, exp.StddevPop, exp.LogicalAnd,
    exp.LogicalOr,
)  # fmt: skip
# Parts of a SELECT, and what only stands inside of other parts.
_STRUCTURE = (
    exp.Select, exp.Subquery, exp.Union, exp.From, exp.Join, exp.Where, exp.Group, exp.Having, exp.Order, exp.Ordered, exp.Limit,
    exp.Distinct, exp.Table, exp.TableAlias, exp.Identifier, exp.Star, exp.Alias, exp.Column, exp.If, exp.DataType, exp.DataTypeParam,
    exp.Var, exp.Filter,
)  # fmt: skip
_PLAIN = (
    exp.Paren, exp.Literal, exp.Null, exp.Boolean, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ,
    exp.And, exp.Or, exp.Not, exp.IsNan, exp.Between, exp.Nullif, exp.Greatest, exp.Least, exp.Add, exp.Sub, exp.Mul,
    exp.Div, exp.IntDiv, exp.Mod, exp.Pow, exp.Neg, exp.Abs, exp.Sign, exp.Floor, exp.Ceil, exp.Sqrt, exp.Ln, exp.Exp, exp.DPipe,
    exp.Concat, exp.Upper, exp.Lower, exp.Length, exp.Case, exp.Coalesce,
)  # fmt: skip


def _whole(tree: Any, least: int | None = None) -> bool:
    if isinstance(tree, exp.Neg):
        return least is None and _whole(tree.this)
    return isinstance(tree, exp.Literal) and not tree.is_string and tree.name.isdigit() and (least is None or int(tree.name) >= least)


def _text(tree: Any) -> bool:
    return isinstance(tree, exp.Literal) and bool(tree.is_string)


def _unit(tree: Any) -> str:
    return tree.name.upper() if isinstance(tree, exp.Expr) else ""


# What must be true of an expression beside its kind.
_LIMITED: dict[type[exp.Expr], Callable[[Any], bool]] = {
    exp.Is: lambda tree: isinstance(tree.expression, exp.Null | exp.Boolean),
    exp.In: lambda tree: bool(tree.expressions),
    exp.Cast: lambda tree: tree.to.this in CASTS and (tree.to.this is not _Kinds.DECIMAL or 0 < _digits(tree.to) <= 38),
    exp.TryCast: lambda tree: tree.to.this in CASTS and (tree.to.this is not _Kinds.DECIMAL or 0 < _digits(tree.to) <= 38),
    exp.Interval: lambda tree: (
        isinstance(tree.parent, exp.Add | exp.Sub)
        and tree.arg_key == "expression"
        and isinstance(tree.this, exp.Literal)
        and tree.this.name.lstrip("-").isdigit()
        and _unit(tree.args.get("unit")).removesuffix("S") in INTERVALS
    ),
    exp.Round: lambda tree: tree.args.get("decimals") is None or _whole(tree.args["decimals"]),
    exp.Trunc: lambda tree: tree.args.get("decimals") is None,
    exp.Trim: lambda tree: tree.args.get("expression") is None or _text(tree.expression),
    exp.Substring: lambda tree: _whole(tree.args.get("start"), 1) and (tree.args.get("length") is None or _whole(tree.args["length"], 0)),
    exp.Left: lambda tree: _whole(tree.expression, 0),
    exp.Right: lambda tree: _whole(tree.expression, 0),
    exp.Replace: lambda tree: _text(tree.expression) and _text(tree.args.get("replacement")),
    exp.Like: lambda tree: _text(tree.expression),
    exp.ILike: lambda tree: _text(tree.expression),
    exp.RegexpLike: lambda tree: _text(tree.expression) and not tree.args.get("flag"),
    exp.RegexpILike: lambda tree: _text(tree.expression) and not tree.args.get("flag"),
    exp.StartsWith: lambda tree: _text(tree.expression),
    exp.Extract: lambda tree: _unit(tree.this) in PARTS,
    exp.TimestampTrunc: lambda tree: _unit(tree.args.get("unit")) in BEGINNINGS and not tree.args.get("zone"),
    exp.DateTrunc: lambda tree: _unit(tree.args.get("unit")) in BEGINNINGS and not tree.args.get("zone"),
    exp.Window: lambda tree: isinstance(tree.this, exp.RowNumber) and tree.args.get("spec") is None,
    exp.RowNumber: lambda tree: isinstance(tree.parent, exp.Window),
}
# Settings of a part beside its operands; one that is set and does not stand here means something the engine does not do.
_OPERANDS = frozenset({"this", "expression", "expressions"})
_SETTINGS: dict[type[exp.Expr], frozenset[str]] = {
    kind: frozenset(names.split())
    for kind, names in {
        exp.Select: "from_ joins where group having order limit distinct",
        exp.Subquery: "alias",
        exp.Union: "distinct",
        exp.Table: "alias",
        exp.TableAlias: "",
        exp.Identifier: "quoted",
        exp.Join: "on side kind",
        exp.Ordered: "desc nulls_first",
        exp.Alias: "alias",
        exp.Column: "table",
        exp.If: "true",
        exp.DataType: "nested",
        exp.Literal: "is_string",
        exp.Case: "ifs default",
        exp.Cast: "to",
        exp.TryCast: "to safe",
        exp.Div: "typed safe",
        exp.Like: "negate",
        exp.ILike: "negate",
        exp.In: "negate",
        exp.Is: "negate",
        exp.Between: "low high negate",
        exp.Interval: "unit",
        exp.Round: "decimals",
        exp.Trim: "position",
        exp.Substring: "start length",
        exp.Replace: "replacement",
        exp.TimestampTrunc: "unit",
        exp.DateTrunc: "unit",
        exp.Window: "partition_by order over",
        exp.DPipe: "safe",
        exp.Concat: "safe coalesce",
        exp.Count: "big_int",
        exp.Greatest: "ignore_nulls",
        exp.Least: "ignore_nulls",
        exp.Filter: "",
    }.items()
}
EXPRESSIONS = frozenset({*_PLAIN, *_LIMITED} - {exp.Window, exp.RowNumber, exp.Interval})


def unknown(tree: exp.Expr) -> str | None:
    """The first part of a relation that the engine cannot compute, in SQL; None where it can compute all."""
    for part in tree.walk():
        kind = type(part)
        if any(value for name, value in part.args.items() if name not in _OPERANDS | _SETTINGS.get(kind, frozenset())):
            return part.sql("postgres")
        if kind in _LIMITED:
            if not _LIMITED[kind](part):
                return part.sql("postgres")
        elif not isinstance(part, (*_STRUCTURE, *AGGREGATES)) and kind not in _PLAIN:
            return part.sql("postgres") or part.key
    return None


def _digits(kind: exp.DataType) -> int:
    return int(kind.expressions[0].name) if kind.expressions else 0
