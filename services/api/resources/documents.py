"""Texts: validate them, apply them; and resources of any kind by name."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from flask import current_app

from services.api.access import audit
from services.api.auth import caller, database
from services.api.blueprint import Blueprint
from services.api.incoming import RECIPE, body
from services.api.problems import Refused
from services.api.recipes import expected, save
from services.api.recipes.publish import publish
from services.api.schemas.documents import DRAFT_BODY, TEXT_BODY, Applied, ApplyQuery, SaveQuery, Shown, Validated
from shared.pipelines.kinds import KINDS
from shared.pipelines.model import Document, Problem
from shared.pipelines.validation import order
from shared.pipelines.validation.elsewhere import elsewhere
from shared.store import dependencies, resources, schemas
from shared.store.database import Tx

# Beside what people write: the definitions of datasets, which surveys write.
KEPT = (*KINDS, schemas.KIND)
# Body, status, headers.
Answer = tuple[dict[str, Any], int, dict[str, str]]

blueprint = Blueprint("documents", __name__, url_prefix="/api/v1", description="Recipes and other documents")


@blueprint.post("/validate")
@blueprint.doc(**TEXT_BODY)
@blueprint.response(200, Validated)
def validate() -> dict[str, Any]:
    """Everything that is wrong with a text; saves nothing."""
    settings = current_app.extensions["penstock.settings"]
    text = body(RECIPE)
    with database().transaction() as tx:
        _, problems = save.check(tx, text, settings.max_body_bytes, caller().visible, saves=False)
    errors = [problem.to_json() for problem in problems]
    return {"valid": not any(error["severity"] == "error" for error in errors), "errors": errors}


@blueprint.post("/apply")
@blueprint.doc(**DRAFT_BODY)
@blueprint.arguments(ApplyQuery, location="query")
@blueprint.response(200, Applied)
def apply(query: dict[str, Any]) -> dict[str, Any]:
    """Saves one or many documents, all or none."""
    who = caller()
    settings = current_app.extensions["penstock.settings"]
    dry, draft = query["dryRun"], query["draft"]
    text = body(RECIPE)
    if dry:
        audit.nothing_changes()
    with database().transaction() as tx:
        checked, problems = save.check(tx, text, settings.max_body_bytes, who.visible)
        errors = [problem.to_json() for problem in problems]
        wrong = [error for error in errors if error["severity"] == "error"]
        if (wrong and not draft) or not checked or not all(one.addressed for one in checked):
            count = f"{len(wrong)} error{'s' if len(wrong) != 1 else ''}"
            first = f": line {wrong[0]['line']}: {wrong[0]['message']}" if wrong else ""
            raise Refused(422, f"nothing was saved, {count}{first}", errors=errors, kind="invalid-document")
        applied = []
        for one in checked:
            audit.about(one.document.namespace, f"{one.document.kind}/{one.document.name}")
        for one in checked:
            who.may("editor", one.document.namespace)
            _may_name(tx, one.document)
        saved = {} if dry else save.store_all(tx, checked, author=who.name, message=query["message"], home=settings.home)
        for number, one in enumerate(checked):
            done = saved.get(number)
            applied.append(
                {
                    "kind": one.document.kind,
                    "namespace": one.document.namespace,
                    "name": one.document.name,
                    "version": done.version if done else None,
                    "gitCommitSha": done.sha if done else None,
                    "changed": done.changed if done else None,
                    "valid": one.valid,
                }
            )
    publish()
    return {"applied": applied, "dryRun": dry, "errors": errors}


@blueprint.get("/resources/<kind>/<namespace>/<name>")
@blueprint.response(200, Shown)
def read_resource(kind: str, namespace: str, name: str) -> Any:
    """The newest version of a document of any kind, with references in the place of secrets."""
    return shown(kind, namespace, name)


@blueprint.delete("/resources/<kind>/<namespace>/<name>")
@blueprint.arguments(SaveQuery, location="query")
@blueprint.response(204)
def delete_resource(query: dict[str, Any], kind: str, namespace: str, name: str) -> tuple[str, int]:
    """Its history stays."""
    return remove(kind, namespace, name, query["message"])


def known_kind(kind: str, among: Collection[str]) -> None:
    if kind not in among:
        raise Refused(404, f"there is no kind {kind} here; there is {', '.join(among)}")


def shown(kind: str, namespace: str, name: str) -> tuple[dict[str, Any], int, dict[str, str]]:
    caller().may("viewer", namespace)
    known_kind(kind, KEPT)
    with database().transaction() as tx:
        row = resources.current(tx, kind, namespace, name)
    if row is None:
        raise Refused(404, f"there is no {kind} {namespace}/{name}")
    return as_json(row), 200, {"ETag": f'"{row["version"]}"'}


def remove(kind: str, namespace: str, name: str, message: str) -> tuple[str, int]:
    who = caller()
    who.may("editor", namespace)
    with database().transaction() as tx:
        if kind in save.DEPENDING:
            # Before any row, as saves take it.
            dependencies.lock(tx)
        if kind == "PipelineDependency":
            _may_change(tx, namespace, name)
        expected.still(tx, kind, namespace, name)
        if not save.delete(tx, kind, namespace, name, author=who.name, message=message):
            raise Refused(404, f"there is no {kind} {namespace}/{name}")
    publish()
    return "", 204


def _may_name(tx: Tx, document: Document) -> None:
    """What starts, or waits, by a document is changed by it; what it goes by is seen; and what it reads and writes by a connector of
    another namespace, somebody who may edit there could. Raises Refused(403).
    """
    who = caller()
    for namespace in elsewhere(document):
        who.may("editor", namespace)
    if document.kind == "PipelineDependency":
        _may_change(tx, document.namespace, document.name)
    for upstream, downstream in order.pairs(document):
        who.may("editor", downstream.partition("/")[0])
        who.may("viewer", upstream.partition("/")[0])


def _may_change(tx: Tx, namespace: str, name: str) -> None:
    """A PipelineDependency, as it is in force. Raises Refused(403)."""
    for pipeline in dependencies.downstream(tx, namespace, name):
        caller().may("editor", pipeline.partition("/")[0])


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
        "message": row["message"],
        "savedAt": stamp(row["saved_at"]),
    }


def stamp(at: Any) -> str | None:
    """RFC 3339, UTC."""
    return at.isoformat().replace("+00:00", "Z") if at is not None else None


def put(kind: str, namespace: str, name: str, message: str) -> Answer:
    """Saves one document, a draft too. 201 when it is new; If-Match refuses a save over a version the caller has not seen."""
    who = caller()
    who.may("editor", namespace)
    text = body(RECIPE)
    with database().transaction() as tx:
        checked, problems = save.check(tx, text, current_app.extensions["penstock.settings"].max_body_bytes, who.visible)
        one = save.one(checked, problems, kind, namespace, name)
        expected.still(tx, kind, namespace, name)
        reply = saved(tx, one, problems, author=who.name, message=message)
    publish()
    return reply


def saved(tx: Tx, one: save.Checked, problems: Sequence[Problem], *, author: str, message: str) -> Answer:
    """Stores it; what a save is answered."""
    _may_name(tx, one.document)
    done = save.store_all(tx, [one], author=author, message=message, home=current_app.extensions["penstock.settings"].home)[0]
    expected.first(done)
    reply = {
        "kind": one.document.kind,
        "namespace": one.document.namespace,
        "name": one.document.name,
        "version": done.version,
        "gitCommitSha": done.sha,
        "sha": done.sha,
        "changed": done.changed,
        "valid": one.valid,
        "errors": [problem.to_json() for problem in problems],
    }
    return reply, 201 if done.created else 200, {"ETag": f'"{done.version}"'}
