"""A run that has ended, asked for again: what is not done, or everything from a node on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response

from services.api.auth import caller
from services.api.blueprint import Blueprint
from services.api.incoming import identifier, loaded
from services.api.once import accepted
from services.api.problems import Refused
from services.api.resources.runs import found, run_json
from services.api.schemas.runs import RetryRun, Run
from shared.dispatch.restart import restart
from shared.runs.restart import CannotRestart
from shared.store import runs
from shared.store.database import Tx
from shared.store.runs import LockedRun

blueprint = Blueprint("retries", __name__, url_prefix="/api/v1/runs", description="Runs again")
BODY: dict[str, Any] = {"requestBody": {"content": {"application/json": {"schema": RetryRun}}}}
FAILED = "failed"


@blueprint.post("/<run>/retry")
@blueprint.doc(**BODY)
@blueprint.response(202, Run)
def retry(run: str) -> Response:
    """202: it is in the queue again. 409 where it has not ended, has nothing to do again, or would insert rows a second time."""
    body = loaded(RetryRun())
    return accepted(lambda tx: done_again(tx, run, body))


def done_again(tx: Tx, run: str, body: Mapping[str, Any]) -> tuple[Any, str]:
    """The run as it is then, and its address. `body`: `RetryRun`, loaded. Raises Refused."""
    found(tx, run, "operator")
    locked = runs.lock(tx, identifier(run, "run"))
    assert locked is not None
    try:
        restart_as(tx, locked, body)
    except CannotRestart as refused:
        raise Refused(409, refused.message, kind=refused.code.replace("_", "-")) from refused
    runs.save(tx, locked)
    return run_json(tx, found(tx, run)), f"/api/v1/runs/{locked.id}"


def restart_as(tx: Tx, run: LockedRun, body: Mapping[str, Any]) -> None:
    """As the call says (`RetryRun`, loaded). Raises CannotRestart."""
    restart(
        tx,
        run,
        from_node=None if body["from_"] == FAILED else body["from_"],
        keep=body["keep"],
        allow_duplicates=body["allowDuplicates"],
        by=caller().name,
        reason=body.get("reason"),
    )
