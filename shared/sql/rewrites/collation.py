"""Texts compare by their code points, and trailing spaces count: by a collation of that kind, where the database may have another."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from shared.sql.dialects.dialect import Dialect, Pass
from shared.sql.rewrites.order import order_around, ordered_by, selects_only
from shared.sql.rewrites.tree import grouped, swap
from shared.sql.typing import type_of

_COMPARED = (exp.LT, exp.LTE, exp.GT, exp.GTE)


def _is_text(node: exp.Expr | None) -> bool:
    return node is not None and type_of(node) == "TEXT"


def _c(node: exp.Expr) -> exp.Expr:
    collated = exp.Collate(this=grouped(node.copy()), expression=exp.to_identifier("C", quoted=True))
    collated.type = node.type
    return collated


def _order(tree: exp.Expr, to: Dialect) -> exp.Expr:
    """Equality is by code points in PostgreSQL whatever the collation; order is not."""
    for compared in list(tree.find_all(*_COMPARED)):
        if _is_text(compared.this) and _is_text(compared.expression) and not isinstance(compared.this, exp.Collate):
            compared.set("this", _c(compared.this))
    for node in list(tree.find_all(exp.Between, exp.Min, exp.Max, exp.Greatest, exp.Least)):
        if _is_text(node.this):
            node.set("this", _c(node.this))
    for order in list(tree.find_all(exp.Order)):
        of = order.parent
        keys = [key for key in order.expressions if not isinstance(key.this, exp.Collate) and _is_text(ordered_by(key.this, of))]
        if keys and selects_only(of):
            tree = order_around(tree, of)
        for key in keys:
            key.set("this", _c(ordered_by(key.this, key.parent_select)))
    return tree


def _columns(collation: str) -> Callable[[exp.Expr, Dialect], exp.Expr]:
    """Every column of texts, so that all that is made of it compares so: =, GROUP BY, DISTINCT, ORDER BY, MIN."""

    def apply(tree: exp.Expr, to: Dialect) -> exp.Expr:
        for node in list(tree.find_all(exp.Column)):
            if not _is_text(node) or isinstance(node.parent, exp.Collate):
                continue
            bare = isinstance(node.parent, exp.Select) and node.arg_key == "expressions"
            if bare and not _matters(node.parent):
                continue
            unicode = exp.Anonymous(this="CONVERT", expressions=[exp.Var(this=f"{node.sql(to.writes)} USING utf8mb4")])
            collated: exp.Expr = exp.Collate(this=unicode, expression=exp.Var(this=collation))
            collated.type = node.type
            tree = swap(tree, node, exp.alias_(collated, node.name, quoted=True) if bare else collated)
        return tree

    return apply


def _matters(select: exp.Expr | None) -> bool:
    """Whether a column that is only selected is compared all the same: by GROUP BY, DISTINCT, a UNION, or by whoever reads the select."""
    assert select is not None
    return any(select.args.get(part) for part in ("group", "distinct")) or select.parent is not None


TEXT_ORDER = Pass("collation", (*_COMPARED, exp.Between, exp.Min, exp.Max, exp.Greatest, exp.Least, exp.Order), _order)


def text_columns(collation: str) -> Pass:
    """Columns of texts by a collation of MySQL's or MariaDB's."""
    return Pass("collation", (exp.Column,), _columns(collation))
