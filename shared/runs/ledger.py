"""The row ledger's verdict: is every row of a node accounted for?

A node's figures are {rowsIn, rowsOut, rowsRejected, rowsInserted …, ledger: {term: rows}}. Its books balance where

    rowsIn = rowsOut + rowsRejected + the sum of its ledger's terms

A term of rows that came to be in the node (`fanOut` of a join, `copies` of a router) is negative. null is "not counted": where a part of
the equation is null, there is no verdict, and none is guessed. Pure; called where an attempt is about to publish, and where its end is
recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.errors import PenstockError

# Rows that left a node this way cannot be fewer than none; the other terms are differences, of either sign.
_COUNTS = frozenset({"filtered", "skipped", "merged", "duplicates", "unmatched"})
_WRITTEN = ("rowsInserted", "rowsUpdated", "rowsUnchanged")


class Unbalanced(PenstockError):
    """Rows are missing, or there are too many. Trying again would count the same."""

    code = "unbalanced"


def balanced(figures: Mapping[str, Any]) -> bool | None:
    """None: something of it was not counted."""
    if all(part is None for part in _parts(figures).values()):
        return None
    if problem(figures) is not None:
        return False
    return None if None in _parts(figures).values() else True


def problem(figures: Mapping[str, Any]) -> str | None:
    """What does not balance, as the end of a sentence; None where nothing that was counted contradicts the rest."""
    parts = _parts(figures)
    below = [term for term, rows in parts.items() if rows is not None and rows < 0 and _is_count(term, figures)]
    if below:
        return f"{below[0]} is {parts[below[0]]}, which no number of rows can be ({_told(parts)})"
    if None not in parts.values():
        rest = parts["rowsIn"] - sum(rows for term, rows in parts.items() if term != "rowsIn")
        if rest:
            return f"{abs(rest)} rows {'are missing' if rest > 0 else 'are too many'}: {_told(parts)}"
    written = [rows for term in _WRITTEN if (rows := figures.get(term)) is not None]
    if figures.get("rowsOut") is not None and len(written) == len(_WRITTEN) and sum(written) != figures["rowsOut"]:
        terms = " + ".join(f"{figures[term]} {term}" for term in _WRITTEN)
        return f"the destination took {terms}, and {figures['rowsOut']} rows were to be written"
    return None


def check(figures: Mapping[str, Mapping[str, Any]]) -> None:
    """Raises Unbalanced, charged to the first node whose figures contradict one another."""
    for node, counted in figures.items():
        if (why := problem(counted)) is not None:
            raise Unbalanced(
                f"the rows of node {node} do not balance: {why}; the run cannot be trusted, so please report it with its plan", node=node
            )


def check_edge(port: str, staged: int, read: int) -> None:
    """What one stage staged of a port is what the next reads. Raises Unbalanced."""
    if staged != read:
        raise Unbalanced(
            f"{staged} rows of {port} were staged, and {read} are there to be read; run it again, and look after the staging storage",
            node=port.partition(".")[0],
        )


def _parts(figures: Mapping[str, Any]) -> dict[str, Any]:
    return {term: figures.get(term) for term in ("rowsIn", "rowsOut", "rowsRejected")} | dict(figures.get("ledger") or {})


def _is_count(term: str, figures: Mapping[str, Any]) -> bool:
    if term == "merged" and figures.get("rowsOut") == 1 and figures.get("rowsIn") == (figures.get("rowsRejected") or 0):
        # An aggregate without groups gives one row for none.
        return False
    return term in _COUNTS or term.startswith("rows")


def _told(parts: Mapping[str, Any]) -> str:
    names = {"rowsIn": "in", "rowsOut": "out", "rowsRejected": "rejected"}
    others = (f"{rows} {names.get(term, term)}" for term, rows in parts.items() if term != "rowsIn")
    return f"{parts['rowsIn']} in = {' + '.join(others)}"
