"""What stands for a secret in SQL, and in everything else that is planned, stored and shown, until a worker puts the value there."""

from __future__ import annotations

import re

from sqlglot import exp

_STAND_IN = re.compile(r"\{\{(?:credential|vault|keystore|ssm):\S+ [0-9a-f]{24}\}\}")


def stand_in(reference: str, salt: str) -> str:
    """`salt`: 24 hexadecimal digits that depend on every value of the run, so that none of them can hold it."""
    return f"{{{{{reference} {salt}}}}}"


def holds_secret(tree: exp.Expr) -> bool:
    """Whether a text in the tree stands for a secret, so that no message may show what the tree gives."""
    return any(literal.is_string and _STAND_IN.search(literal.name) for literal in tree.find_all(exp.Literal))
