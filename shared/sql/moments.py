"""PostgreSQL's types of what is computed with dates and times, as rules for `shared.sql.decimals.METADATA`.

https://www.postgresql.org/docs/current/functions-datetime.html, tables 9.32 and 9.33. A date cut to its month is a TIMESTAMP here, where
PostgreSQL makes a TIMESTAMPTZ of it, which depends on the session's zone.
"""

from __future__ import annotations

from sqlglot import exp

_KINDS = exp.DType
_PLAIN = {_KINDS.TIMESTAMP, _KINDS.TIMESTAMPNTZ, _KINDS.DATETIME}


def _kind(node: exp.Expr | None) -> exp.DType | None:
    if isinstance(node, exp.Interval):
        return _KINDS.INTERVAL
    if isinstance(node, exp.Paren | exp.Mul) and any(_kind(part) == _KINDS.INTERVAL for part in (node.this, node.args.get("expression"))):
        return _KINDS.INTERVAL
    return node.type.this if node is not None and node.type is not None else None


def added(node: exp.Expr) -> exp.DataType | None:
    kinds = {_kind(node.this), _kind(node.args["expression"])}
    if kinds == {_KINDS.DATE, _KINDS.INTERVAL}:
        return exp.DataType(this=_KINDS.TIMESTAMP)
    return None


def subtracted(node: exp.Expr) -> exp.DataType | None:
    left, right = _kind(node.this), _kind(node.args["expression"])
    if left == right == _KINDS.DATE:
        return exp.DataType(this=_KINDS.INT)
    if left is not None and left == right and left in {*_PLAIN, _KINDS.TIMESTAMPTZ}:
        return exp.DataType(this=_KINDS.INTERVAL)
    return added(node)


def zoned(node: exp.Expr) -> exp.DataType | None:
    """AT TIME ZONE: a moment is what clocks there show, and what they show is a moment. A day is taken for its midnight in UTC."""
    kind = _kind(node.this)
    if kind == _KINDS.TIMESTAMPTZ or kind == _KINDS.DATE:
        return exp.DataType(this=_KINDS.TIMESTAMP)
    return exp.DataType(this=_KINDS.TIMESTAMPTZ) if kind in _PLAIN else None


def truncated(node: exp.Expr) -> exp.DataType | None:
    kind = _kind(node.this)
    if kind == _KINDS.TIMESTAMPTZ:
        return exp.DataType(this=kind)
    return exp.DataType(this=_KINDS.TIMESTAMP) if kind == _KINDS.DATE or kind in _PLAIN else None
