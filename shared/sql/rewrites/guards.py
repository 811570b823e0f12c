"""A cast that gives NULL instead of failing, by PostgreSQL's own look at the text (`pg_input_is_valid`, from 16 on).

The shape is checked beside it: PostgreSQL reads more as numbers (0x1F, 1_000, NaN) than other engines do, and than is meant here.
"""

from __future__ import annotations

from sqlglot import exp

from shared.sql.decimals import is_decimal
from shared.sql.dialects.dialect import Dialect, Pass
from shared.sql.rewrites.tree import case, grouped, swap
from shared.sql.typing import INTEGERS, type_of

WHOLE = r"^[ \t\n\r\f]*[+-]?[0-9]+[ \t\n\r\f]*$"
NUMBER = r"^[ \t\n\r\f]*[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?[ \t\n\r\f]*$"
FLOATS = frozenset({"REAL", "DOUBLE PRECISION"})
# What a double may be for its cast to succeed; the ends are the doubles next to them that still round into the range.
_RANGES = {
    "SMALLINT": ("-32768.5", "32767.49999999999"),
    "INTEGER": ("-2147483648.5", "2147483647.4999995"),
    "BIGINT": ("-9223372036854775808", "9223372036854774784"),
}


def _apply(tree: exp.Expr, to: Dialect) -> exp.Expr:
    if not to.features.guard:
        return tree
    for node in reversed(list(tree.find_all(exp.TryCast))):
        value, target = node.this, type_of(node)
        looked_at = exp.Round(this=value.copy()) if is_decimal(value) and target in INTEGERS else value.copy()
        text = exp.cast(grouped(looked_at), "TEXT") if type_of(value) != "TEXT" else looked_at
        named = exp.Literal.string(node.args["to"].sql("postgres").lower())
        valid: exp.Expr = exp.Anonymous(this="pg_input_is_valid", expressions=[text, named])
        if type_of(value) in FLOATS and target in _RANGES:
            # As text a double may be 1e+15, which is no integer's text; the cast itself rounds, and fails beyond the range only.
            low, high = (exp.Literal.number(bound) for bound in _RANGES[target])
            valid = exp.Between(this=grouped(value.copy()), low=low, high=high)
        if type_of(value) == "TEXT" and (target in INTEGERS | FLOATS or is_decimal(node)):
            shape = exp.Literal.string(WHOLE if target in INTEGERS else NUMBER)
            valid = exp.And(this=exp.RegexpLike(this=grouped(value.copy()), expression=shape), expression=valid)
        # Inside out, since PostgreSQL computes a cast of a constant before it looks at the CASE around it.
        tree = swap(tree, node, exp.Cast(this=case((valid, value.copy())), to=node.args["to"].copy()))
    return tree


GUARDS = Pass("guards", (exp.TryCast,), _apply)
