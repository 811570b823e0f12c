"""What a tree is made of, in the words of the trust table: a name for each construct, and the families of its arguments' types.

A construct is something whose meaning could differ between databases: an operator, a function, a cast, a literal, a clause. What only
holds others together (parentheses, aliases, FROM) is none. Families: integer (SMALLINT and INTEGER), bigint, numeric (up to 18 digits),
wide (decimals of more), float, text, boolean, date, timestamp, timestamptz, time, interval, null, other, unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from shared.sql.row_errors import can_fail

_KINDS = exp.DataType.Type
_FAMILIES = {
    **dict.fromkeys((_KINDS.TINYINT, _KINDS.SMALLINT, _KINDS.INT), "integer"),
    _KINDS.BIGINT: "bigint",
    _KINDS.DECIMAL: "numeric",
    **dict.fromkeys((_KINDS.FLOAT, _KINDS.DOUBLE), "float"),
    **dict.fromkeys((_KINDS.TEXT, _KINDS.VARCHAR, _KINDS.CHAR, _KINDS.BPCHAR, _KINDS.NCHAR, _KINDS.NVARCHAR), "text"),
    _KINDS.BOOLEAN: "boolean",
    _KINDS.DATE: "date",
    **dict.fromkeys((_KINDS.TIMESTAMP, _KINDS.TIMESTAMPNTZ, _KINDS.DATETIME), "timestamp"),
    **dict.fromkeys((_KINDS.TIMESTAMPTZ, _KINDS.TIMESTAMPLTZ), "timestamptz"),
    _KINDS.TIME: "time",
    _KINDS.INTERVAL: "interval",
    _KINDS.NULL: "null",
    _KINDS.UNKNOWN: "unknown",
}


@dataclass(frozen=True, slots=True)
class Construct:
    """`name` as the trust table has it, `types` a family for each argument, `node` where it stands."""

    name: str
    types: tuple[str, ...]
    node: exp.Expr = field(compare=False, repr=False)

    @property
    def shown(self) -> str:
        """The piece of SQL, for a person."""
        text = self.node.sql("postgres").replace("\n", " ")
        return text if len(text) <= 60 else text[:57] + "…"


def constructs(tree: exp.Expr) -> Iterator[Construct]:
    """Every construct of a typed tree, outermost first."""
    for node in tree.walk():
        if isinstance(node, _HOLDERS) or (isinstance(node, exp.Interval | exp.DataType) and isinstance(node.parent, exp.Cast)):
            continue
        for name, arguments in _named(node):
            yield Construct(name, tuple(family(argument) for argument in arguments), node)


def family(node: exp.Expr) -> str:
    """The family of a typed node's type."""
    if isinstance(node, exp.Null):
        return "null"
    if isinstance(node, exp.Interval):
        return "interval"
    if isinstance(node, exp.DataType):
        return family_of(node)
    found = family_of(node.type)
    if found == "unknown" and isinstance(node, _TRANSPARENT):
        inside = node.this if node.this is not None else node.expressions[0] if node.expressions else None
        return family(inside) if isinstance(inside, exp.Expr) else found
    return found


# What has the type of what is in it, where sqlglot leaves that out.
_TRANSPARENT = (exp.Paren, exp.Distinct, exp.Ordered, exp.Order, exp.Collate, exp.Alias)


def family_of(data_type: exp.DataType | None) -> str:
    if data_type is None:
        return "unknown"
    # A decimal of more than 18 digits, or of any number of them.
    if data_type.this == _KINDS.DECIMAL and (not data_type.expressions or int(data_type.expressions[0].name) > 18):
        return "wide"
    return _FAMILIES.get(data_type.this, "other")


# What holds others together and means the same everywhere. A CTE and a subquery are the select in them.
_HOLDERS: tuple[type[exp.Expr], ...] = (
    exp.Paren,
    exp.Alias,
    exp.Identifier,
    exp.Table,
    exp.TableAlias,
    exp.From,
    exp.Where,
    exp.Having,
    exp.Star,
    exp.If,
    exp.Var,
    exp.DataType,
    exp.DataTypeParam,
    exp.CTE,
    exp.Subquery,
    exp.Tuple,
    exp.Ordered,
    exp.Schema,
    exp.IntervalSpan,
    exp.WindowSpec,
    exp.Qualify,
    exp.Distinct,
)

Named = list[tuple[str, list[exp.Expr]]]


def _named(node: exp.Expr) -> Named:
    special = _SPECIAL.get(type(node))
    return special(node) if special is not None else [(node.key, _arguments(node))]


def _arguments(node: exp.Expr) -> list[exp.Expr]:
    return [child for child in node.iter_expressions() if not isinstance(child, exp.Var)]


def _literal(node: exp.Expr) -> Named:
    if isinstance(node.parent, exp.Limit | exp.Offset | exp.Interval | exp.DataTypeParam | exp.Ordered):
        return []
    return [("literal of empty text" if node.args.get("is_string") and not node.name else "literal", [node])]


def _select(node: exp.Expr) -> Named:
    parts: Named = [("select", [])]
    if (distinct := node.args.get("distinct")) is not None:
        parts.append(("distinct on" if distinct.args.get("on") is not None else "select distinct", []))
        parts += [("distinct key", [found]) for found in node.args["expressions"]]
    if node.args.get("qualify"):
        parts.append(("qualify", []))
    return parts


def _set_operation(node: exp.Expr) -> Named:
    kept = "" if node.args.get("distinct") else " all"
    keys = [] if kept else [("distinct key", [found]) for found in getattr(node, "selects", ())]
    return [(f"{node.key}{kept}", []), *keys]


def _join(node: exp.Expr) -> Named:
    how = " ".join(str(node.args[part]).lower() for part in ("method", "side", "kind") if node.args.get(part))
    of = node.parent
    among = " among others" if how == "full" and of is not None and len(of.args.get("joins") or ()) > 1 else ""
    return [(f"join {how or 'inner'}{among}", [])]


def _order(node: exp.Expr) -> Named:
    return [("order key", [key.this]) for key in node.expressions]


def _group(node: exp.Expr) -> Named:
    other = [name for name in ("grouping_sets", "cube", "rollup") if node.args.get(name)]
    return [("group key", [key]) for key in node.expressions] + [(f"group by {name}", []) for name in other]


def _window_function(node: exp.Expr) -> Named:
    return [(f"{node.key}{_over(node)}", [a for a in _arguments(node) if not isinstance(a, exp.Star)])]


def _cast(node: exp.Expr) -> Named:
    if type(node) is exp.Cast and is_day(node):
        return [("literal of a day", [node.args["to"]])]
    return [("cast" if type(node) is exp.Cast else "try cast", [node.this, node.args["to"]])]


def is_day(node: exp.Cast) -> bool:
    """DATE '2024-02-29' and the like, however written."""
    return isinstance(node.this, exp.Literal) and bool(node.this.is_string) and not can_fail(node)


def _is(node: exp.Expr) -> Named:
    of = node.expression
    return [("is null" if isinstance(of, exp.Null) else f"is {of.this if isinstance(of, exp.Boolean) else of.key}".lower(), [node.this])]


def _part(node: exp.Expr) -> Named:
    return [(f"extract {node.this.name.lower()}", [node.expression])]


def _trunc(node: exp.Expr) -> Named:
    unit = node.args.get("unit")
    return [(f"date_trunc {unit.name.lower() if unit is not None else '?'}", [node.this])]


def _interval(node: exp.Expr) -> Named:
    unit = node.args.get("unit")
    return [(f"interval {unit.name.lower() if isinstance(unit, exp.Var) else '?'}", [])]


def _case(node: exp.Expr) -> Named:
    branches = [branch.args["true"] for branch in node.args["ifs"]] + ([node.args["default"]] if node.args.get("default") else [])
    subject = [("eq", [node.this, branch.this]) for branch in node.args["ifs"]] if node.this is not None else []
    return [("case", []), *[("case result", [branch]) for branch in branches], *subject]


def _each(name: str) -> Callable[[exp.Expr], Named]:
    """Functions of any number of arguments of one type: each is looked up on its own."""
    return lambda node: [(name, [child]) for child in _arguments(node)]


def _in(node: exp.Expr) -> Named:
    if node.args.get("query") is not None:
        return [("in query", [node.this])]
    return [("in", [node.this, item]) for item in node.expressions]


def _like(node: exp.Expr) -> Named:
    constant = "" if isinstance(node.expression, exp.Literal) else " computed pattern"
    return [(f"{node.key}{constant}", [node.this])]


def _escape(node: exp.Expr) -> Named:
    return [("like escape", [])]


def _pattern(node: exp.Expr) -> Named:
    constant = "" if isinstance(node.expression, exp.Literal) else " computed pattern"
    flags = " flags" if node.args.get("flag") or node.args.get("modifiers") else ""
    return [(f"{node.key}{constant}{flags}", [node.this])]


def _anonymous(node: exp.Expr) -> Named:
    return [(f"function {node.name.lower()}", _arguments(node))]


def _trim(node: exp.Expr) -> Named:
    position = str(node.args.get("position") or "both").lower()
    characters = " characters" if node.args.get("expression") is not None else ""
    return [(f"trim {position}{characters}", [node.this])]


def _pad(node: exp.Expr) -> Named:
    return [("lpad" if node.args.get("is_left") else "rpad", _arguments(node))]


def _window(node: exp.Expr) -> Named:
    frame: Named = [("window frame", [])] if node.args.get("spec") is not None else []
    return [("group key", [key]) for key in node.args.get("partition_by") or ()] + frame


def _substring(node: exp.Expr) -> Named:
    """From a written place on, which engines agree about where it is in the text."""
    start, length = node.args.get("start"), node.args.get("length")
    plain = isinstance(start, exp.Literal) and start.name != "0" and (length is None or isinstance(length, exp.Literal))
    return [("substring" if plain else "substring computed", _arguments(node))]


def _with(node: exp.Expr) -> Named:
    return [("with recursive" if node.args.get("recursive") else "with", [])]


def _exists(node: exp.Expr) -> Named:
    return [("exists", [])]


def _column(node: exp.Expr) -> Named:
    return []


def _over(node: exp.Expr) -> str:
    """Whether an aggregate is a window's function."""
    of = node.parent
    while isinstance(of, exp.Filter | exp.IgnoreNulls | exp.RespectNulls):
        of = of.parent
    return " over" if isinstance(of, exp.Window) else ""


def _count(node: exp.Expr) -> Named:
    over = _over(node)
    if isinstance(node.this, exp.Distinct):
        return [(f"count distinct{over}", list(node.this.expressions)), *[("distinct key", [key]) for key in node.this.expressions]]
    return [(f"count{over}", [])]


def _aggregate(node: exp.Expr) -> Named:
    over = _over(node)
    inner: Any = node.this
    if isinstance(inner, exp.Distinct):
        return [(f"{node.key} distinct{over}", list(inner.expressions)), *[("distinct key", [key]) for key in inner.expressions]]
    return [(f"{node.key}{over}", [inner])]


def _nothing(node: exp.Expr) -> Named:
    return [(node.key, [])]


_SPECIAL: dict[type[exp.Expr], Callable[[exp.Expr], Named]] = {
    exp.Literal: _literal,
    # -5 is a literal like 5.
    exp.Neg: lambda node: [] if isinstance(node.this, exp.Literal) else [("neg", [node.this])],
    exp.Boolean: lambda node: [("literal", [node])] if not isinstance(node.parent, exp.Is) else [],
    exp.Null: lambda node: [],
    exp.Column: _column,
    exp.Select: _select,
    exp.Union: _set_operation,
    exp.Except: _set_operation,
    exp.Intersect: _set_operation,
    exp.Join: _join,
    exp.Order: _order,
    exp.Group: _group,
    exp.Limit: _nothing,
    exp.Offset: _nothing,
    exp.With: _with,
    exp.Exists: _exists,
    exp.Window: _window,
    exp.Substring: _substring,
    exp.Filter: _nothing,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Is: _is,
    exp.Extract: _part,
    exp.TimestampTrunc: _trunc,
    exp.DateTrunc: _trunc,
    exp.Interval: _interval,
    exp.Case: _case,
    exp.Coalesce: _each("coalesce"),
    exp.Greatest: _each("greatest"),
    exp.Least: _each("least"),
    exp.Concat: _each("concat"),
    exp.In: _in,
    exp.Like: _like,
    exp.ILike: _like,
    exp.Escape: _escape,
    exp.RegexpLike: _pattern,
    exp.Trim: _trim,
    exp.Pad: _pad,
    exp.Anonymous: _anonymous,
    exp.Count: _count,
    exp.RowNumber: _window_function,
    exp.Rank: _window_function,
    exp.DenseRank: _window_function,
    exp.Lag: _window_function,
    exp.Lead: _window_function,
    **dict.fromkeys(
        (exp.Sum, exp.Avg, exp.Min, exp.Max, exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Variance, exp.VariancePop), _aggregate
    ),
    **dict.fromkeys((exp.LogicalAnd, exp.LogicalOr), _aggregate),
    exp.And: _nothing,
    exp.Or: _nothing,
    exp.Not: _nothing,
}
