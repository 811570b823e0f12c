"""One node of a run, in full: figures, the SQL that ran, attempts, first rows and figures of its columns."""

from __future__ import annotations

from typing import Any

from services.api.auth import database
from services.api.blueprint import Blueprint
from services.api.problems import Refused
from services.api.resources.documents import stamp
from services.api.resources.runs import found, node_json, stage_json
from services.api.resources.waiting import waiting_for
from services.api.schemas.runs import NodeOfRun
from shared.connectors import CONNECTORS
from shared.engines.program import FORMATS, Program, Read
from shared.pipelines.validation import stored_document
from shared.planning.shown import read_shown
from shared.store import resources, run_views, samples
from shared.store.database import Tx

blueprint = Blueprint("run-nodes", __name__, url_prefix="/api/v1/runs", description="Nodes of runs")


@blueprint.get("/<run>/nodes/<node>")
@blueprint.response(200, NodeOfRun)
def read(run: str, node: str) -> dict[str, Any]:
    """`samples`: of outputs that are staged or kept as tables; set staging: all to have all of them."""
    with database().transaction() as tx:
        row = found(tx, run)
        there = {one["node"]: one for one in run_views.nodes(tx, row["id"])}
        if node not in there:
            raise Refused(404, f"run {run} has no node {node}; it has {', '.join(there)}")
        stages = run_views.stages(tx, row["id"])
        stage = next((one for one in stages if one["stage"] == there[node]["stage"]), None)
        attempts = (
            run_views.attempts(tx, row["id"], stage["stage"]) if stage is not None else run_views.survey_attempts(tx, row["id"], node)
        )
        return {
            **node_json(there[node]),
            "attempts": [_attempt(attempt) for attempt in attempts],
            "inStage": {**stage_json(stage), "waitingFor": waiting_for(stage, stages, row)} if stage is not None else None,
            "sql": _statements(tx, row["id"], stage["stage"], node) if stage is not None else [],
            "samples": [
                {"port": one["port"], "epoch": one["epoch"], "rows": one["rows"], "profile": one["profile"], "at": stamp(one["at"])}
                for one in samples.of_node(tx, row["id"], node)
            ],
            "errors": [error for error in (there[node]["error"], *(attempt["error"] for attempt in attempts)) if error],
        }


def _attempt(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "epoch": row["epoch"],
        "worker": row["worker"],
        "startedAt": stamp(row["started_at"]),
        "finishedAt": stamp(row["finished_at"]),
        "outcome": row["outcome"],
        "error": row["error"],
    }


def _statements(tx: Tx, run: str, stage: int, node: str) -> list[dict[str, Any]]:
    """What was asked of a source's own database, and what the stage's engine computed for this node, by the tables it made."""
    stored = run_views.program(tx, run, stage)
    if stored is None or "statements" not in stored or stored.get("format", 1) not in FORMATS:
        return []
    program = Program.from_json(stored)
    made = [(read.node, _asked(tx, read) or "") for read in program.reads if read.node == node]
    made += [(one.table, one.sql) for one in program.statements] + [(one.port, one.sql) for one in program.outputs]
    made += [(one.node, one.sql) for one in program.sinks]
    return [{"table": table, "sql": sql} for table, sql in made if sql and table.partition(".")[0].partition(" ")[0] == node]


def _asked(tx: Tx, read: Read) -> str | None:
    """None where the source understands no SQL, or its connector is gone, or is something else by now."""
    namespace, _, name = (read.connector or "").partition("/")
    text = resources.current_document(tx, "Connector", namespace, name)
    kind = stored_document(text).tree["spec"]["type"] if text is not None else None
    if kind not in CONNECTORS or not (read.options.get("table") or read.options.get("query")):
        return None
    sql: str | None = read_shown(read, kind)["sql"]
    return sql
