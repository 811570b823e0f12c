"""What a pipeline keeps from run to run, node by node: where its sequences go on, and how far its sources were read."""

from __future__ import annotations

from typing import Any

from services.api.auth import caller, database
from services.api.blueprint import Blueprint
from services.api.incoming import loaded
from services.api.problems import Refused, brief
from services.api.recipes import save
from services.api.resources.documents import stamp
from services.api.schemas.runs import PipelineState, SetState
from shared.pipelines.language import pipeline
from shared.pipelines.language.values import InvalidDocument
from shared.pipelines.validation import stored_document
from shared.planning import cursor_values
from shared.planning.cursors import bounds
from shared.planning.cursors import cursors as cursors_of
from shared.sql.errors import SqlProblem
from shared.store import cursors, facts, resources, sequences
from shared.store.database import Tx

blueprint = Blueprint("state", __name__, url_prefix="/api/v1/pipelines", description="What pipelines keep from run to run")
_BODY: dict[str, Any] = {"requestBody": {"content": {"application/json": {"schema": SetState}}}}


@blueprint.get("/<namespace>/<name>/state")
@blueprint.response(200, PipelineState)
def read(namespace: str, name: str) -> dict[str, Any]:
    """Where its sequences go on, and how far its sources were read."""
    with database().transaction() as tx:
        _there(tx, "viewer", namespace, name)
        return _state(tx, namespace, name)


@blueprint.get("/<namespace>/<name>/state/<node>")
@blueprint.response(200, PipelineState)
def read_node(namespace: str, name: str, node: str) -> dict[str, Any]:
    """The same of one node."""
    with database().transaction() as tx:
        _there(tx, "viewer", namespace, name)
        found = {kind: [one for one in kept if one["node"] == node] for kind, kept in _state(tx, namespace, name).items()}
    if not any(found.values()):
        raise Refused(404, f"node {brief(node)} of {namespace}/{name} keeps nothing from run to run; GET …/state lists those that do")
    return found


@blueprint.put("/<namespace>/<name>/state/<node>")
@blueprint.doc(**_BODY)
@blueprint.response(200, PipelineState)
def change(namespace: str, name: str, node: str) -> dict[str, Any]:
    """The next run's numbers begin there, or it reads what comes after; 409 while a run that has not ended has it."""
    wanted = loaded(SetState())
    with database().transaction() as tx:
        text = _there(tx, "operator", namespace, name)
        if "cursor" in wanted:
            _check_cursor(tx, text, node, wanted["cursor"])
            _set_cursor(tx, namespace, name, node, wanted["cursor"], known=node in _cursors_of(text))
            return _state(tx, namespace, name)
        found = sequences.change(tx, namespace, name, node, wanted["next"])
        if found is None:
            raise Refused(404, f"node {node} of {namespace}/{name} has numbered nothing yet; set start in its config")
        if not found:
            raise _numbering(namespace, name, node)
        return _state(tx, namespace, name)


@blueprint.delete("/<namespace>/<name>/state/<node>")
@blueprint.response(200, PipelineState)
def forget(namespace: str, name: str, node: str) -> dict[str, Any]:
    """The next run reads from the beginning, or numbers from there, or from where the recipe says; 409 while a run that has not ended has
    the cursor or the sequence.
    """
    with database().transaction() as tx:
        _there(tx, "operator", namespace, name)
        numbered = sequences.forget(tx, namespace, name, node)
        if numbered is False:
            raise _numbering(namespace, name, node)
        if numbered:
            return _state(tx, namespace, name)
        _set_cursor(tx, namespace, name, node, None, known=False)
        return _state(tx, namespace, name)


def _numbering(namespace: str, name: str, node: str) -> Refused:
    return Refused(409, f"a run of {namespace}/{name} that has not ended numbers rows in {node}; wait for it, or cancel it")


def _set_cursor(tx: Tx, namespace: str, name: str, node: str, value: str | None, *, known: bool) -> None:
    """`known`: the recipe has such a node, whether or not it has run."""
    found = cursors.change(tx, namespace, name, node, value, make=known)
    if found is None:
        raise Refused(404, f"node {node} of {namespace}/{name} has no cursor; it has one once it reads with `incremental`")
    if not found:
        raise Refused(409, f"a run of {namespace}/{name} that has not ended reads what is new in {node}; wait for it, or cancel it")


def _check_cursor(tx: Tx, text: str, node: str, value: str) -> None:
    """By the type that its column had when a run last looked; the next run would fail over any other."""
    try:
        ends = bounds(pipeline(stored_document(text)), {name: kind for name, (kind, _) in save.known(tx).connectors.items()})
    except InvalidDocument:
        return
    for found in facts.with_age(tx, [need.key for need in ends if node in need.nodes]).values():
        column, kind = found["found"]["column"], found["found"]["type"]
        try:
            cursor_values.read(kind, value, f"the cursor of {node}, of column {column},")
        except SqlProblem as problem:
            raise Refused(422, problem.message) from problem


def _cursors_of(text: str) -> tuple[str, ...]:
    try:
        return cursors_of(pipeline(stored_document(text)))
    except InvalidDocument:
        return ()


def _there(tx: Tx, role: str, namespace: str, name: str) -> str:
    """The text of its newest version."""
    caller().may(role, namespace)
    row = resources.current(tx, "Pipeline", namespace, name)
    if row is None:
        raise Refused(404, f"there is no pipeline {namespace}/{name}; apply it first")
    return str(row["document"])


def _state(tx: Tx, namespace: str, name: str) -> dict[str, Any]:
    return {
        "sequences": [
            {"node": row["node"], "next": row["next_value"], "heldBy": row["held_by"], "updatedAt": stamp(row["updated_at"])}
            for row in sequences.of_pipeline(tx, namespace, name)
        ],
        "cursors": [
            {
                "node": row["node"],
                "value": row["value"],
                "remembered": row["remembered"],
                "heldBy": row["held_by"],
                "updatedAt": stamp(row["updated_at"]),
            }
            for row in cursors.of_pipeline(tx, namespace, name)
        ],
    }
