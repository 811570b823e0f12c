"""What a person puts in quotes does not get out of them: a tree is refused whose text would hold such a piece as SQL of its own.

sqlglot is a translator and trusts what it is given. Some names and texts it writes down bare (the unit of EXTRACT, a collation, an
argument's name), so that `EXTRACT("year FROM x) + (SELECT …" FROM y)` would run whatever stands in there: past the list of functions, on
files of the worker. Asked of every text as it is read (`shared.sql.parse`, `query`, `typing`), values of a run in place.
"""

from __future__ import annotations

import re

from sqlglot import TokenType, exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ErrorLevel

from shared.sql.errors import SqlProblem

# Bare, it is a name or a keyword, and can end nothing.
_WORDS = re.compile(r"[A-Za-z0-9_ ]*")
# Nodes whose own text is written in quotes, if they are written as they are.
_QUOTED = (
    exp.Literal,
    exp.Identifier,
    exp.RawString,
    exp.National,
    exp.UnicodeString,
    exp.ByteString,
    exp.HexString,
    exp.BitString,
    exp.JSONPathKey,
)
# Functions that are called what their argument says.
_NAMED_INSIDE = (exp.AnonymousAggFunc, exp.ParameterizedAgg)
# What runs all that no database is trusted with.
_ENGINE = "duckdb"
_MARK = "penstock_quoted_"
_IN_QUOTES = (TokenType.STRING, TokenType.IDENTIFIER, TokenType.RAW_STRING, TokenType.BYTE_STRING)


def check(tree: exp.Expr) -> None:
    """Raises SqlProblem, without a position, for a tree out of which quoted text would get."""
    odd = False
    for node in tree.walk():
        if isinstance(node, _NAMED_INSIDE):
            raise SqlProblem(f"{node.name} is not a function Penstock knows")
        if isinstance(node, _QUOTED):
            odd = odd or _is_odd(node)
            continue
        for said in node.args.values():
            if isinstance(said, str) and not _WORDS.fullmatch(said):
                raise SqlProblem(f"{said[:60]!r} cannot stand where it does; only a plain word can")
    if odd:
        _check_written(tree)


def _is_odd(node: exp.Expr) -> bool:
    """Whether its text would mean something if it stood bare. A name without quotes is bare, and was read as a name."""
    in_quotes = bool(node.args.get("quoted") if isinstance(node, exp.Identifier) else node.args.get("is_string", True))
    return in_quotes and not _WORDS.fullmatch(str(node.this))


def _check_written(tree: exp.Expr) -> None:
    """Each such text is exchanged for a mark, and looked for in what would be run: it must be in quotes wherever it is."""
    marked = tree.copy()
    texts: list[str] = []
    for node in list(marked.walk()):
        if isinstance(node, _QUOTED) and _is_odd(node):
            texts.append(str(node.this))
            node.set("this", f"{_MARK}{len(texts)}")
    try:
        written = marked.sql(_ENGINE, copy=False, unsupported_level=ErrorLevel.IGNORE)
        tokens = Dialect.get_or_raise(_ENGINE).tokenize(written)
    except Exception as error:
        # What sqlglot cannot write, with whatever it then raises, cannot be run either.
        raise SqlProblem(f"{tree.sql_name() if isinstance(tree, exp.Func) else 'this'} cannot be written for {_ENGINE}") from error
    for token in tokens:
        if token.token_type not in _IN_QUOTES and (found := re.search(rf"{_MARK}(\d+)", token.text, re.IGNORECASE)):
            raise SqlProblem(f"{texts[int(found[1]) - 1][:60]!r} cannot stand where it does; only a plain word can")
