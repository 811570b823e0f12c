"""Does a connector work, what is there, what is in it: a worker looks, and the caller waits a while for its answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import jsonify, make_response, url_for

from services.api.auth import caller, database
from services.api.blueprint import Blueprint
from services.api.incoming import identifier, json_object, nothing
from services.api.problems import Refused, brief
from services.api.recipes.planned import wait_for
from services.api.recipes.save import known
from services.api.schemas.looking import Answer, Checked, Discovered, LookQuery, Preview, Waiting
from shared.connectors import runs
from shared.engines.program import LookProgram
from shared.store import requests

blueprint = Blueprint("looking", __name__, url_prefix="/api/v1", description="Looking at connectors")
# However long the caller waits, the answer may be fetched a while later.
LEAST_VALID = timedelta(seconds=60)
_OBJECTS = ("table", "query", "path", "format", "options")
OBJECT_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object", "properties": {key: {} for key in _OBJECTS}}}},
    }
}


# Nothing to say: the address says it all.
NO_BODY: dict[str, Any] = {"requestBody": {"required": False, "content": {"application/json": {"schema": {"type": "object"}}}}}


@blueprint.post("/connectors/<namespace>/<name>/check")
@blueprint.doc(**NO_BODY)
@blueprint.arguments(LookQuery, location="query")
@blueprint.response(200, Checked)
@blueprint.alt_response(202, schema=Waiting)
def check(query: dict[str, Any], namespace: str, name: str) -> Any:
    """What was tried and what failed, in sentences; `ok` is false where something did."""
    nothing()
    return _looked("check", namespace, name, {}, query["wait"])


@blueprint.post("/connectors/<namespace>/<name>/discover")
@blueprint.doc(**NO_BODY)
@blueprint.arguments(LookQuery, location="query")
@blueprint.response(200, Discovered)
@blueprint.alt_response(202, schema=Waiting)
def discover(query: dict[str, Any], namespace: str, name: str) -> Any:
    """Tables or files with their columns, types, keys and estimates of rows."""
    nothing()
    return _looked("discover", namespace, name, {}, query["wait"])


@blueprint.post("/connectors/<namespace>/<name>/preview")
@blueprint.doc(**OBJECT_BODY)
@blueprint.arguments(LookQuery, location="query")
@blueprint.response(200, Preview)
@blueprint.alt_response(202, schema=Waiting)
def preview(query: dict[str, Any], namespace: str, name: str) -> Any:
    """Up to 100 rows of a table, query or path, values as texts; columns whose names look secret are masked."""
    options = json_object()
    unknown = [key for key in options if key not in _OBJECTS]
    if unknown or sum(key in options for key in ("table", "query", "path")) != 1:
        raise Refused(422, 'the body must name one of table, query or path, such as {"table": "orders"}, and may have format and options')
    return _looked("preview", namespace, name, options, query["wait"])


@blueprint.get("/connectors/<namespace>/<name>/looks/<request>")
@blueprint.response(200, Answer)
@blueprint.alt_response(202, schema=Waiting)
def answer(namespace: str, name: str, request: str) -> Any:
    """The answer to a check, discovery or preview that was still on its way."""
    caller().may("editor", namespace)
    with database().transaction() as tx:
        row = requests.read(tx, [identifier(request, "request")]).get(request)
    if row is None or row["args"].get("connector") != f"{namespace}/{name}":
        raise Refused(404, f"there is no request {brief(request)} of connector {namespace}/{name}; ask again")
    told = _told(namespace, name, request, row)
    # As it is: a schema of all three would look for the fields of the other two.
    return make_response(jsonify(told)) if isinstance(told, dict) else told


def _looked(does: str, namespace: str, name: str, options: dict[str, Any], wait_s: float) -> Any:
    who = caller()
    who.may("editor", namespace)
    reference = f"{namespace}/{name}"
    with database().transaction() as tx:
        there = known(tx).connectors
        if reference not in there:
            raise Refused(404, f"there is no connector {reference}; apply a document of kind Connector with that name")
        if not runs(there[reference][0]):
            raise Refused(409, f"{there[reference][0]} can be planned but not looked at in this release; there is no driver for it yet")
        program = LookProgram(reference, does, options).to_json()
        valid = max(timedelta(seconds=wait_s), LEAST_VALID)
        request = requests.put(tx, "look", namespace, program, asked_by=who.name, valid_for=valid)
    return _told(namespace, name, request, wait_for(database(), [request], wait_s)[request])


def _told(namespace: str, name: str, request: str, row: dict[str, Any]) -> Any:
    if row["state"] == "DONE":
        return row["reply"]
    if row["state"] != "FAILED":
        where = url_for("looking.answer", namespace=namespace, name=name, request=request)
        return make_response(jsonify(request=request, state=row["state"]), 202, {"Location": where})
    if row["args"].get("does") == "check":
        # That it does not even get so far is what a check is there to tell.
        return {"ok": False, "tried": [{"what": "look", "ok": False, "said": row["reply"]["message"]}]}
    status = 503 if row["reply"].get("retryable") else 422
    raise Refused(status, str(row["reply"]["message"]))
