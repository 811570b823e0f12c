"""The shape of a run: what flows where, and when each attempt at a stage began and ended. What pictures of a run are drawn from."""

from __future__ import annotations

from typing import Any

from services.api.auth import database
from services.api.blueprint import Blueprint
from services.api.resources.documents import stamp
from services.api.resources.runs import found
from services.api.schemas.graph import AttemptsOfRun, Graph
from shared.pipelines.kinds.pipeline import ends
from shared.pipelines.language import InvalidDocument
from shared.pipelines.validation import stored_document
from shared.store import resources, run_views

blueprint = Blueprint("graph", __name__, url_prefix="/api/v1/runs", description="The shape of a run")
# Of a run that was tried again for days, the newest.
MOST_ATTEMPTS = 2000


@blueprint.get("/<run>/graph")
@blueprint.response(200, Graph)
def graph(run: str) -> dict[str, Any]:
    """By the version that it runs; of a replay, only what it runs again."""
    with database().transaction() as tx:
        row = found(tx, run)
        there = run_views.nodes(tx, row["id"])
        version = resources.at_version(tx, "Pipeline", row["namespace"], row["pipeline"], row["version"])
    spec = _spec(version["document"]) if version is not None else {}
    said = {node["id"]: node for node in spec.get("nodes", ())}
    names = {node["node"] for node in there}
    return {
        "nodes": [
            {
                "id": node["node"],
                "type": node["type"],
                "generation": node["generation"],
                **{key: said.get(node["node"], {}).get(key) for key in ("label", "description")},
            }
            for node in there
        ],
        "edges": [edge for edge in map(_edge, spec.get("edges", ())) if {edge["from"], edge["to"]} <= names],
    }


@blueprint.get("/<run>/attempts")
@blueprint.response(200, AttemptsOfRun)
def attempts(run: str) -> dict[str, Any]:
    """The oldest first; of very many, the newest."""
    with database().transaction() as tx:
        row = found(tx, run)
        rows = run_views.all_attempts(tx, row["id"], MOST_ATTEMPTS)
    kept = ("stage", "kind", "engine", "nodes", "epoch", "worker", "outcome", "error")
    return {
        "items": [
            {**{key: one[key] for key in kept}, "startedAt": stamp(one["started_at"]), "finishedAt": stamp(one["finished_at"])}
            for one in rows
        ]
    }


def _spec(text: str) -> dict[str, Any]:
    try:
        spec: dict[str, Any] = dict(stored_document(text).tree.get("spec") or {})
    except InvalidDocument:
        # An older release's; its nodes are still known by the run.
        return {}
    return spec


def _edge(edge: dict[str, Any]) -> dict[str, str]:
    source, port = ends(edge["from"], edge.get("output"))
    return {"from": source, "port": port, "to": edge["to"]}
