"""What a run has staged, as one DuckDB file: a worker makes it, and the caller waits a while for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

from flask import Response, jsonify, make_response, url_for

from services.api.auth import caller, database
from services.api.blueprint import Blueprint
from services.api.incoming import identifier
from services.api.problems import Refused, brief
from services.api.recipes.planned import wait_for
from services.api.resources.runs import found
from services.api.schemas.looking import Waiting
from services.api.schemas.runs import StagedQuery
from shared.datasets.staging import fetched
from shared.engines.program import STAGED, StagedPort, StagedProgram
from shared.store import datasets, requests
from shared.store.database import Tx

blueprint = Blueprint("staged", __name__, url_prefix="/api/v1/runs", description="Staged rows")
MOST_PORTS = 500
# However long the caller waits, the file may be fetched a while later.
VALID = timedelta(minutes=10)
_BLOCK_BYTES = 1 << 20
FILE: dict[str, Any] = {
    "responses": {
        "200": {
            "description": "A DuckDB file with a view for each port",
            "content": {"application/vnd.duckdb": {"schema": {"type": "string", "format": "binary"}}},
        },
        "default": {"$ref": "#/components/responses/DEFAULT_ERROR"},
    }
}


@blueprint.get("/<run>/staging.duckdb")
@blueprint.doc(**FILE)
@blueprint.arguments(StagedQuery, location="query")
@blueprint.alt_response(202, schema=Waiting)
def file(query: dict[str, Any], run: str) -> Any:
    """What the run has staged and is still kept, copied into one DuckDB file: a view for each node. `penstock.about` in it says how many
    rows there were of each. 202 where it takes longer than `wait`: ask again at Location. Columns are not masked.
    """
    with database().transaction() as tx:
        row = found(tx, run, "operator")
        request = _asked(tx, query["request"], row["id"]) if "request" in query else _ask(tx, row, query)
    answer = wait_for(database(), [request], query["wait"])[request]
    if answer["state"] == "DONE":
        return _sent(row["id"], answer["reply"]["uri"])
    if answer["state"] == "FAILED":
        raise Refused(503 if answer["reply"].get("retryable") else 422, str(answer["reply"]["message"]))
    return make_response(
        jsonify(request=request, state=answer["state"]), 202, {"Location": url_for("staged.file", run=row["id"], request=request)}
    )


def _ask(tx: Tx, row: dict[str, Any], query: dict[str, Any]) -> str:
    there = datasets.kept(tx, row["id"], MOST_PORTS)
    if not there:
        raise Refused(
            404,
            f"run {row['id']} has no staged rows: of a run that succeeded they are kept with staging: all, of others until"
            " PENSTOCK_STAGING_RETENTION_SECONDS are over",
        )
    ports = tuple(StagedPort(one["stage"], one["port"], one["uri"], one["rows"]) for one in there)
    program = StagedProgram(row["id"], f"{row['namespace']}/{row['pipeline']}", row["version"], ports, query["rows"])
    return requests.put(tx, STAGED, row["namespace"], program.to_json(), asked_by=caller().name, valid_for=VALID)


def _asked(tx: Tx, request: str, run: str) -> str:
    """One that was asked for before."""
    request = identifier(request, "request")
    there = requests.read(tx, [request]).get(request)
    if there is None or there["kind"] != STAGED or there["args"]["run"] != run:
        raise Refused(404, f"there is no request {brief(request)} of run {run}; leave it out to ask again")
    return request


def _sent(run: str, uri: str) -> Response:
    with ExitStack() as opened:
        path = opened.enter_context(fetched(uri))
        if path is None:
            raise Refused(404, "the file is not kept any more, or this API does not reach PENSTOCK_STAGING_URL; ask for it again")
        stream = opened.enter_context(path.open("rb"))
        size_bytes, rest = path.stat().st_size, opened.pop_all()

    def blocks() -> Iterator[bytes]:
        with rest:
            while block := stream.read(_BLOCK_BYTES):
                yield block

    named = {"Content-Disposition": f'attachment; filename="{run}.duckdb"', "Content-Length": str(size_bytes)}
    return Response(blocks(), mimetype="application/vnd.duckdb", headers=named)
