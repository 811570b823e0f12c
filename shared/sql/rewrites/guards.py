"""A cast that gives NULL instead of failing, by PostgreSQL's own look at the text (`pg_input_is_valid`, from 16 on).

The shape is checked beside it: PostgreSQL reads more as numbers (0x1F, 1_000, NaN) than other engines do, and than is meant here.
"""

from __future__ import annotations

from sqlglot import exp

from shared.sql.decimals import is_decimal
from shared.sql.dialects.dialect import Dialect, Pass
from shared.sql.rewrites.tree import case, grouped, swap
from shared.sql.typing import INTEGERS, type_of

_TIME = r"[0-9]{1,2}:[0-9]{1,2}(:[0-5]?[0-9]([.][0-9]{1,6})?)?"
_DAY = r"[0-9]{4,6}(-[0-9]{1,2}-|/[0-9]{1,2}/)[0-9]{1,2}"
_ZONE = r"(Z|[+-][0-9]{2}(:?[0-9]{2})?)?"
_BLANK = r"[ \t\n\r\f]*"

WHOLE = r"^[ \t\n\r\f]*[+-]?[0-9]+[ \t\n\r\f]*$"
NUMBER = r"^[ \t\n\r\f]*[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?[ \t\n\r\f]*$"

FLOAT = (
    r"^[ \t\n\r\f]*[+-]?([0-9]+[.]?[0-9]*([eE][+-]?[0-9]+)?|[.][0-9]+([eE][+-]?[0-9]+)?|[nN][aA][nN]|[iI][nN][fF]([iI][nN][iI][tT][yY])?)"
    r"[ \t\n\r\f]*$"
)
# What DuckDB's cast takes as well, and means the same by: years of four digits and more, seconds of six places at most, no "today".
SHAPES = {
    **dict.fromkeys(INTEGERS, WHOLE),
    "NUMERIC": NUMBER,
    "REAL": FLOAT,
    "DOUBLE PRECISION": FLOAT,
    "DATE": f"^{_BLANK}{_DAY}([ T]{_TIME}{_ZONE})?{_BLANK}$",
    "TIMESTAMP": f"^{_DAY}([ T]{_TIME}{_ZONE})?$",
    "TIMESTAMPTZ": f"^{_DAY}([ T]{_TIME}{_ZONE})?$",
    "TIME": f"^{_TIME}$",
    "BOOLEAN": "^([tT]([rR][uU][eE])?|[yY]([eE][sS])?|1|[fF]([aA][lL][sS][eE])?|[nN][oO]?|0)$",
}
_FLOATS = frozenset({"REAL", "DOUBLE PRECISION"})
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
        if type_of(value) == "TEXT":
            if (shape := SHAPES.get(target.partition("(")[0])) is not None:
                matches = exp.RegexpLike(this=grouped(value.copy()), expression=exp.Literal.string(shape))
                valid = exp.And(this=matches, expression=valid)
        elif type_of(value) in _FLOATS and target in _RANGES:
            # As text a double may be 1e+15, which is no integer's text; the cast itself rounds, and fails beyond the range only.
            low, high = (exp.Literal.number(bound) for bound in _RANGES[target])
            valid = exp.Between(this=grouped(value.copy()), low=low, high=high)
        elif type_of(value) in _FLOATS and target.startswith("NUMERIC"):
            # A decimal has no NaN and no infinity here, though PostgreSQL's own may.
            finite = exp.RegexpLike(this=grouped(text.copy()), expression=exp.Literal.string(NUMBER))
            valid = exp.And(this=finite, expression=valid)
        # Inside out, since PostgreSQL computes a cast of a constant before it looks at the CASE around it.
        tree = swap(tree, node, exp.Cast(this=case((valid, value.copy())), to=node.args["to"].copy()))
    return tree


GUARDS = Pass("guards", (exp.TryCast,), _apply)
