"""NUMERIC without digits, which few databases have: elsewhere DECIMAL alone means 18 digits, 3 behind the point (DuckDB), or none."""

from __future__ import annotations

from sqlglot import exp

from shared.sql.decimals import is_decimal, size_of
from shared.sql.dialects.dialect import Dialect, Pass
from shared.sql.rewrites.tree import swap

# As `shared.formats.types` carries it: a product of two of them still has 18 digits before the point.
CARRIED_SIZE = (38, 10)
CARRIED = "DECIMAL({}, {})".format(*CARRIED_SIZE)


def _sized(tree: exp.Expr, to: Dialect) -> exp.Expr:
    for cast in list(tree.find_all(exp.Cast)):
        if not is_decimal(cast) or size_of(cast) is not None:
            continue
        if is_decimal(cast.this) and size_of(cast.this) is None:
            # It has the digits that its values have; others would take some from it.
            tree = swap(tree, cast, cast.this)
        else:
            kept = cast.type
            cast.set("to", exp.DataType.build(CARRIED))
            cast.type = kept
    return tree


UNSIZED = Pass("unsized_decimals", (exp.Cast, exp.TryCast), _sized)
