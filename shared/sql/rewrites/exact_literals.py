"""A literal with a point is a decimal; in a database (ClickHouse) that would read it as a double, it is cast from its text, but not beside
a double. What CASE, COALESCE, GREATEST and LEAST choose from is cast to one type, since decimals of two scales have none in common there.
"""

from __future__ import annotations

from sqlglot import exp

from shared.sql.decimals import is_decimal
from shared.sql.dialects.dialect import Dialect, Pass
from shared.sql.rewrites.tree import grouped, swap
from shared.sql.typing import UNKNOWN, type_of

_CHOOSING = (exp.Case, exp.Coalesce, exp.Greatest, exp.Least)
_FLOATS = frozenset({"REAL", "DOUBLE PRECISION"})


def _apply(tree: exp.Expr, to: Dialect) -> exp.Expr:
    for node in reversed(list(tree.find_all(*_CHOOSING))):
        wanted = node.type
        if wanted is None or not (is_decimal(node) or type_of(node) in _FLOATS):
            continue
        for branch in _branches(node):
            if branch.type is not None and type_of(branch) not in {type_of(node), UNKNOWN}:
                written = isinstance(branch, exp.Literal) and is_decimal(node)
                value = exp.Literal.string(branch.name) if written else grouped(branch.copy())
                made = exp.Cast(this=value, to=wanted.copy())
                made.type = wanted
                tree = swap(tree, branch, made)
    for literal in list(tree.find_all(exp.Literal)):
        if not literal.is_string and "." in literal.name and is_decimal(literal) and not _beside_a_double(literal):
            exact = exp.Cast(this=exp.Literal.string(literal.name), to=literal.type)
            tree = swap(tree, literal, exact)
    return tree


def _branches(node: exp.Expr) -> list[exp.Expr]:
    found: list[exp.Expr | None] = [branch.args["true"] for branch in node.args.get("ifs") or ()]
    found += [node.args.get("default")] if isinstance(node, exp.Case) else [node.this, *node.expressions]
    return [each for each in found if each is not None]


def _beside_a_double(literal: exp.Expr) -> bool:
    of = literal.parent
    while isinstance(of, exp.Paren | exp.Neg):
        of = of.parent
    if isinstance(of, exp.If) and isinstance(of.parent, exp.Case):
        compared = of.parent.this is not None and literal.find_ancestor(exp.If) is of and _is_within(of.this, literal)
        return type_of(of.parent.this if compared else of.parent) in _FLOATS
    return of is not None and (type_of(of) in _FLOATS or any(type_of(each) in _FLOATS for each in of.iter_expressions()))


def _is_within(tree: exp.Expr, node: exp.Expr) -> bool:
    return any(each is node for each in tree.walk())


EXACT_LITERALS = Pass("exact_literals", (exp.Literal, *_CHOOSING), _apply)
