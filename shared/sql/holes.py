"""SQL text with holes in it, which templates leave, to be filled with values that are never pasted as text.

sqlglot's tokenizer says what each hole stands in, and its parser whether a name or a value belongs there. A hole that stands alone becomes
a literal of its value's type; one in a string literal joins that literal's value; one in a name becomes part of a quoted identifier. All
three are rendered from sqlglot nodes; all other text stays as it was written, character by character. In a comment nothing is filled in.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlglot import Token, TokenType, exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError

from shared.sql.errors import SqlProblem
from shared.sql.literals import Value, items, literal

Span = tuple[int, int]
_QUOTED = {TokenType.STRING: "'", TokenType.IDENTIFIER: '"'}


@dataclass(frozen=True, slots=True)
class Hole:
    """`text[start:end]` is replaced by `value`, which as a part of text reads `shown`. `secret`: it may not become part of a name."""

    start: int
    end: int
    value: Value = None
    shown: str = ""
    secret: bool = False


def covered(text: str, spans: Sequence[Span]) -> str:
    """The text with a name of the same length in place of each hole: it parses, and every position in it is the same.

    Raises SqlProblem for a text in which no such names can be had.
    """
    return _covered(text, spans)[0]


def check(text: str, holes: Sequence[Hole], dialect: str) -> None:
    """Raises what `filled` would raise with values of these types."""
    _filled(text, holes, dialect, None, trial=True)


def filled(text: str, holes: Sequence[Hole], dialect: str, longest_name: int | None = None) -> str:
    """`holes` in order. Raises SqlProblem, with the position, for one where no value can stand.

    `longest_name`, in bytes: for SQL that a database reads which cuts longer names off, and so would mean another thing by them.
    """
    return _filled(text, holes, dialect, longest_name, trial=False)


def _filled(text: str, holes: Sequence[Hole], dialect: str, longest_name: int | None, *, trial: bool) -> str:
    cover, names = _covered(text, [(hole.start, hole.end) for hole in holes])
    try:
        tokens = Dialect.get_or_raise(dialect).tokenize(cover)
    except SqlglotError as error:
        raise SqlProblem(f"cannot read {text!r} as SQL", holes[0].start) from error
    alone = {(token.start, token.end + 1) for token in tokens if token.token_type is TokenType.VAR}
    # Parsing is what costs: only where a hole stands alone is there a question.
    bare = any((hole.start, hole.end) in alone and (hole.secret or not trial) for hole in holes)
    naming = _naming(cover, tuple(names), dialect) if bare else frozenset()
    parts: list[str] = []
    done = first = 0
    for at, token in enumerate(tokens):
        # Both are in the order of the text, and either may be many.
        while first < len(holes) and holes[first].start < token.start:
            first += 1
        last = first
        while last < len(holes) and holes[last].end <= token.end + 1:
            last += 1
        inside = holes[first:last]
        if not inside:
            continue
        parts += [text[done : token.start], _token(text, tokens, at, inside, naming, dialect)]
        if longest_name is not None and token.token_type is not TokenType.STRING and len(_unquoted(parts[-1])) > longest_name:
            raise SqlProblem(f"the name {parts[-1][:40]}… would have more than {longest_name} bytes, and be cut off", inside[0].start)
        done = token.end + 1
    return "".join([*parts, text[done:]])


def with_texts(text: str, values: Mapping[str, str], dialect: str) -> str:
    """The SQL with values in place of what stands for them (the keys) inside its string literals, and nowhere else."""
    if not any(key in text for key in values):
        return text
    parts: list[str] = []
    done = 0
    for token in Dialect.get_or_raise(dialect).tokenize(text):
        if token.token_type is TokenType.STRING and any(key in token.text for key in values):
            value = token.text
            for key, put in values.items():
                value = value.replace(key, put)
            parts += [text[done : token.start], exp.Literal.string(value).sql(dialect=dialect)]
            done = token.end + 1
    return "".join([*parts, text[done:]])


def _covered(text: str, spans: Sequence[Span]) -> tuple[str, list[str]]:
    rest = _put_in(text, spans, [" " * (end - start) for start, end in spans])
    letter = next((one for one in string.ascii_lowercase if not re.search(rf"{one}[0-9]", rest, re.IGNORECASE)), None)
    names = [f"{letter}{number}" for number in range(len(spans))]
    if letter is None or any(len(name) > end - start for name, (start, end) in zip(names, spans, strict=True)):
        raise SqlProblem("there are too many templates and numbered names in one piece of SQL; compute parts of it in nodes before", 0)
    names = [name.ljust(end - start, "_") for name, (start, end) in zip(names, spans, strict=True)]
    return _put_in(text, spans, names), names


def _put_in(text: str, spans: Sequence[Span], pieces: Sequence[str]) -> str:
    """The text with a piece in place of each span."""
    parts: list[str] = []
    done = 0
    for (start, end), piece in zip(spans, pieces, strict=True):
        parts += [text[done:start], piece]
        done = end
    return "".join([*parts, text[done:]])


@lru_cache(maxsize=1024)
def _naming(cover: str, names: tuple[str, ...], dialect: str) -> frozenset[str]:
    """Those of the names that stand where SQL has a name: of a table, an alias, a column of a table."""
    found: set[str] = set()
    trees: Sequence[Any] = ()
    reading = Dialect.get_or_raise(dialect)
    tokens = reading.tokenize(cover)
    with suppress(SqlglotError, RecursionError):
        trees = reading.parser().parse(tokens, cover)
    wanted = set(names)
    for tree in trees:
        for identifier in tree.find_all(exp.Identifier) if tree is not None else ():
            of = identifier.parent
            if identifier.name in wanted and not (isinstance(of, exp.Column) and not of.args.get("table") and of.this is identifier):
                found.add(identifier.name)
    # Also where the parser gives up: what stands at a dot is a name.
    for before, token, after in zip([None, *tokens], tokens, [*tokens[1:], None], strict=False):
        beside = [one.token_type for one in (before, after) if one is not None]
        if token.text in wanted and TokenType.DOT in beside:
            found.add(token.text)
    return frozenset(found)


def _token(text: str, tokens: Sequence[Token], at: int, inside: Sequence[Hole], naming: frozenset[str], dialect: str) -> str:
    token = tokens[at]
    quote = _QUOTED.get(token.token_type)
    whole = len(inside) == 1 and (inside[0].start, inside[0].end) == (token.start, token.end + 1)
    if quote is not None and text[token.start] == quote and text[token.end] == quote:
        if "\\" in text[token.start : token.end] and "\\" in Dialect.get_or_raise(dialect).tokenizer_class.STRING_ESCAPES:
            raise SqlProblem("a template cannot stand in a text with backslashes here; divide the text with concat", inside[0].start)
        value = _joined(text, token.start + 1, token.end, inside, quote)
        node = exp.Literal.string(value) if quote == "'" else _name(value, inside)
        return node.sql(dialect=dialect)
    if token.token_type is not TokenType.VAR:
        raise SqlProblem(f"a template cannot stand in {text[token.start : token.end + 1][:40]!r}; use a plain '…' text", inside[0].start)
    if whole and token.text not in naming:
        return _alone(text, tokens, at, inside[0], dialect)
    return _name(_joined(text, token.start, token.end + 1, inside, ""), inside).sql(dialect=dialect)


def _unquoted(rendered: str) -> bytes:
    """The name that a quoted identifier is; empty for a literal."""
    return rendered[1:-1].replace('""', '"').encode() if rendered.startswith('"') else b""


def _joined(text: str, start: int, end: int, inside: Sequence[Hole], quote: str) -> str:
    """What the token between start and end means once its holes have their values; a doubled quote in it means one."""
    parts: list[str] = []
    for hole in inside:
        parts += [_meant(text[start : hole.start], quote), hole.shown]
        start = hole.end
    return "".join([*parts, _meant(text[start:end], quote)])


def _meant(raw: str, quote: str) -> str:
    return raw.replace(quote * 2, quote) if quote else raw


def _name(value: str, inside: Sequence[Hole]) -> exp.Expr:
    if any(hole.secret for hole in inside):
        raise SqlProblem("a secret cannot be part of a name; names are shown and kept", inside[0].start)
    if not value:
        raise SqlProblem("the name is empty; give the template a value", inside[0].start)
    return exp.to_identifier(value, quoted=True)


def _alone(text: str, tokens: Sequence[Token], at: int, hole: Hole, dialect: str) -> str:
    before = tokens[at - 1] if at else None
    if isinstance(hole.value, Sequence) and not isinstance(hole.value, str):
        rendered = _list(tokens, at, hole, dialect)
    else:
        rendered = literal(hole.value).sql(dialect=dialect)
    # Two literals side by side without a blank would be one.
    left = " " if before is not None and before.end + 1 == hole.start and before.token_type is not TokenType.L_PAREN else ""
    right = " " if text[hole.end : hole.end + 1].strip() not in ("", ")", ",") else ""
    return f"{left}{rendered}{right}"


def _list(tokens: Sequence[Token], at: int, hole: Hole, dialect: str) -> str:
    """`IN {{x}}` and `IN ({{x}})` alike are the items in one pair of parentheses; elsewhere it is an array."""
    before = [token.token_type for token in tokens[max(0, at - 2) : at]]
    assert isinstance(hole.value, Sequence) and not isinstance(hole.value, str)
    try:
        listed = ", ".join(item.sql(dialect=dialect) for item in items(hole.value))
        if before[-1:] == [TokenType.IN]:
            return f"({listed})"
        if before == [TokenType.IN, TokenType.L_PAREN]:
            return listed
        return literal(hole.value).sql(dialect=dialect)
    except SqlProblem as problem:
        raise SqlProblem(problem.message, hole.start) from problem
