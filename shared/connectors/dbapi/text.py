"""Trees as the text a DB-API driver is given, with its own sign for a parameter."""

from __future__ import annotations

from sqlglot import exp

# PEP 249's words; `format` and `pyformat` are read by Python's own `%`, so a per cent sign of the text is doubled.
SIGNS = {"qmark": "?", "format": "%s", "pyformat": "%s"}


def statement(tree: exp.Expr, dialect: str, paramstyle: str) -> str:
    """To be executed with one value for each placeholder; `numeric` and `named` count them :1, :2, …"""
    tree = tree.copy()
    if paramstyle in {"format", "pyformat"}:
        for named in tree.find_all(exp.Identifier, exp.Literal):
            named.set("this", str(named.this).replace("%", "%%"))
    for number, place in enumerate(list(tree.find_all(exp.Placeholder, bfs=False)), start=1):
        place.replace(exp.Var(this=SIGNS.get(paramstyle, f":{number}")))
    return tree.sql(dialect=dialect)
