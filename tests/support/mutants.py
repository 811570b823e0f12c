"""Faults made of a module's own code: one change at a time in one of its functions, as a slip of the hand would make it.

A change is one of a closed list (`_CHANGES`): a call such as `.where(…)` that is left out, a keyword, an element of a list, an alternative,
a key of several that is forgotten, a condition turned round. It is put into the running function by its code object, so that whoever has
imported it meets it, and is taken out again.
"""

from __future__ import annotations

import ast
import copy
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType, FunctionType, ModuleType
from typing import Any

from tests.support.uncounted import uncounted

# Nothing of these changes what is said: how it is laid out, whether a tree is copied first.
_NO_MATTER = {"copy", "pretty", "strict", "quoted"}
_CLAUSES = {"where", "order_by", "from_", "select", "append"}
_OTHER = {"LT": "GT", "GT": "LT", "EQ": "NEQ", "and_": "or_", "or_": "and_"}
_COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_SQL = re.compile(r"\b[A-Z]{2,}\b")

# A node, and what takes its place.
Change = tuple[str, Callable[[Any], ast.AST]]


@dataclass(frozen=True)
class Mutant:
    """`function` by its qualified name within the module."""

    function: str
    line: int
    what: str
    code: CodeType

    def __str__(self) -> str:
        return f"{self.function}, line {self.line}: {self.what}"


def mutants(module: ModuleType) -> Iterator[Mutant]:
    """Every change there is, in the order of the module's lines."""
    for owner, function in _functions(ast.parse(inspect.getsource(module))):
        name = f"{owner}.{function.name}" if owner else function.name
        for at, (node, (what, _)) in enumerate(_sites(function)):
            changed = copy.deepcopy(function)
            original, (_, change) = list(_sites(changed))[at]
            _put(changed, original, change(original))
            code = _compiled(owner, changed, str(module.__file__))
            yield Mutant(name, node.lineno, f"{what} in {ast.unparse(node)[:100]!r}", code)


def unseen(module: ModuleType, said: Mapping[str, Callable[[], object]]) -> list[str]:
    """The faults of a module with which everything is said as it was. `said`: what it is asked for, by name."""
    sound = {name: say() for name, say in said.items()}
    order = list(said)
    found = []
    for mutant in mutants(module):
        with living(module, mutant), uncounted():
            seen_by = next((name for name in order if _differs(said[name], sound[name])), None)
        if seen_by is None:
            found.append(str(mutant))
        else:
            # The next fault is likely to be in the same function, which not everything comes by.
            order.remove(seen_by)
            order.insert(0, seen_by)
    return found


@contextmanager
def living(module: ModuleType, mutant: Mutant) -> Iterator[None]:
    """The module with the fault in it."""
    function = _function(module, mutant.function)
    sound = function.__code__
    function.__code__ = mutant.code
    try:
        yield
    finally:
        function.__code__ = sound


def _differs(said: Callable[[], object], sound: object) -> bool:
    """Whether a faulty module says something else, or breaks."""
    try:
        return said() != sound
    except Exception:  # noqa: BLE001 (whatever a fault leads to, it was noticed)
        return True


def _function(module: ModuleType, name: str) -> FunctionType:
    found: Any = module
    for part in name.split("."):
        found = inspect.getattr_static(found, part)
    function = found.fget if isinstance(found, property) else found
    assert isinstance(function, FunctionType), name
    return function


def _compiled(owner: str, function: ast.FunctionDef, file: str) -> CodeType:
    function.decorator_list = []
    body: list[ast.stmt] = [function]
    if owner:
        body = [ast.ClassDef(name=owner, bases=[], keywords=[], body=body, decorator_list=[])]
    code = compile(ast.fix_missing_locations(ast.Module(body=body, type_ignores=[])), file, "exec", dont_inherit=True)
    for name in filter(None, (owner, function.name)):
        code = next(one for one in code.co_consts if isinstance(one, CodeType) and one.co_name == name)
    return code


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Functions and methods, with the class they are of."""
    for part in tree.body:
        if isinstance(part, ast.FunctionDef) and not part.decorator_list:
            yield "", part
        elif isinstance(part, ast.ClassDef):
            yield from ((part.name, one) for one in part.body if isinstance(one, ast.FunctionDef) and not _is_made_elsewhere(one))


def _is_made_elsewhere(method: ast.FunctionDef) -> bool:
    """Its function is wrapped by a decorator that hides it."""
    return any(not (isinstance(one, ast.Name) and one.id == "property") for one in method.decorator_list)


def _sites(function: ast.FunctionDef) -> Iterator[tuple[Any, Change]]:
    documented = ast.get_docstring(function) is not None
    for statement in function.body[1 if documented else 0 :]:
        for node in _nodes(statement):
            for change in _changes(node):
                yield node, change


def _nodes(node: ast.AST) -> Iterator[ast.AST]:
    """All below a node, but what is said of a mistake, and types."""
    if isinstance(node, ast.Raise | ast.Assert) or (isinstance(node, ast.keyword) and node.arg in _NO_MATTER):
        return
    yield node
    for field, value in ast.iter_fields(node):
        if field in {"annotation", "returns", "type_comment"}:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _nodes(child)


def _changes(node: ast.AST) -> Iterator[Change]:
    for kind, changes in _CHANGES.items():
        if isinstance(node, kind):
            yield from changes(node)


def _of_call(call: ast.Call) -> Iterator[Change]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if name in _CLAUSES:
        yield f".{name}() left out", lambda node: node.func.value
    for at, keyword in enumerate(call.keywords):
        if keyword.arg is not None and keyword.arg not in _NO_MATTER:
            yield f"{keyword.arg}= left out", lambda node, at=at: _without(node, "keywords", at)
    if name in {"and_", "or_"} and len(call.args) > 1:
        for at in range(len(call.args)):
            yield f"argument {at} left out", lambda node, at=at: _without(node, "args", at)


def _of_statement(statement: ast.Expr) -> Iterator[Change]:
    if isinstance(statement.value, ast.Call):
        yield "left out", lambda node: ast.Pass()


def _of_list(listed: ast.List | ast.Tuple) -> Iterator[Change]:
    if isinstance(listed.ctx, ast.Load) and (len(listed.elts) > 1 or any(isinstance(one, ast.Starred) for one in listed.elts)):
        for at in range(len(listed.elts)):
            yield f"element {at} left out", lambda node, at=at: _without(node, "elts", at)


def _of_comprehension(one: ast.ListComp | ast.GeneratorExp | ast.SetComp) -> Iterator[Change]:
    yield "the last is forgotten", _last_forgotten
    if one.generators[0].ifs:
        yield "its condition left out", _unconditional


def _last_forgotten(node: Any) -> ast.AST:
    first = node.generators[0]
    every = ast.Call(func=ast.Name("list", ast.Load()), args=[first.iter], keywords=[])
    first.iter = ast.Subscript(value=every, slice=ast.Slice(upper=ast.Constant(-1)), ctx=ast.Load())
    return node  # type: ignore[no-any-return]


def _unconditional(node: Any) -> ast.AST:
    node.generators[0].ifs = []
    return node  # type: ignore[no-any-return]


def _of_condition(one: ast.If | ast.IfExp) -> Iterator[Change]:
    def turned(node: Any) -> ast.AST:
        node.test = ast.UnaryOp(op=ast.Not(), operand=node.test)
        return node  # type: ignore[no-any-return]

    yield "turned round", turned


def _of_alternatives(one: ast.BoolOp) -> Iterator[Change]:
    for at in range(len(one.values)):
        rest = len(one.values) - 1
        if rest == 1:
            yield f"part {at} left out", lambda node, at=at: node.values[1 - at]
        else:
            yield f"part {at} left out", lambda node, at=at: _without(node, "values", at)


def _of_comparison(one: ast.Compare) -> Iterator[Change]:
    if type(one.ops[0]) in _COMPARED:

        def turned(node: Any) -> ast.AST:
            node.ops[0] = _COMPARED[type(node.ops[0])]()
            return node  # type: ignore[no-any-return]

        yield "turned round", turned


def _of_not(one: ast.UnaryOp) -> Iterator[Change]:
    if isinstance(one.op, ast.Not):
        yield "NOT left out", lambda node: node.operand


def _of_name(one: ast.Attribute) -> Iterator[Change]:
    if one.attr in _OTHER:
        yield f"{_OTHER[one.attr]} in its place", lambda node: ast.Attribute(node.value, _OTHER[node.attr], node.ctx)


def _of_constant(one: ast.Constant) -> Iterator[Change]:
    if isinstance(one.value, bool):
        yield "turned round", lambda node: ast.Constant(not node.value)
    elif isinstance(one.value, str) and _SQL.search(one.value):
        yield "its first word lost", lambda node: ast.Constant(_SQL.sub("", node.value, count=1))


_CHANGES: dict[Any, Callable[[Any], Iterator[Change]]] = {
    ast.Call: _of_call,
    ast.Expr: _of_statement,
    (ast.List, ast.Tuple): _of_list,
    (ast.ListComp, ast.GeneratorExp, ast.SetComp): _of_comprehension,
    (ast.If, ast.IfExp): _of_condition,
    ast.BoolOp: _of_alternatives,
    ast.Compare: _of_comparison,
    ast.UnaryOp: _of_not,
    ast.Attribute: _of_name,
    ast.Constant: _of_constant,
}


def _without(node: Any, field: str, at: int) -> ast.AST:
    del getattr(node, field)[at]
    return node  # type: ignore[no-any-return]


def _put(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, field, new)
                return
            if isinstance(value, list) and any(one is old for one in value):
                value[next(at for at, one in enumerate(value) if one is old)] = new
                return
