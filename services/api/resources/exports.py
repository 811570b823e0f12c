"""A pipeline as a project that runs without Penstock, in a zip."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Response, current_app

from services.api.auth import caller, database
from services.api.blueprint import Blueprint
from services.api.recipes import planned, save
from services.api.recipes.asked import runnable, start_of_interval, values_of
from services.api.schemas.exports import ExportQuery
from shared.planning.errors import PlanProblem
from shared.planning.exports import exported, project
from shared.store.identifiers import new_id

blueprint = Blueprint("exports", __name__, url_prefix="/api/v1/pipelines", description="Pipelines as projects of other tools")
# Equal exports are equal bytes: no file has a time of its own.
_MADE_AT = (1980, 1, 1, 0, 0, 0)
# What may be shown of a connector's config beside its name: where its files are.
_SHOWN = ("root", "path")


@blueprint.get("/<namespace>/<name>/export")
@blueprint.doc(
    responses={"200": {"description": "The project", "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}}
)
@blueprint.arguments(ExportQuery, location="query")
def export(query: dict[str, Any], namespace: str, name: str) -> Response:
    """Runs nothing. Parameters have their defaults; where sources are not known, workers are asked, for `wait` seconds at most.

    What the target cannot say is a 422 with every reason; secrets are in no file, only names of variables.
    """
    who = caller()
    who.may("viewer", namespace)
    at = datetime.now(UTC)
    with database().transaction() as tx:
        row = runnable(tx, namespace, name, query.get("version"))
        values = values_of(tx, row["document"], {}, new_id(), at, start_of_interval(tx, namespace, row["document"], at))
        known = save.known(tx).connectors
    connectors = {
        reference: (kind, {key: config[key] for key in _SHOWN if key in config} if _seen(who.visible, reference) else {})
        for reference, (kind, config) in known.items()
    }

    def files(max_age: timedelta) -> Mapping[str, str]:
        key = values.key if values else ""
        world = planned.look(database(), row, key, asked_by=who.name, max_age=max_age, wait_s=query["wait"])
        return exported(project(world.recipe, world.facts, connectors, world.rule_sets, version=row["version"]), query["target"])

    try:
        found = files(current_app.extensions["penstock.settings"].facts_max_age)
    except PlanProblem:
        # What was known may not be so any more.
        found = files(timedelta(0))
    headers = {"Content-Disposition": f'attachment; filename="{name}-{query["target"]}.zip"'}
    return Response(_zipped(f"{name}-{query['target']}", found), mimetype="application/zip", headers=headers)


def _seen(visible: Collection[str] | None, reference: str) -> bool:
    return visible is None or reference.partition("/")[0] in visible


def _zipped(folder: str, files: Mapping[str, str]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(f"{folder}/{path}", _MADE_AT), text, zipfile.ZIP_DEFLATED)
    return made.getvalue()
