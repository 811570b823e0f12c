"""A rule's `where`: the rows it looks at."""

from __future__ import annotations

from sqlglot import exp

from shared.rules.types import THIS, Rule
from shared.sql.parse import expression


def within(rule: Rule, condition: exp.Expression | None = None) -> exp.Expression | None:
    """The rule's own `where` and the condition; None when there is neither."""
    parts = [part for part in (_where(rule), condition) if part is not None]
    return exp.and_(*parts) if parts else None


def _where(rule: Rule) -> exp.Expression | None:
    if not rule.get("where"):
        return None
    tree = expression(str(rule["where"]))
    for named in tree.find_all(exp.Column):
        named.set("table", exp.to_identifier(THIS, quoted=True))
        named.this.set("quoted", True)
    return exp.paren(tree)
