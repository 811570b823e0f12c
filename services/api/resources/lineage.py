"""Where a pipeline's data comes from and goes, down to columns, and the pipeline as a page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Response, current_app

from services.api.auth import caller, database
from services.api.blueprint import Blueprint
from services.api.problems import Refused
from services.api.recipes import planned, save
from services.api.recipes.asked import start_of_interval, values_of
from services.api.recipes.page import page
from services.api.resources.schedules import fire_times
from services.api.schemas.lineage import Lineage
from shared.pipelines.language import pipeline as recipe_of
from shared.pipelines.language.values import InvalidDocument
from shared.pipelines.model import Pipeline
from shared.pipelines.validation import filled_document, stored_document
from shared.planning.assume import assumed
from shared.planning.errors import PlanProblem
from shared.planning.lineage import Made, Touched, column_lineage, downstream, touched, upstream
from shared.planning.make import logical_plan
from shared.store import dependencies, resources
from shared.store.database import Tx
from shared.store.identifiers import new_id

blueprint = Blueprint("lineage", __name__, url_prefix="/api/v1/pipelines", description="Where data comes from and goes")
_FIRES = 5


@blueprint.get("/<namespace>/<name>/lineage")
@blueprint.response(200, Lineage)
def read(namespace: str, name: str) -> dict[str, Any]:
    """Of the version in force: tables, files, columns, and the pipelines before and after it. Asks no source: it goes by what is known."""
    caller().may("viewer", namespace)
    with database().transaction() as tx:
        row = _current(tx, namespace, name)
        recipe, values = _recipe(tx, row)
        others = planned.pipelines(tx, caller().visible)
        # A connector that it names may have gone since it was saved.
        errors = save.errors(tx, row["document"], values)
    columns, why = (None, errors[0].message) if errors else _columns(row, values)
    by_node = {one.node: one.dataset for role in ("source", "sink") for one in touched(recipe, role)}
    return {
        "pipeline": f"{namespace}/{name}",
        "version": row["version"],
        "inputs": [_dataset(one) for one in touched(recipe, "source")],
        "outputs": [_dataset(one) for one in touched(recipe, "sink")],
        "columns": [
            _column(node, column, made, by_node) for node, of in columns.items() for column, made in of.items()
        ]
        if columns is not None
        else None,
        "why": why,
        "upstream": [_neighbour(one) for one in upstream(recipe, others)],
        "downstream": [_neighbour(one) for one in downstream(recipe, others)],
    }  # fmt: skip


@blueprint.get("/<namespace>/<name>/docs")
@blueprint.doc(responses={"200": {"description": "Markdown", "content": {"text/markdown": {"schema": {"type": "string"}}}}})
def docs(namespace: str, name: str) -> Response:
    """The pipeline as a page of Markdown: recipe, schedule, dependencies, contacts."""
    caller().may("viewer", namespace)
    with database().transaction() as tx:
        row = _current(tx, namespace, name)
        recipe, _ = _recipe(tx, row)
        others = planned.pipelines(tx, caller().visible)
        fires, notes = fire_times(tx, namespace, name, _FIRES)
        visible = caller().visible
        waits = [
            {"upstream": one.upstream, "condition": one.condition}
            for one in dependencies.of(tx, namespace, name)
            if visible is None or one.upstream.partition("/")[0] in visible
        ]
    text = page(
        row,
        stored_document(row["document"]).tree,
        fires=fires,
        notes=notes,
        inputs=touched(recipe, "source"),
        outputs=touched(recipe, "sink"),
        upstream=upstream(recipe, others),
        downstream=downstream(recipe, others),
        waits_for=waits,
    )
    return Response(text, mimetype="text/markdown")


def _current(tx: Tx, namespace: str, name: str) -> dict[str, Any]:
    row = resources.current(tx, "Pipeline", namespace, name)
    if row is None:
        raise Refused(404, f"there is no pipeline {namespace}/{name}; apply it first")
    if not row["valid"]:
        raise Refused(409, f"pipeline {namespace}/{name} is a draft with errors; mend it first", errors=row["problems"])
    return row


def _recipe(tx: Tx, row: dict[str, Any]) -> tuple[Pipeline, str]:
    """As it would run now, with its defaults; and as it is written where that cannot be (a parameter without a default)."""
    now = datetime.now(UTC)
    try:
        start = start_of_interval(tx, row["namespace"], row["document"], now)
        values = values_of(tx, row["document"], {}, new_id(), now, start)
        key = values.key if values else ""
        return recipe_of(filled_document(row["document"], key)), key
    except (Refused, InvalidDocument):
        try:
            return recipe_of(stored_document(row["document"])), ""
        except InvalidDocument as error:
            raise Refused(409, f"{error.message}; it needs the values of a run, so give its parameters defaults") from error


def _columns(row: dict[str, Any], values: str) -> tuple[dict[str, dict[str, Made]] | None, str | None]:
    """And why they are not known, or not sure."""
    try:
        world = planned.look(
            database(),
            row,
            values,
            asked_by=caller().name,
            max_age=current_app.extensions["penstock.settings"].facts_max_age,
            wait_s=0,
        )
        known = assumed(world.recipe, world.facts, world.connector_types, world.rule_sets)
        found = column_lineage(logical_plan(world.recipe, known, world.connector_types, world.rule_sets))
    except PlanProblem as problem:
        return None, f"it cannot be planned with what is known now: {problem.message}"
    except InvalidDocument as error:
        return None, error.message
    missing = [need for need in world.needs if need.key not in world.found]
    if not missing:
        return found, None
    nodes = ", ".join(node for need in missing for node in need.nodes)
    return found, f"nobody has looked at {nodes} yet, so columns are those that the recipe names; run it, or plan it"


def _dataset(one: Touched) -> dict[str, Any]:
    return {"node": one.node, "connector": one.connector, "object": one.object, "dataset": one.dataset}


def _column(node: str, column: str, made: Made, datasets: dict[str, str]) -> dict[str, Any]:
    return {
        "node": node,
        "dataset": datasets.get(node, node),
        "column": column,
        "from": [{"node": source, "dataset": datasets.get(source, source), "column": name} for source, name in sorted(made.of)],
        "known": made.whole,
        "copied": made.copied,
    }


def _neighbour(one: Any) -> dict[str, Any]:
    return {"pipeline": one.pipeline, "distance": one.distance, "datasets": list(one.datasets)}
