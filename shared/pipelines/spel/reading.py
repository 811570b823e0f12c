"""Text to a tree in which all that can be checked without knowing the columns is right: names of methods and classes, and their places."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from shared.pipelines.spel import classes, dates, lists, numbers, texts
from shared.pipelines.spel.errors import SpelError
from shared.pipelines.spel.method import find
from shared.pipelines.spel.parser import parse
from shared.pipelines.spel.tree import Binary, Call, Index, InlineList, Literal, Node, Property, TypeName, Variable
from shared.pipelines.spel.values import refuse, refuse_word
from shared.sql import regex

_WITH_PATTERN = ("matches", "replaceAll", "replaceFirst")
# What stands for the row itself.
ROW = ("root", "this")
# Of any class: whose they must be is known only with the columns.
_KNOWN = {name for methods in (texts.METHODS, lists.METHODS, *numbers.METHODS.values(), *dates.METHODS.values()) for name in methods}


@lru_cache(maxsize=2048)
def read(text: str) -> Node:
    """Raises SpelError."""
    tree = parse(text)
    # What ends first is told first: the class before the method that is called on what its method gives.
    for node in sorted(tree.walk(), key=lambda node: node.end):
        if isinstance(node, Call):
            _check_call(node, text)
        elif isinstance(node, Binary):
            _check_binary(node, text)
        elif isinstance(node, Property) and isinstance(node.target, TypeName):
            classes.constant(node.target, node.name)
    return tree


def parameters(text: str) -> dict[str, int]:
    """The parameters that an expression names, with the place of the first mention. Raises SpelError."""
    return _first((node.start, node.name) for node in read(text).walk() if isinstance(node, Variable) and node.name not in ROW)


def columns(text: str) -> dict[str, int]:
    """The columns that an expression names, with the place of the first mention. Raises SpelError."""
    return _first(named for node in read(text).walk() if (named := _column(node)) is not None)


def of_row(target: Node | None) -> bool:
    """Whether a property or an index of it is a column."""
    return target is None or (isinstance(target, Variable) and target.name in ROW)


def _column(node: Node) -> tuple[int, str] | None:
    if isinstance(node, Property) and of_row(node.target):
        return node.at, node.name
    if isinstance(node, Index) and of_row(node.target) and isinstance(node.key, Literal) and isinstance(node.key.value, str):
        return node.key.start, node.key.value
    return None


def _first(named: Iterable[tuple[int, str]]) -> dict[str, int]:
    return {name: place for place, name in sorted(named, reverse=True)}


def _check_call(node: Call, text: str) -> None:
    if isinstance(node.target, TypeName):
        classes.refuse_unknown(node.target)
        find(classes.STATIC[classes.full_name(node.target.name)], node.name, len(node.arguments), f"T({node.target.name})", node)
    elif node.name not in _KNOWN:
        raise refuse_word(node, f"the method {node.name} has no form in SQL", node.name, _KNOWN)
    elif node.name in _WITH_PATTERN and node.arguments and isinstance(node.arguments[0], Literal):
        _check_pattern(node.arguments[0], text)


def _check_binary(node: Binary, text: str) -> None:
    if node.operator == "instanceof":
        if not isinstance(node.right, TypeName):
            raise refuse(node.right, "instanceof needs a class, such as T(String)")
        if classes.full_name(node.right.name) not in classes.INSTANCES:
            raise classes.unknown(node.right, f"no column is a {node.right.name}", classes.INSTANCES)
    if node.operator == "between" and not (isinstance(node.right, InlineList) and len(node.right.items) == 2):
        raise refuse(node.right, "between needs a list of two written out, such as {1, 10}")
    if node.operator == "matches":
        if not isinstance(node.right, Literal) or not isinstance(node.right.value, str):
            raise refuse(node.right, "a regular expression must be written out as a text, to be the same on every engine")
        _check_pattern(node.right, text)


def _check_pattern(node: Literal, text: str) -> None:
    if not isinstance(node.value, str):
        return
    try:
        regex.translate(node.value, 0, problem=SpelError)
    except SpelError as wrong:
        before = node.value[: wrong.position]
        # A quote inside the text is written twice.
        raise SpelError(wrong.message, node.start + 1 + len(before) + before.count(text[node.start])) from wrong
