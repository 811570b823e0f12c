"""A tree and the columns it stands over, to SQL: by the class of each part, with Spring's rules for null written out.

The SQL never raises; the rows for which Spring would raise have an error beside it. What has no form in SQL is refused, by place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from shared.datasets import Columns
from shared.pipelines.spel import arithmetic, classes, comparison, constants, dates, lists, logic, numbers, texts, types
from shared.pipelines.spel.errors import SpelError
from shared.pipelines.spel.joining import joined
from shared.pipelines.spel.method import Invocation, Methods, find, invoke
from shared.pipelines.spel.reading import ROW, of_row, read
from shared.pipelines.spel.tree import (
    Binary,
    Call,
    Elvis,
    Index,
    InlineList,
    Literal,
    Logical,
    Node,
    Property,
    Ternary,
    TypeName,
    Unary,
    Variable,
)
from shared.pipelines.spel.types import WHOLE, Kind
from shared.pipelines.spel.values import Scope, Value, refuse, refuse_word

METHODS: Mapping[Kind, Methods] = {Kind.TEXT: texts.METHODS, Kind.LIST: lists.METHODS, **numbers.METHODS, **dates.METHODS}

# Rendering is recursive, and engines parse so too; an expression that needs more than this is better off in parts.
_MAX_SQL_DEPTH = 110
_MAX_SQL_NODES = 6_000


@dataclass(frozen=True, slots=True)
class Lowered:
    """`tree` has its type set. `error`: a text, NULL for a good row; None: no row can fail. `type`: in our spelling; UNKNOWN for null."""

    tree: exp.Expr
    error: exp.Expr | None
    type: str
    nullable: bool


def lower(written_text: str, label: str, table: str, columns: Columns, parameters: Mapping[str, Any] | None = None) -> Lowered:
    """`label` begins what is said of a bad row. Raises SpelError."""
    tree = read(written_text)
    scope = Scope(written_text, label, table, {column.name: column for column in columns}, parameters or {})
    value = _Lowering(scope).value(tree)
    if value.items is not None or value.kind in (Kind.UNIT, Kind.ROUNDING):
        raise refuse(tree, f"{scope.source(tree)} is {value.type}, which is no value of a column")
    if value.kind is Kind.DAY_OF_WEEK:
        raise refuse(tree, f"{scope.source(tree)} is a day of the week; write .value behind it for its number, or .name()")
    made = value.tree.copy()
    for one in (made, value.error):
        if one is not None and _depth(one) > _MAX_SQL_DEPTH:
            raise _too_large(tree)
    made.type = value.type.data_type if value.kind is not Kind.NULL else None
    return Lowered(made, value.error, value.type.sql, value.nullable)


class _Lowering:
    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def value(self, node: Node) -> Value:
        return self._small(node, _LOWERED[type(node)](self, node))

    def _small(self, node: Node, made: Value) -> Value:
        """Stops before an expression whose SQL grows with each level becomes something to wait for."""
        if sum(1 for tree in (made.tree, made.error) if tree is not None for _ in tree.walk()) > _MAX_SQL_NODES:
            raise _too_large(node)
        return made

    def _literal(self, node: Literal) -> Value:
        return constants.literal(node)

    def _variable(self, node: Variable) -> Value:
        if node.name in ROW:
            raise refuse(node, f"#{node.name} is the whole row; name a column of it, as in #{node.name}.amount")
        if node.name not in self._scope.parameters:
            raise refuse_word(node, f"there is no parameter {node.name}", node.name, self._scope.parameters)
        found = constants.parameter(self._scope.parameters[node.name])
        if found is None:
            raise refuse(node, f"the parameter {node.name} is of a type that SpEL has no literal for")
        return found

    def _column(self, name: str, node: Node) -> Value:
        column = self._scope.columns.get(name)
        if column is None:
            raise refuse_word(node, f"there is no column {name}", name, self._scope.columns)
        # Any column may hold NULL: what a schema says of that does not always survive what stands before (a union, another survey).
        return Value(exp.column(column.name, table=self._scope.table, quoted=True), types.of_column(column.type), nullable=True)

    def _property(self, node: Property) -> Value:
        if of_row(node.target):
            return self._column(node.name, node)
        if isinstance(node.target, TypeName):
            return classes.constant(node.target, node.name)
        assert node.target is not None
        target = self.value(node.target)
        # A property is a method without its get, or its is.
        capital = f"{node.name[:1].upper()}{node.name[1:]}"
        methods = METHODS.get(target.kind, {})
        for name in (f"get{capital}", f"is{capital}"):
            if name in methods:
                return self._invoke(methods, name, node.name, node, target, (), safe=node.safe)
        if target.kind is Kind.NULL:
            return self._of_null(node, node.safe, target)
        said = f"{self._scope.source(node.target)} is {target.type}, which has no property {node.name}"
        if node.name in methods:
            raise refuse(node, f"{said}; it is a method: write {node.name}()")
        raise refuse_word(node, said, node.name, _properties(methods))

    def _call(self, node: Call) -> Value:
        if isinstance(node.target, TypeName):
            classes.refuse_unknown(node.target)
            methods = classes.STATIC[classes.full_name(node.target.name)]
            method = find(methods, node.name, len(node.arguments), f"T({node.target.name})", node)
            arguments = tuple(self.value(argument) for argument in node.arguments)
            invocation = Invocation(self._scope, node, node.name, constants.NULL, arguments, node.arguments)
            return invoke(method, invocation, static=True)
        target = self.value(node.target)
        if target.kind is Kind.NULL:
            return self._of_null(node, node.safe, target)
        return self._invoke(METHODS.get(target.kind, {}), node.name, node.name, node, target, node.arguments, safe=node.safe)

    def _invoke(
        self, methods: Methods, name: str, said: str, node: Node, target: Value, arguments: tuple[Node, ...], *, safe: bool
    ) -> Value:
        method = find(methods, name, len(arguments), f"{target.type} ({target.kind.value})", node)
        values = tuple(self.value(argument) for argument in arguments)
        return invoke(method, Invocation(self._scope, node, said, target, values, arguments), safe=safe)

    def _of_null(self, node: Node, safe: bool, target: Value) -> Value:
        if safe:
            return Value(target.tree, types.NULL, True, target.error)
        raise refuse(node, f"{self._scope.source(node)} asks null for something; write ?. to have null again")

    def _index(self, node: Index) -> Value:
        if of_row(node.target):
            if not isinstance(node.key, Literal) or not isinstance(node.key.value, str):
                raise refuse(node, "a column is named by a text, as in ['unit price']")
            return self._column(node.key.value, node)
        assert node.target is not None
        target, key = self.value(node.target), self.value(node.key)
        if target.kind is Kind.LIST:
            return lists.item(self._scope, node, target, key, safe=node.safe)
        if target.kind is not Kind.TEXT:
            raise refuse(node, f"{self._scope.source(node.target)} is {target.type}, which cannot be indexed")
        following = arithmetic.compute(self._scope, Binary(node.start, node.end, "+", node.key, node.key), key, constants.whole(1))
        method = find(texts.METHODS, "substring", 2, "a text", node)
        # One character, named as an index where it is not there.
        bare = Value(following.tree, following.type, constant=key.constant + 1 if isinstance(key.constant, int) else None)
        return invoke(method, Invocation(self._scope, node, "an index", target, (key, bare), (node.key, node.key)), safe=node.safe)

    def _list(self, node: InlineList) -> Value:
        items = tuple(self.value(item) for item in node.items)
        if any(item.items is not None for item in items):
            raise refuse(node, "a list in a list has no form in SQL")
        return constants.written_list(items)

    def _type_name(self, node: TypeName) -> Value:
        raise refuse(node, f"T({node.name}) alone is no value; call a method of it, or write it behind instanceof")

    def _unary(self, node: Unary) -> Value:
        operand = self.value(node.operand)
        return logic.negation(self._scope, node, operand) if node.operator == "!" else arithmetic.sign(self._scope, node, operand)

    def _binary(self, node: Binary) -> Value:
        # A long row of operators is a deep tree to the left: gone down in a loop.
        spine = [node]
        while isinstance(spine[-1].left, Binary):
            spine.append(spine[-1].left)
        left = self.value(spine[-1].left)
        first: Node = spine[-1].left
        while spine:
            step = spine.pop()
            right = self._right(step)
            if step.operator == "+" and Kind.TEXT in (left.kind, right.kind):
                operands = [(first, left), (step.right, right)]
                # All that is added to a text is added to that text.
                while spine and spine[-1].operator == "+":
                    step = spine.pop()
                    operands.append((step.right, self.value(step.right)))
                left = joined(self._scope, operands)
            else:
                left = self._two(step, left, right)
            left, first = self._small(step, left), step
        return left

    def _right(self, node: Binary) -> Value:
        """A class has no value."""
        return constants.NULL if node.operator == "instanceof" else self.value(node.right)

    def _two(self, node: Binary, left: Value, right: Value) -> Value:
        if node.operator == "instanceof":
            return self._instance(node, left)
        if node.operator == "between":
            return comparison.between(self._scope, node, left, right)
        if node.operator == "matches":
            return self._matches(node, left, right)
        if node.operator in ("==", "!=", "<", "<=", ">", ">="):
            return comparison.compare(self._scope, node, left, right)
        if node.operator == "*" and left.kind is Kind.TEXT and right.kind in WHOLE:
            method = find(texts.METHODS, "repeat", 1, "a text", node)
            return invoke(method, Invocation(self._scope, node, "*", left, (right,), (node.right,)))
        return arithmetic.compute(self._scope, node, left, right)

    def _instance(self, node: Binary, left: Value) -> Value:
        assert isinstance(node.right, TypeName)
        kinds = classes.INSTANCES[classes.full_name(node.right.name)]
        if left.kind not in kinds:
            return Value(exp.false(), types.BOOLEAN, error=left.error)
        present = exp.Not(this=exp.Paren(this=exp.Is(this=left.sql, expression=exp.null()))) if left.nullable else exp.true()
        return Value(present, types.BOOLEAN, error=left.error)

    def _matches(self, node: Binary, left: Value, right: Value) -> Value:
        method = find(texts.METHODS, "matches", 1, "a text", node)
        if left.kind is not Kind.TEXT:
            raise refuse(node.left, f"matches needs a text, and {self._scope.source(node.left)} is {left.type}")
        return invoke(method, Invocation(self._scope, node, "matches", left, (right,), (node.right,)))

    def _logical(self, node: Logical) -> Value:
        return logic.logical(self._scope, node, [self.value(operand) for operand in node.operands])

    def _ternary(self, node: Ternary) -> Value:
        return logic.ternary(self._scope, node, self.value(node.condition), self.value(node.true), self.value(node.false))

    def _elvis(self, node: Elvis) -> Value:
        return logic.elvis(self._scope, node, self.value(node.value), self.value(node.otherwise))


_LOWERED: dict[type[Node], Callable[[_Lowering, Any], Value]] = {
    Literal: _Lowering._literal,
    Variable: _Lowering._variable,
    Property: _Lowering._property,
    Call: _Lowering._call,
    Index: _Lowering._index,
    InlineList: _Lowering._list,
    TypeName: _Lowering._type_name,
    Unary: _Lowering._unary,
    Binary: _Lowering._binary,
    Logical: _Lowering._logical,
    Ternary: _Lowering._ternary,
    Elvis: _Lowering._elvis,
}


def _properties(methods: Methods) -> set[str]:
    found = {name.removeprefix("get").removeprefix("is") for name in methods if name.startswith(("get", "is"))}
    return {name[:1].lower() + name[1:] for name in found}


def _depth(tree: exp.Expr) -> int:
    """Of nested nodes; without recursion."""
    deepest, level = 0, [tree]
    while level:
        deepest += 1
        level = [child for node in level for child in node.iter_expressions()]
    return deepest


def _too_large(node: Node) -> SpelError:
    return refuse(node, "the expression is too large as SQL; compute parts of it in an expression node before")
