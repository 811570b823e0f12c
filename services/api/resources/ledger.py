"""What became of every row of a run: each node's books, with a name for each row that did not go on."""

from __future__ import annotations

from typing import Any

from services.api.auth import database
from services.api.blueprint import Blueprint
from services.api.resources.runs import found, together
from services.api.schemas.runs import Ledger
from shared.runs import ledger
from shared.store import run_views

blueprint = Blueprint("ledger", __name__, url_prefix="/api/v1/runs", description="The row ledger")

# The order in which terms are read; those of other packages' nodes come after them.
_ORDER = ("out", "rejected", "filtered", "skipped", "merged", "duplicates", "unmatched", "fanOut", "copies", "query")


@blueprint.get("/<run>/ledger")
@blueprint.response(200, Ledger)
def read(run: str) -> dict[str, Any]:
    """rowsIn = the sum of the terms, node by node."""
    with database().transaction() as tx:
        row = found(tx, run)
        nodes = [_node(node) for node in run_views.nodes(tx, row["id"])]
    return {"run": row["id"], "balanced": together([node["balanced"] for node in nodes]), "nodes": nodes}


def _node(row: dict[str, Any]) -> dict[str, Any]:
    figures = row["figures"]
    terms = {"out": figures.get("rowsOut"), "rejected": figures.get("rowsRejected"), **(figures.get("ledger") or {})}
    ordered = sorted(terms, key=lambda term: _ORDER.index(term) if term in _ORDER else len(_ORDER)) if figures else []
    return {
        "id": row["node"],
        "type": row["type"],
        "status": row["status"],
        "rowsIn": figures.get("rowsIn"),
        "terms": [{"term": term, "rows": terms[term], "told": _told(term, terms[term])} for term in ordered],
        "balanced": ledger.balanced(figures) if figures else None,
        "problem": ledger.problem(figures) if figures else None,
    }


def _told(term: str, rows: int | None) -> str:
    return f"{term}: not counted" if rows is None else f"{term}: {rows}"
