"""PostgreSQL's division, written out: between integers it truncates toward zero, whatever the target database thinks of `/`."""

from __future__ import annotations

from sqlglot import exp

from shared.sql.typing import INTEGERS, type_of


def written_out(tree: exp.Expr) -> exp.Expr:
    """Replaces `/` between integers by integer division; `tree` is typed, and changed."""
    for division in list(tree.find_all(exp.Div)):
        if type_of(division.this) in INTEGERS and type_of(division.expression) in INTEGERS:
            whole = exp.IntDiv(this=division.this, expression=division.expression)
            whole.type = division.type
            if division is tree:
                tree = whole
            else:
                division.replace(whole)
        else:
            division.set("typed", False)
            division.set("safe", False)
    return tree
