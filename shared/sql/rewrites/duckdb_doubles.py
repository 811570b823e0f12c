"""Doubles as texts, as PostgreSQL writes them: 1 and not 1.0, 1e+15 from 16 digits on (a REAL from 7), NaN and Infinity."""

from __future__ import annotations

from functools import cache

from sqlglot import exp, parse_one

from shared.sql.dialects.dialect import Dialect, Pass
from shared.sql.rewrites.tree import swap
from shared.sql.typing import type_of

# The power of ten from which on there is an exponent, in float8out and float4out; DuckDB has one from 1e16 on.
_EXPONENT_FROM = {"DOUBLE PRECISION": "1e15", "REAL": "1e6"}
# `x` stands for the number, `t` for what DuckDB writes, without the point and zero at its end, `d` for its digits alone.
_DIGITS = "rtrim(replace(ltrim(t, '-'), '.', ''), '0')"
_MANTISSA = f"substr({_DIGITS}, 1, 1) || CASE WHEN length({_DIGITS}) > 1 THEN '.' || substr({_DIGITS}, 2) ELSE '' END"
_WITH_EXPONENT = (
    f"CASE WHEN x < 0 THEN '-' ELSE '' END || {_MANTISSA} || 'e+' || lpad(CAST(strpos(ltrim(t, '-') || '.', '.') - 2 AS TEXT), 2, '0')"
)
_WRITTEN = f"""CASE WHEN isnan(x) THEN 'NaN' WHEN x = 'Infinity' THEN 'Infinity' WHEN x = '-Infinity' THEN '-Infinity'
WHEN abs(x) >= edge AND strpos(t, 'e') = 0 THEN {_WITH_EXPONENT} ELSE t END"""


def _apply(tree: exp.Expr, to: Dialect) -> exp.Expr:
    for node in reversed(list(tree.find_all(exp.Cast))):
        edge = _EXPONENT_FROM.get(type_of(node.this))
        if edge is None or type_of(node) != "TEXT" or isinstance(node.this, exp.Literal):
            continue
        plain = exp.cast(node.this.copy(), "TEXT")
        short = exp.Anonymous(this="regexp_replace", expressions=[plain, exp.Literal.string(r"\.0$"), exp.Literal.string("")])
        tree = swap(tree, node, _filled({"x": node.this, "t": short, "edge": exp.Literal.number(edge)}))
    return tree


@cache
def _written() -> exp.Expr:
    return parse_one(_WRITTEN, read="duckdb")


def _filled(values: dict[str, exp.Expr]) -> exp.Expr:
    made = _written().copy()
    for column in list(made.find_all(exp.Column)):
        column.replace(values[column.name].copy())
    return exp.Paren(this=made)


DOUBLES_AS_TEXT = Pass("doubles_as_text", (exp.Cast,), _apply)
