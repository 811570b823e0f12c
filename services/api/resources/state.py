"""What a pipeline keeps from run to run, node by node: where its sequences go on."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint
from marshmallow import ValidationError

from services.api.auth import caller, database
from services.api.incoming import json_object
from services.api.problems import Refused
from services.api.resources.documents import stamp
from services.api.schemas.runs import PipelineState, SetState
from shared.store import resources, sequences
from shared.store.database import Tx

blueprint = Blueprint("state", __name__, url_prefix="/api/v1/pipelines", description="What pipelines keep from run to run")
_BODY: dict[str, Any] = {"requestBody": {"content": {"application/json": {"schema": SetState}}}}


@blueprint.get("/<namespace>/<name>/state")
@blueprint.response(200, PipelineState)
def read(namespace: str, name: str) -> dict[str, Any]:
    with database().transaction() as tx:
        _there(tx, "viewer", namespace, name)
        return _state(tx, namespace, name)


@blueprint.put("/<namespace>/<name>/state/<node>")
@blueprint.doc(**_BODY)
@blueprint.response(200, PipelineState)
def change(namespace: str, name: str, node: str) -> dict[str, Any]:
    """The next run's numbers begin there; 409 while a run that has not ended numbers rows."""
    try:
        wanted = SetState().load(json_object())
    except ValidationError as error:
        raise Refused(422, f"next is wrong: {error.messages_dict}; give the number at which the next run begins") from error
    with database().transaction() as tx:
        _there(tx, "operator", namespace, name)
        found = sequences.change(tx, namespace, name, node, wanted["next"])
        if found is None:
            raise Refused(404, f"node {node} of {namespace}/{name} has numbered nothing yet; set start in its config")
        if not found:
            raise Refused(409, f"a run of {namespace}/{name} that has not ended numbers rows in {node}; wait for it, or cancel it")
        return _state(tx, namespace, name)


def _there(tx: Tx, role: str, namespace: str, name: str) -> None:
    caller().may(role, namespace)
    if resources.current(tx, "Pipeline", namespace, name) is None:
        raise Refused(404, f"there is no pipeline {namespace}/{name}; apply it first")


def _state(tx: Tx, namespace: str, name: str) -> dict[str, Any]:
    return {
        "sequences": [
            {"node": row["node"], "next": row["next_value"], "heldBy": row["held_by"], "updatedAt": stamp(row["updated_at"])}
            for row in sequences.of_pipeline(tx, namespace, name)
        ]
    }
