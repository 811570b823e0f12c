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


def _apply(tree: exp.Expr, to: Dialect) -> exp.Expr:
    if not to.features.guard:
        return tree
    for node in reversed(list(tree.find_all(exp.TryCast))):
        value, target = node.this, type_of(node)
        fraction = is_decimal(value) or type_of(value) in _FLOATS
        looked_at = exp.Round(this=value.copy()) if fraction and target in INTEGERS else value.copy()
        text = exp.cast(grouped(looked_at), "TEXT") if type_of(value) != "TEXT" else looked_at
        named = exp.Literal.string(node.args["to"].sql("postgres").lower())
        valid: exp.Expr = exp.Anonymous(this="pg_input_is_valid", expressions=[text, named])
        if type_of(value) == "TEXT":
            if (shape := SHAPES.get(target.partition("(")[0])) is not None:
                matches = exp.RegexpLike(this=grouped(value.copy()), expression=exp.Literal.string(shape))
                valid = exp.And(this=matches, expression=valid)
        elif type_of(value) in _FLOATS and target.startswith("NUMERIC"):
            # A decimal has no NaN here, though PostgreSQL's own may.
            finite = exp.NEQ(this=text.copy(), expression=exp.Literal.string("NaN"))
            valid = exp.And(this=finite, expression=valid)
        # Inside out, since PostgreSQL computes a cast of a constant before it looks at the CASE around it.
        tree = swap(tree, node, exp.Cast(this=case((valid, value.copy())), to=node.args["to"].copy()))
    return tree


GUARDS = Pass("guards", (exp.TryCast,), _apply)
