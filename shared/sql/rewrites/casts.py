"""The types that a database has for ours, in casts; and days and moments written out, where a cast of a text would depend on settings."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from shared.sql.dialects.dialect import Dialect, Pass
from shared.sql.rewrites.tree import swap
from shared.sql.typing import spelled


def types(spellings: Mapping[str, str]) -> Pass:
    """`spellings`: our type, without its digits -> the database's. What is not there is left to sqlglot."""

    def apply(tree: exp.Expr, to: Dialect) -> exp.Expr:
        for node in tree.find_all(exp.Cast):
            of = node.args["to"]
            if not isinstance(of, exp.DataType) or of.this == exp.DType.USERDEFINED:
                continue
            base, bracket, rest = spelled(of).partition("(")
            if (said := spellings.get(base)) is not None:
                made = exp.DataType(this=exp.DType.USERDEFINED, kind=f"{said}{bracket}{rest}" if base == "NUMERIC" else said)
                # What it is stays known to the passes after this one.
                kept = node.type
                node.set("to", made)
                node.type = kept
        return tree

    return Pass("types", (), apply)


def _days(tree: exp.Expr, to: Dialect) -> exp.Expr:
    for node in list(tree.find_all(exp.Cast)):
        if type(node) is not exp.Cast or not isinstance(node.this, exp.Literal) or not node.this.is_string:
            continue
        kind = spelled(node.args["to"])
        text = node.this.name
        if kind == "DATE":
            made = exp.Anonymous(this="TO_DATE", expressions=[exp.Literal.string(text), exp.Literal.string("YYYY-MM-DD")])
        elif kind == "TIMESTAMP":
            shape = "YYYY-MM-DD HH24:MI:SS" + (".FF6" if "." in text else "")
            whole = text.replace("T", " ")
            whole += "" if len(whole) > 16 else ":00" if len(whole) > 10 else " 00:00:00"
            made = exp.Anonymous(this="TO_TIMESTAMP", expressions=[exp.Literal.string(whole), exp.Literal.string(shape)])
        else:
            continue
        tree = swap(tree, node, made)
    return tree


DAYS = Pass("days", (exp.Cast,), _days)
