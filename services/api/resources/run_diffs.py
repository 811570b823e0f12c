"""Why was today different? One run beside another of its pipeline."""

from __future__ import annotations

from typing import Any

from services.api.auth import database
from services.api.blueprint import Blueprint
from services.api.problems import Refused
from services.api.recipes import compare
from services.api.resources.runs import found, head_json, node_json
from services.api.schemas.runs import RunDiff, RunDiffQuery
from shared.runs.differences import Node, Side, differences
from shared.store import resources, run_views
from shared.store.database import Tx

blueprint = Blueprint("run-diffs", __name__, url_prefix="/api/v1/runs", description="Why runs differ")
_FIGURES = ("rowsIn", "rowsOut", "rowsRejected", "rowsInserted", "rowsUpdated", "rowsDeleted", "durationMs")


@blueprint.get("/<run>/diff")
@blueprint.arguments(RunDiffQuery, location="query")
@blueprint.response(200, RunDiff)
def read(query: dict[str, Any], run: str) -> dict[str, Any]:
    """Version, parameters, columns of sources, the plan, and what came of it, ranked by surprise."""
    with database().transaction() as tx:
        after = found(tx, run)
        other = query.get("with") or run_views.succeeded_before(tx, after)
        if other is None:
            raise Refused(
                404, f"no run of {after['namespace']}/{after['pipeline']} before {run} succeeded; name one to compare with (with=)"
            )
        before = found(tx, other)
        if (before["namespace"], before["pipeline"]) != (after["namespace"], after["pipeline"]):
            raise Refused(
                422,
                f"run {other} is of {before['namespace']}/{before['pipeline']}, and {run} of {after['namespace']}/{after['pipeline']};"
                " name two runs of one pipeline",
            )
        nodes = [{row["node"]: row for row in run_views.nodes(tx, one["id"])} for one in (before, after)]
        sides = [_side(tx, one, rows) for one, rows in zip((before, after), nodes, strict=True)]
        recipe = _recipe(tx, before, after)
    older, newer = nodes
    names = [*newer, *(name for name in older if name not in newer)]
    return {
        "run": head_json(after),
        "comparedWith": head_json(before),
        "findings": [finding.to_json() for finding in differences(*sides)],
        "recipe": recipe,
        "nodes": [
            {"id": name, **{key: node_json(rows[name]) if name in rows else None for key, rows in (("before", older), ("after", newer))}}
            for name in names
        ],
    }


def _recipe(tx: Tx, before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]] | None:
    """What the versions say otherwise; [] where both ran the same."""
    if before["version"] == after["version"]:
        return []
    rows = [resources.at_version(tx, "Pipeline", one["namespace"], one["pipeline"], one["version"]) for one in (before, after)]
    texts = [row["document"] for row in rows if row is not None]
    return compare.structural(*texts) if len(texts) == 2 else None


def _side(tx: Tx, run: dict[str, Any], nodes: dict[str, dict[str, Any]]) -> Side:
    programs = run_views.programs(tx, run["id"])
    together = {row["stage"]: tuple(row["nodes"]) for row in run_views.stages(tx, run["id"])}
    columns = _columns(programs)
    started, ended = run["started_at"], run["finished_at"]
    return Side(
        id=run["id"],
        version=run["version"],
        status=run["status"],
        parameters=run["parameters"],
        nodes=[
            Node(
                id=name,
                type=row["type"],
                status=row["status"],
                engine=row["engine"],
                together=together.get(row["stage"], ()),
                figures={key: row["figures"].get(key) for key in _FIGURES},
                columns=columns.get(name),
            )
            for name, row in nodes.items()
        ],
        took_ms=round((ended - started).total_seconds() * 1000) if started is not None and ended is not None else None,
        error=(run["error"] or {}).get("message"),
    )


def _columns(programs: dict[int, dict[str, Any]]) -> dict[str, dict[str, str]]:
    """Of each source that is read through a connector, the columns that its survey found, with their types."""
    found: dict[str, dict[str, str]] = {}
    for program in programs.values():
        for read in program.get("reads", ()):
            surveyed = read["options"].get("surveyed") or read["columns"]
            if read["connector"] is not None and surveyed:
                found[read["node"]] = {str(column[0]): str(column[1]) for column in surveyed}
    return found
