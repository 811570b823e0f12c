"""One template's text to a tree: `name`, `"text"`, `12.5`, `true`, `function(argument, …)`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shared.pipelines.language.templates.problems import TemplateProblem

NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_TOKEN = re.compile(rf"\s*(?:(?P<name>{NAME})|(?P<number>[-+]?[0-9]+(?:\.[0-9]+)?)|(?P<text>\"[^\"]*\"|'[^']*')|(?P<sign>[(),]))", re.ASCII)
_WORDS = {"true": True, "false": False}
_DEEPEST = 20
_LONGEST_NUMBER = 18


@dataclass(frozen=True, slots=True)
class Name:
    word: str
    at: int


@dataclass(frozen=True, slots=True)
class Literal:
    value: str | int | float | bool
    at: int


@dataclass(frozen=True, slots=True)
class Call:
    function: str
    arguments: tuple[Name | Literal | Call, ...]
    at: int


Tree = Name | Literal | Call


def parse(body: str) -> Tree:
    """Raises TemplateProblem, with the offset into `body`."""
    reading = _Reading(body)
    tree = reading.tree(1)
    reading.end()
    return tree


class _Reading:
    def __init__(self, body: str) -> None:
        self._body, self._at = body, 0

    def _next(self) -> re.Match[str] | None:
        return _TOKEN.match(self._body, self._at)

    def _wrong(self, message: str) -> TemplateProblem:
        rest = self._body[self._at :]
        return TemplateProblem(f"{message} in {{{{{_shown(self._body)}}}}}", self._at + len(rest) - len(rest.lstrip()))

    def tree(self, depth: int) -> Tree:
        token = self._next()
        if token is None or token["sign"]:
            found = f"'{self._body[self._at :].lstrip()[:1]}'" if self._body[self._at :].strip() else "nothing"
            raise self._wrong(f"a name, a text, a number or a function is expected, not {found}")
        if depth > _DEEPEST:
            raise self._wrong(f"functions stand more than {_DEEPEST} deep in one another")
        self._at = token.end()
        if token["text"]:
            return Literal(token["text"][1:-1], token.start("text"))
        if token["number"]:
            if len(token["number"]) > _LONGEST_NUMBER:
                raise TemplateProblem(f"the number {token['number'][:20]}… is too long", token.start("number"))
            number = token["number"]
            return Literal(float(number) if "." in number else int(number), token.start("number"))
        word, at = token["name"], token.start("name")
        if self._take("("):
            return Call(word, self._arguments(depth), at)
        return Literal(_WORDS[word], at) if word in _WORDS else Name(word, at)

    def _arguments(self, depth: int) -> tuple[Tree, ...]:
        if self._take(")"):
            return ()
        arguments = [self.tree(depth + 1)]
        while self._take(","):
            arguments.append(self.tree(depth + 1))
        if not self._take(")"):
            raise self._wrong("',' or ')' is expected")
        return tuple(arguments)

    def _take(self, sign: str) -> bool:
        token = self._next()
        if token is None or token["sign"] != sign:
            return False
        self._at = token.end()
        return True

    def end(self) -> None:
        rest = self._body[self._at :].strip()
        if rest:
            remedy = "; to count with days write date_add(today, -7)" if rest[0] in "+-0123456789" else ""
            raise self._wrong(f"'{_shown(rest)}' is left over{remedy}")


def _shown(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
