"""Texts: validate them, apply them; and resources of any kind by name."""

from __future__ import annotations

from typing import Any

from flask import current_app, request
from flask_smorest import Blueprint

from services.api.auth import caller, database
from services.api.incoming import RECIPE, body
from services.api.problems import Refused, brief
from services.api.recipes import save
from services.api.schemas.documents import TEXT_BODY, Applied, ApplyQuery, Shown, Validated
from shared.pipelines.kinds import KINDS
from shared.store import resources
from shared.store.database import Tx

blueprint = Blueprint("documents", __name__, url_prefix="/api/v1", description="Recipes and other documents")


@blueprint.post("/validate")
@blueprint.doc(**TEXT_BODY)
@blueprint.response(200, Validated)
def validate() -> dict[str, Any]:
    """Everything that is wrong with a text; saves nothing."""
    settings = current_app.extensions["penstock.settings"]
    text = body(RECIPE)
    with database().transaction() as tx:
        _, problems = save.check(tx, text, settings.max_body_bytes)
    errors = [problem.to_json() for problem in problems]
    return {"valid": not any(error["severity"] == "error" for error in errors), "errors": errors}


@blueprint.post("/apply")
@blueprint.doc(**TEXT_BODY)
@blueprint.arguments(ApplyQuery, location="query")
@blueprint.response(200, Applied)
def apply(query: dict[str, Any]) -> dict[str, Any]:
    """Saves one or many documents, all or none."""
    who = caller()
    settings = current_app.extensions["penstock.settings"]
    dry, draft = query["dryRun"], query["draft"]
    text = body(RECIPE)
    with database().transaction() as tx:
        checked, problems = save.check(tx, text, settings.max_body_bytes)
        errors = [problem.to_json() for problem in problems]
        wrong = [error for error in errors if error["severity"] == "error"]
        if (wrong and not draft) or not checked or not all(one.addressed for one in checked):
            count = f"{len(wrong)} error{'s' if len(wrong) != 1 else ''}"
            first = f": line {wrong[0]['line']}: {wrong[0]['message']}" if wrong else ""
            raise Refused(422, f"nothing was saved, {count}{first}", errors=errors, kind="invalid-document")
        applied = []
        for one in checked:
            who.may("editor", one.document.namespace)
        saved = {} if dry else save.store_all(tx, checked, author=who.name, message=query["message"], home=settings.home)
        for number, one in enumerate(checked):
            done = saved.get(number)
            applied.append(
                {
                    "kind": one.document.kind,
                    "namespace": one.document.namespace,
                    "name": one.document.name,
                    "version": done.version if done else None,
                    "gitCommitSha": None,
                    "changed": done.changed if done else None,
                    "valid": one.valid,
                }
            )
    return {"applied": applied, "dryRun": dry, "errors": errors}


@blueprint.get("/resources/<kind>/<namespace>/<name>")
@blueprint.response(200, Shown)
def read_resource(kind: str, namespace: str, name: str) -> Any:
    return shown(kind, namespace, name)


@blueprint.delete("/resources/<kind>/<namespace>/<name>")
@blueprint.response(204)
def delete_resource(kind: str, namespace: str, name: str) -> tuple[str, int]:
    return remove(kind, namespace, name)


def shown(kind: str, namespace: str, name: str) -> tuple[dict[str, Any], int, dict[str, str]]:
    caller().may("viewer", namespace)
    if kind not in KINDS:
        raise Refused(404, f"there is no kind {kind}; there is {', '.join(KINDS)}")
    with database().transaction() as tx:
        row = resources.current(tx, kind, namespace, name)
    if row is None:
        raise Refused(404, f"there is no {kind} {namespace}/{name}")
    return as_json(row), 200, {"ETag": f'"{row["version"]}"'}


def remove(kind: str, namespace: str, name: str) -> tuple[str, int]:
    """Deletes it; If-Match as in `put`."""
    caller().may("editor", namespace)
    with database().transaction() as tx:
        _check_seen(tx, kind, namespace, name)
        if not resources.delete(tx, kind, namespace, name):
            raise Refused(404, f"there is no {kind} {namespace}/{name}")
    return "", 204


def as_json(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": row["kind"],
        "namespace": row["namespace"],
        "name": row["name"],
        "version": row["version"],
        "gitCommitSha": row["git_commit_sha"],
        "valid": row["valid"],
        "errors": row["problems"],
        "document": row["document"],
        "author": row["author"],
        "savedAt": stamp(row["saved_at"]),
    }


def stamp(at: Any) -> str | None:
    """RFC 3339, UTC."""
    return at.isoformat().replace("+00:00", "Z") if at is not None else None


def put(kind: str, namespace: str, name: str, message: str) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Saves one document, a draft too. 201 when it is new; If-Match refuses a save over a version the caller has not seen."""
    who = caller()
    who.may("editor", namespace)
    settings = current_app.extensions["penstock.settings"]
    text = body(RECIPE)
    with database().transaction() as tx:
        checked, problems = save.check(tx, text, settings.max_body_bytes)
        one = save.one(checked, problems, kind, namespace, name)
        _check_seen(tx, kind, namespace, name)
        done = save.store(tx, one, author=who.name, message=message, home=settings.home)
    reply = {
        "kind": kind,
        "namespace": namespace,
        "name": name,
        "version": done.version,
        "gitCommitSha": None,
        "sha": None,
        "changed": done.changed,
        "valid": one.valid,
        "errors": [problem.to_json() for problem in problems],
    }
    return reply, 201 if done.created else 200, {"ETag": f'"{done.version}"'}


def _check_seen(tx: Tx, kind: str, namespace: str, name: str) -> None:
    """If-Match (RFC 9110, 13.1.1): Refused(409) unless the current version is one the caller has seen. `*`: any that there is.

    Holds the resource until the transaction ends, so that nobody saves between the look and the save.
    """
    if "If-Match" not in request.headers:
        return
    version = resources.hold(tx, kind, namespace, name)
    # Weak tags too: proxies that compress weaken them, and a version number is exact either way.
    if version is None or not request.if_match.contains_weak(str(version)):
        stands = f"is at version {version} now" if version is not None else "does not exist"
        raise Refused(409, f"{kind} {namespace}/{name} {stands}, not at {brief(request.headers['If-Match'])}; read it and save again")
