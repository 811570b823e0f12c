"""For databases that have conditions but no boolean values: a condition that stands for a value becomes 1, 0 or NULL, and a value that
stands for a condition is compared with 1.
"""

from __future__ import annotations

from sqlglot import exp

from shared.sql.dialects.dialect import Dialect, Pass
from shared.sql.rewrites.tree import case, grouped, number, swap
from shared.sql.typing import type_of

_CONDITIONS = (exp.Predicate, exp.Connector, exp.Not, exp.Escape)
_NEVER_NULL = (exp.NullSafeEQ, exp.NullSafeNEQ, exp.Exists)


def _apply(tree: exp.Expr, to: Dialect) -> exp.Expr:
    if to.features.booleans:
        return tree
    for test in list(tree.find_all(exp.Is)):
        if isinstance(test.expression, exp.Boolean):
            # IS TRUE is never NULL, so a NULL has to be the other one.
            wanted = bool(test.expression.this)
            asked = case((exp.EQ(this=grouped(test.this), expression=number(int(wanted))), number(1)), default=number(0))
            asked.type = exp.DataType.build("INT")
            replacement = exp.EQ(this=asked, expression=number(1))
            replacement.type = test.type
            tree = swap(tree, test, replacement)
    # From the leaves up: what stands in a condition is said right before the condition is.
    for node in reversed(list(tree.walk())):
        if isinstance(node.parent, exp.Update | exp.OnConflict) and node.arg_key == "expressions":
            # SET a = b is no condition.
            continue
        wanted_condition = _is_asked_for(node, tree)
        if isinstance(node, exp.Boolean):
            value = number(int(bool(node.this)))
            new: exp.Expr = exp.EQ(this=number(1), expression=value) if wanted_condition else value
            tree = swap(tree, node, exp.Paren(this=new) if wanted_condition and node is not tree else new)
        elif isinstance(node, _CONDITIONS) and not isinstance(node, exp.Subquery):
            if not wanted_condition:
                tree = swap(tree, node, _value(node))
        elif wanted_condition and not isinstance(node, exp.Paren | exp.Where | exp.Having) and type_of(node) == "BOOLEAN":
            new = exp.EQ(this=grouped(node.copy()), expression=number(1))
            tree = swap(tree, node, new)
    return tree


def _value(condition: exp.Expr) -> exp.Expr:
    if isinstance(condition, _NEVER_NULL) or (isinstance(condition, exp.Is) and isinstance(condition.expression, exp.Null)):
        made = case((condition.copy(), number(1)), default=number(0))
    else:
        made = case((condition.copy(), number(1)), (exp.Not(this=grouped(condition.copy())), number(0)))
    made.type = exp.DataType.build("INT")
    return made


def _is_asked_for(node: exp.Expr, root: exp.Expr) -> bool:
    """Whether a condition belongs where the node stands."""
    child, of = node, node.parent
    while isinstance(of, exp.Paren):
        child, of = of, of.parent
    if of is None:
        return isinstance(root, _CONDITIONS)
    if isinstance(of, exp.Where | exp.Having | exp.Qualify | exp.Connector | exp.Not | exp.Escape):
        return True
    if isinstance(of, exp.Join | exp.Merge):
        return child.arg_key == "on"
    if isinstance(of, exp.If) and child.arg_key == "this":
        return isinstance(of.parent, exp.Case) and of.parent.this is None
    return False


BOOLEANS = Pass("booleans", (), _apply)
