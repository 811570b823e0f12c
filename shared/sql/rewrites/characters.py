"""Text functions that count characters, in a database (ClickHouse) whose plain ones count bytes and know the letters of ASCII only."""

from __future__ import annotations

from sqlglot import exp

from shared.sql.dialects.dialect import Dialect, Pass
from shared.sql.rewrites.tree import swap

_NAMES: dict[type[exp.Expr], str] = {
    exp.Length: "lengthUTF8",
    exp.Lower: "lowerUTF8",
    exp.Upper: "upperUTF8",
    exp.Substring: "substringUTF8",
}


def _apply(tree: exp.Expr, to: Dialect) -> exp.Expr:
    for node in reversed(list(tree.find_all(*_NAMES))):
        arguments = [node.args[name] for name in ("this", "start", "length") if isinstance(node.args.get(name), exp.Expr)]
        tree = swap(tree, node, exp.Anonymous(this=_NAMES[type(node)], expressions=arguments))
    return tree


CHARACTERS = Pass("characters", tuple(_NAMES), _apply)
