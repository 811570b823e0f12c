"""Row errors: an expression that can fail for one row is split into a safe one and one that says what was wrong.

The closed list (docs/semantics.md): a cast that cannot be done, division by zero. The guard stands inside the expression,
everywhere it occurs; an upstream WHERE would be no guard, since optimisers move it. The error expression follows CASE and
COALESCE, so that a branch that is not taken raises nothing; AND and OR have no order in SQL, so either side may raise.
"""

from __future__ import annotations

import re
from datetime import datetime

from sqlglot import exp

from shared.sql.stand_ins import holds_secret
from shared.sql.typing import type_of

# Casts that succeed for every value of the type on the left.
_WIDER = {
    "SMALLINT": {"SMALLINT", "INTEGER", "BIGINT", "NUMERIC", "REAL", "DOUBLE PRECISION"},
    "INTEGER": {"INTEGER", "BIGINT", "NUMERIC", "DOUBLE PRECISION"},
    "BIGINT": {"BIGINT", "NUMERIC", "DOUBLE PRECISION"},
    "REAL": {"REAL", "DOUBLE PRECISION"},
    "DATE": {"DATE", "TIMESTAMP", "TIMESTAMPTZ"},
    "TIMESTAMP": {"TIMESTAMP", "TIMESTAMPTZ", "DATE"},
    "TIMESTAMPTZ": {"TIMESTAMP", "TIMESTAMPTZ", "DATE"},
    "BOOLEAN": {"BOOLEAN", "INTEGER"},
}

# Before the point, of the longest value.
_DIGITS = {"SMALLINT": 5, "INTEGER": 10, "BIGINT": 19}

_ISO = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?([+-]\d\d(:\d\d)?)?)?")


def guard(tree: exp.Expr, name: str) -> tuple[exp.Expr, exp.Expr | None]:
    """(safe, error) of a typed expression. `safe` never raises; `error` is a text that is NULL where nothing was wrong, or None:
    it cannot fail.

    `name` is what the message says went wrong (the column, or the condition).
    """
    error = _error(tree, name)
    return (tree if error is None else _safe(tree)), error


def can_fail(node: exp.Expr) -> bool:
    if isinstance(node, exp.Div | exp.IntDiv | exp.Mod):
        return not (isinstance(node.expression, exp.Literal) and node.expression.name.strip("0.") != "")
    if isinstance(node, exp.Cast) and not isinstance(node, exp.TryCast):
        source, target = type_of(node.this), type_of(node).partition("(")[0]
        if isinstance(node.this, exp.Literal) and node.this.is_string and _is_day(node.this.name, target):
            return False
        if target == "TEXT" or isinstance(node.this, exp.Null) or source == type_of(node):
            return False
        return target not in _WIDER.get(source, set()) or not _room(node.to, node.this)
    return False


def _room(target: exp.DataType, value: exp.Expr) -> bool:
    """Whether the longest whole number of the value's type fits before the point of the target: NUMERIC(4, 2) has room for two digits."""
    if not target.expressions:
        return True
    precision, *scale = (int(part.name) for part in target.expressions)
    digits = len(value.name) if isinstance(value, exp.Literal) else _DIGITS.get(type_of(value), 0)
    return precision - sum(scale) >= digits


def _is_day(text: str, target: str) -> bool:
    """Whether a literal is a date, or for a timestamp a date and a time, in ISO 8601: then reading it cannot fail."""
    if target not in {"DATE", "TIMESTAMP", "TIMESTAMPTZ"} or not _ISO.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return target != "DATE" or len(text) == len("2026-03-29")


def _safe(tree: exp.Expr) -> exp.Expr:
    def guarded(node: exp.Expr) -> exp.Expr:
        if not can_fail(node):
            return node
        if isinstance(node, exp.Cast):
            tried = exp.TryCast(this=node.this, to=node.args["to"])
            tried.type = node.type
            return tried
        divisor = exp.func("NULLIF", node.expression, exp.Literal.number(0))
        divisor.type = node.expression.type
        node.set("expression", divisor)
        return node

    # From the leaves up, so that an operand is safe before what is built on it.
    safe = tree.copy()
    for node in reversed(list(safe.walk())):
        replacement = guarded(node)
        if replacement is not node:
            if node is safe:
                safe = replacement
            else:
                node.replace(replacement)
    return safe


def _error(node: exp.Expr, name: str) -> exp.Expr | None:
    if not any(can_fail(part) for part in node.walk()):
        return None
    if isinstance(node, exp.Case):
        return _case_error(node, name)
    if isinstance(node, exp.Coalesce):
        return _coalesce_error(node, name)
    below = [_error(child, name) for child in node.iter_expressions()]
    own = _own_error(node, name) if can_fail(node) else None
    return _first([*below, own])


def _own_error(node: exp.Expr, name: str) -> exp.Expr:
    if isinstance(node, exp.Cast):
        value, tried = _safe(node.this), _safe(node)
        wrong = exp.and_(exp.not_(exp.Is(this=value, expression=exp.null())), exp.Is(this=tried, expression=exp.null()))
        if holds_secret(node.this):
            return exp.Case(ifs=[exp.If(this=wrong, true=_text(f"{name}: cannot read a secret as {type_of(node)}"))])
        shown = exp.DPipe(
            this=exp.DPipe(this=_text(f"{name}: cannot read '"), expression=exp.cast(value.copy(), "TEXT")),
            expression=_text(f"' as {type_of(node)}"),
        )
        return exp.Case(ifs=[exp.If(this=wrong, true=shown)])
    zero = exp.EQ(this=exp.paren(_safe(node.expression)), expression=exp.Literal.number(0))
    return exp.Case(ifs=[exp.If(this=zero, true=_text(f"{name}: division by zero"))])


def _case_error(node: exp.Case, name: str) -> exp.Expr | None:
    """Conditions are evaluated in order up to the first that holds, then its branch; so are their errors."""
    default = node.args.get("default")
    result = _error(default, name) if default is not None else None
    subject = node.this
    for branch in reversed(node.args["ifs"]):
        condition = exp.EQ(this=subject.copy(), expression=branch.this.copy()) if subject is not None else branch.this
        taken = _error(branch.args["true"], name)
        inner = (
            exp.Case(ifs=[exp.If(this=_safe(condition), true=taken or exp.null())], default=result or exp.null())
            if taken or result
            else None
        )
        result = _first([_error(branch.this, name), inner])
    return _first([_error(subject, name) if subject is not None else None, result])


def _coalesce_error(node: exp.Coalesce, name: str) -> exp.Expr | None:
    """A later argument is looked at only while the earlier ones are NULL."""
    arguments = [node.this, *node.expressions]
    result: exp.Expr | None = None
    for position in range(len(arguments) - 1, -1, -1):
        later = result
        if later is not None:
            missing = exp.Is(this=exp.paren(_safe(arguments[position])), expression=exp.null())
            later = exp.Case(ifs=[exp.If(this=missing, true=later)])
        result = _first([_error(arguments[position], name), later])
    return result


def _first(errors: list[exp.Expr | None]) -> exp.Expr | None:
    present = [error.copy() for error in errors if error is not None]
    return None if not present else present[0] if len(present) == 1 else exp.Coalesce(this=present[0], expressions=present[1:])


def first_of(errors: list[exp.Expr | None]) -> exp.Expr | None:
    """The first error among those of several expressions of one row; None when none can fail."""
    return _first(errors)


def _text(value: str) -> exp.Expr:
    return exp.Literal.string(value)
