"""SpEL text to tokens, by the rules of Spring's own tokenizer.

Refused: text longer than MAX_LENGTH, characters that begin no token, strings without an end, and whole numbers beyond 64 bits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from shared.pipelines.spel.errors import SpelError

MAX_LENGTH = 10_000

TokenKind = Literal["int", "long", "float", "double", "string", "name", "symbol", "end"]

# Longest first, so that `?.` is not read as `?` and `.`.
_SYMBOLS = (
    *("![", "?[", "^[", "$[", "?.", "?:", "==", "!=", "<=", ">=", "&&", "||", "++", "--"),
    *("+", "-", "*", "/", "%", "^", "(", ")", "[", "]", "{", "}", ",", ".", "?", ":", "=", "!", "<", ">", "#", "@", "&"),
)
# Words that are operators wherever they stand, in any case. `and`, `or`, `matches`, `between`, `instanceof` are names elsewhere.
_WORD_OPERATORS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "div": "/", "mod": "%", "not": "!"}
_SPACE = re.compile(r"[ \t\r\n]+")
_HEX = re.compile(r"0[xX]([0-9a-fA-F]+)([lL]?)")
# A point belongs to a number only with a digit after it: `1.toString()` is a call.
_NUMBER = re.compile(r"([0-9]+)(\.[0-9]+)?([eE][+-]?[0-9]+)?([lLfFdD]?)")
_NAME = re.compile(r"[^\W\d][\w$]*|\$(?!\[)[\w$]*")
_STRING = {"'": re.compile(r"'((?:[^']|'')*)'"), '"': re.compile(r'"((?:[^"]|"")*)"')}
# NUL, and halves of characters.
_UNWRITABLE = re.compile("[\0\ud800-\udfff]")
_LONG = 2**63


@dataclass(frozen=True, slots=True)
class Token:
    """`text[start:end]` of the source. `value`: the number or string meant; for a symbol or a name its text."""

    kind: TokenKind
    value: Any
    start: int
    end: int

    def is_symbol(self, *symbols: str) -> bool:
        return self.kind == "symbol" and self.value in symbols

    def is_word(self, *words: str) -> bool:
        return self.kind == "name" and str(self.value).lower() in words


def tokens(text: str) -> list[Token]:
    """All tokens, the last of kind `end`. Raises SpelError."""
    if len(text) > MAX_LENGTH:
        raise SpelError(f"the expression has {len(text)} characters, more than {MAX_LENGTH}; divide it over several columns", 0)
    found: list[Token] = []
    at = 0
    while at < len(text):
        if space := _SPACE.match(text, at):
            at = space.end()
            continue
        token = _token(text, at)
        found.append(token)
        at = token.end
    return [*found, Token("end", "", len(text), len(text))]


def _token(text: str, at: int) -> Token:
    sign = text[at]
    if sign in _STRING:
        return _string(text, at)
    if "0" <= sign <= "9":
        return _number(text, at)
    if name := _NAME.match(text, at):
        operator = _WORD_OPERATORS.get(name[0].lower())
        return Token("symbol", operator, at, name.end()) if operator else Token("name", name[0], at, name.end())
    for symbol in _SYMBOLS:
        if text.startswith(symbol, at):
            return Token("symbol", symbol, at, at + len(symbol))
    raise SpelError(f"{sign!r} cannot stand in a SpEL expression", at)


def _string(text: str, at: int) -> Token:
    quote = text[at]
    found = _STRING[quote].match(text, at)
    if found is None:
        raise SpelError(f"the text that begins with {quote} has no end; close it, and double a {quote} inside it", at)
    if wrong := _UNWRITABLE.search(found[1]):
        raise SpelError(f"the text holds {wrong[0]!r}, which no database can keep", at + 1 + wrong.start())
    return Token("string", found[1].replace(quote * 2, quote), at, found.end())


def _number(text: str, at: int) -> Token:
    if found := _HEX.match(text, at):
        return Token("long" if found[2] else "int", _whole(int(found[1], 16), found[0], at), at, found.end())
    found = _NUMBER.match(text, at)
    assert found is not None
    digits, fraction, exponent, suffix = found.groups()
    if fraction is None and exponent is None and suffix.lower() not in {"f", "d"}:
        # Python reads no number of more than 4300 digits.
        value = _whole(int(digits) if len(digits) < 30 else _LONG, found[0], at)
        # Spring refuses a number beyond 32 bits that has no L; whole numbers have 64 bits here.
        return Token("long" if suffix or value >= 2**31 else "int", value, at, found.end())
    real = float(f"{digits}{fraction or ''}{exponent or ''}")
    if real == float("inf"):
        raise SpelError(f"{found[0]} is beyond the largest number", at)
    return Token("float" if suffix.lower() == "f" else "double", real, at, found.end())


def _whole(value: int, written: str, at: int) -> int:
    if value >= _LONG:
        raise SpelError(f"{written[:40]} is beyond 64 bits, the largest whole number is {_LONG - 1}", at)
    return value
