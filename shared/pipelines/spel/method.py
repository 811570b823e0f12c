"""What a method is, and how any of them is called: errors of its operands first, then null where it needs a value, then its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shared.pipelines.spel.tree import Binary, Call, Index, Node, Property
from shared.pipelines.spel.types import NUMBERS, WHOLE, Kind
from shared.pipelines.spel.values import Scope, Value, choose, errors, not_null, only_when, refuse, refuse_word

TEXTS = (frozenset({Kind.TEXT}), "a text")
WHOLES = (WHOLE, "a whole number")
REALS = (NUMBERS - {Kind.DECIMAL}, "a number that is no NUMERIC (write .doubleValue() behind one)")
DATES = (frozenset({Kind.DATE}), "a date")
MOMENTS = (frozenset({Kind.TIMESTAMP}), "a timestamp")
INSTANTS = (frozenset({Kind.INSTANT}), "a timestamp with a time zone")
ROUNDINGS = (frozenset({Kind.ROUNDING}), "T(java.math.RoundingMode).HALF_UP")
ANYTHING = (frozenset(Kind), "anything")


@dataclass(frozen=True, slots=True)
class Invocation:
    """`target`: what the method is called on; for a static one, nothing (`NULL`). `places`: the nodes of the arguments."""

    scope: Scope
    node: Node
    name: str
    target: Value
    arguments: tuple[Value, ...]
    places: tuple[Node, ...]

    @property
    def user(self) -> str:
        """What needs a value, as a sentence names it."""
        return f"{self.name}()" if isinstance(self.node, Call) else self.name

    @property
    def target_place(self) -> Node:
        if isinstance(self.node, Binary):
            return self.node.left
        inside = self.node.target if isinstance(self.node, Call | Property | Index) else None
        return inside or self.node


@dataclass(frozen=True, slots=True)
class Method:
    """`build` gives the SQL for a target and arguments that are there; its `error` is the method's own only.

    `takes`: for each argument what it may be. `null_arguments`: `build` answers for NULL ones itself. `strict`: NULL for a NULL target.
    """

    build: Callable[[Invocation], Value]
    takes: tuple[tuple[frozenset[Kind], str], ...] = ()
    null_arguments: bool = False
    strict: bool = True


Methods = Mapping[str, tuple[Method, ...]]


def find(methods: Methods, name: str, count: int, owner: str, node: Node) -> Method:
    """By name and number of arguments. Raises SpelError with the nearest name."""
    if name not in methods:
        raise refuse_word(node, f"{owner} has no method {name} with a form in SQL", name, methods)
    for method in methods[name]:
        if len(method.takes) == count:
            return method
    wanted = " or ".join(str(len(method.takes)) for method in methods[name])
    raise refuse(node, f"{name} takes {wanted} argument{'' if wanted == '1' else 's'}, not {count}")


def invoke(method: Method, call: Invocation, *, static: bool = False, safe: bool = False) -> Value:
    target, scope, user = call.target, call.scope, call.user
    for (kinds, wanted), value, place in zip(method.takes, call.arguments, call.places, strict=True):
        if value.kind is Kind.NULL and not method.null_arguments:
            raise refuse(place, f"{call.name} needs {wanted}, and this is null in every row")
        if value.kind not in kinds and value.kind is not Kind.NULL:
            raise refuse(place, f"{call.name} takes {wanted}, and {scope.source(place)} is {value.type}")
    operands = errors(target.error, *(value.error for value in call.arguments))
    nulls = [] if method.null_arguments else [scope.when_null(v, at, user) for v, at in zip(call.arguments, call.places, strict=True)]
    made = method.build(call)
    own = errors(*nulls, made.error)
    if static or not target.nullable:
        return Value(made.tree, made.type, made.nullable, errors(operands, own), made.constant, made.items)
    if not safe:
        return Value(made.tree, made.type, made.nullable, errors(operands, scope.when_null(target, call.target_place, user), own))
    present = not_null(target.tree)
    tree = made.tree if method.strict else choose((present, made.tree))
    return Value(tree, made.type, True, errors(operands, only_when(present, own)))
