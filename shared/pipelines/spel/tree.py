"""The syntax tree of a SpEL expression. `start` and `end` are offsets into its text; every node knows its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Literal as Word

LiteralKind = Word["null", "boolean", "int", "long", "float", "double", "string"]


@dataclass(frozen=True, slots=True)
class Node:
    start: int
    end: int

    def children(self) -> Iterator[Node]:
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, Node):
                yield value
            elif isinstance(value, tuple):
                yield from value

    def walk(self) -> Iterator[Node]:
        """Itself and all below it, without recursion."""
        waiting: list[Node] = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(node.children())


@dataclass(frozen=True, slots=True)
class Literal(Node):
    kind: LiteralKind
    value: bool | int | float | str | None


@dataclass(frozen=True, slots=True)
class Property(Node):
    """`target` None: of the row. `safe`: written `?.`. `at`: where the name begins."""

    target: Node | None
    name: str
    at: int
    safe: bool = False


@dataclass(frozen=True, slots=True)
class Index(Node):
    """`target` None: `['a column']`."""

    target: Node | None
    key: Node
    safe: bool = False


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`at`: where the name begins."""

    target: Node
    name: str
    at: int
    arguments: tuple[Node, ...]
    safe: bool = False


@dataclass(frozen=True, slots=True)
class Variable(Node):
    """`#name`: a parameter, or `#root` and `#this`, the row."""

    name: str


@dataclass(frozen=True, slots=True)
class TypeName(Node):
    """`T(name)`."""

    name: str


@dataclass(frozen=True, slots=True)
class InlineList(Node):
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """`operator`: + - !"""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """`operator`: + - * / % ^ == != < <= > >= instanceof matches between"""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Logical(Node):
    """`operator`: and, or; between two operands or more."""

    operator: str
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Ternary(Node):
    condition: Node
    true: Node
    false: Node


@dataclass(frozen=True, slots=True)
class Elvis(Node):
    value: Node
    otherwise: Node
