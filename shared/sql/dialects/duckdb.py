"""DuckDB's way of giving PostgreSQL's answer."""

from __future__ import annotations

from sqlglot import exp

from shared.sql.typing import INTEGERS, type_of


def adapt(tree: exp.Expr) -> exp.Expr:
    """Changes and returns the tree.

    Text to integer: DuckDB would round '3.7' to 4 and take '1e3'; PostgreSQL takes neither. Whole division of NUMERICs: DuckDB would go
    over to doubles.
    """
    for division in tree.find_all(exp.IntDiv):
        for side in ("this", "expression"):
            if type_of(division.args[side]).startswith("NUMERIC"):
                division.set(side, exp.cast(division.args[side], exp.DataType.build("INT128")))
    for cast in list(tree.find_all(exp.TryCast)):
        if type_of(cast) in INTEGERS and type_of(cast.this) == "TEXT":
            whole = exp.Anonymous(this="regexp_full_match", expressions=[cast.this.copy(), exp.Literal.string(r"\s*[+-]?\d+\s*")])
            guarded = exp.Case(ifs=[exp.If(this=whole, true=cast.copy())])
            if cast is tree:
                tree = guarded
            else:
                cast.replace(guarded)
    return tree
