"""The case of one run, gathered for its diagnosis: what the store, the recipe's own validation and the breakers say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import redis

from services.api.recipes import planned, save
from services.api.recipes.masked import Masked
from services.api.resources.waiting import waiting_for
from shared.breakers import standings
from shared.diagnosis import Case, Failure, Recipe, Seen
from shared.errors import PenstockError
from shared.formats import exact_json
from shared.pipelines.language import RunValues
from shared.pipelines.validation import full_name, stored_document
from shared.runs.states import RUN_FINAL
from shared.store import diagnosing, quality, resources, run_views
from shared.store.database import Database, Tx
from shared.store.schemas import KIND, columns_in, name_of

_LONGEST_RECORD = 400
_LOOK_S = 5.0
# Waits that say more than that another stage comes first.
_TELLING = ("worker", "connector", "breaker", "retry", "parallelism")


def case_of(tx: Tx, run: Mapping[str, Any], breakers: redis.Redis) -> Case:
    """`run`: its row of `run_views`. While Redis is away, nothing is known of breakers."""
    stages, nodes = run_views.stages(tx, run["id"]), run_views.nodes(tx, run["id"])
    failure = _failure(run, stages)
    earlier = diagnosing.earlier(tx, run["id"], run["namespace"], run["pipeline"])
    well = next((one["finished_at"] for one in earlier if one["status"] == "SUCCEEDED"), None)
    recipe = _recipe(tx, run)
    attempts = run_views.attempts(tx, run["id"], failure.stage) if failure is not None and failure.stage is not None else []
    masked = Masked(tx)
    return Case(
        run=run,
        now=diagnosing.now(tx),
        failure=failure,
        waiting=_waiting(run, stages),
        nodes=nodes,
        stages=stages,
        attempts=attempts,
        recipe=recipe,
        seen=_seen(tx, run, recipe, well) if recipe is not None and failure is not None else (),
        letters=[_letter(masked(one)) for one in diagnosing.letters(tx, run["id"])],
        quality=[one for one in quality.results(tx, run["id"]) if one["status"] in ("FAILED", "ERROR")],
        breakers=_breakers(breakers, _connectors(recipe, run)),
        earlier=earlier,
    )


def look_anew(database: Database, case: Case, asked_by: str) -> None:
    """Has workers look at what the recipe reads and writes, as for a plan, and waits a few seconds for them. What they find is kept as
    facts; where they cannot be asked, what is known stays as it is.
    """
    recipe = case.recipe
    if recipe is None or not {connector for _, connector, _ in _objects(recipe, case.run["namespace"])} <= recipe.known.connectors.keys():
        return
    with database.transaction() as tx:
        kept = diagnosing.run_values(tx, case.run["id"])
    values = RunValues.from_json(kept).key if kept is not None else ""
    with suppress(PenstockError):
        planned.look(database, {"document": recipe.document.text}, values, asked_by=asked_by, max_age=timedelta(0), wait_s=_LOOK_S)


def _failure(run: Mapping[str, Any], stages: Sequence[Mapping[str, Any]]) -> Failure | None:
    """A stage's own error where it is known: the run's is charged to the first of its nodes, whichever it was."""
    error = run["error"]
    if error is None and run["status"] == "RUNNING":
        stage = next((one for one in stages if one["status"] in ("FAILED", "RETRYING") and one["error"]), None)
        return Failure.from_json(stage["error"], stage=stage["stage"], epoch=stage["epoch"]) if stage is not None else None
    if error is None:
        return None
    stage = next((one for one in stages if one["stage"] == error.get("stage") and one["error"]), None)
    return Failure.from_json(stage["error"] if stage is not None else error, stage=error.get("stage"))


def _waiting(run: Mapping[str, Any], stages: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    if run["status"] in RUN_FINAL:
        return None
    if run["waiting_for"] is not None:
        found: Mapping[str, Any] = run["waiting_for"]
        return found
    told = [waiting_for(dict(one), [dict(other) for other in stages], dict(run)) for one in stages]
    return min(
        (one for one in told if one is not None and one["reason"] in _TELLING), key=lambda one: _TELLING.index(one["reason"]), default=None
    )


def _recipe(tx: Tx, run: Mapping[str, Any]) -> Recipe | None:
    """The version that ran; None where its text is not to be had."""
    kept = resources.at_versions(tx, "Pipeline", [(run["namespace"], run["pipeline"], run["version"])])
    row = kept.get((run["namespace"], run["pipeline"], run["version"]))
    if not isinstance(row, dict):
        return None
    return Recipe(stored_document(row["document"]), save.known(tx, require_connectors=True), run["version"])


def _objects(recipe: Recipe, namespace: str) -> list[tuple[str, str, str]]:
    """(node, connector in full, table, path or query) of what nodes read and write."""
    spec = recipe.document.tree.get("spec")
    found = []
    for node in spec.get("nodes") or () if isinstance(spec, Mapping) else ():
        config = node.get("config") if isinstance(node, Mapping) else None
        if isinstance(config, Mapping) and isinstance(config.get("connector"), str):
            which = config.get("table") or config.get("path") or config.get("query")
            if isinstance(which, str):
                found.append((str(node.get("id")), full_name(config["connector"], namespace), which))
    return found


def _connectors(recipe: Recipe | None, run: Mapping[str, Any]) -> list[str]:
    return sorted({connector for _, connector, _ in _objects(recipe, run["namespace"])}) if recipe is not None else []


def _seen(tx: Tx, run: Mapping[str, Any], recipe: Recipe, well: Any) -> list[Seen]:
    objects = _objects(recipe, run["namespace"])
    names = {(connector, which): name_of(connector, which) for _, connector, which in objects}
    rows = {(one["namespace"], one["name"]): one for one in diagnosing.dataset_versions(tx, set(names.values()), well)}
    wanted = {(*named, version) for named, one in rows.items() for version in (one["version"], one["before"]) if version is not None}
    texts = resources.at_versions(tx, KIND, sorted(wanted))
    found = []
    for node, connector, which in objects:
        named = names[connector, which]
        row = rows.get(named)
        if row is not None:
            before = _columns(texts.get((*named, row["before"]))) if row["before"] is not None else ()
            found.append(Seen(node, connector, which, _columns(texts.get((*named, row["version"]))), before, row["saved_at"]))
        elif columns := recipe.known.columns.get(connector, {}).get(which):
            # Of a query nobody keeps a history.
            found.append(Seen(node, connector, which, tuple((name, "") for name in columns)))
    return found


def _columns(version: Any) -> tuple[tuple[str, str], ...]:
    """Of a Dataset's version; empty where its text is not to be had."""
    return tuple((one["name"], one["type"]) for one in columns_in(version["document"])) if isinstance(version, dict) else ()


def _letter(row: Mapping[str, Any]) -> dict[str, Any]:
    record = row["record"] if row["record"] is not None else row["original_record"]
    text = exact_json.dumps(record)
    shown = text if len(text) <= _LONGEST_RECORD else f"{text[:_LONGEST_RECORD]}…"
    return {**{key: row[key] for key in ("node", "kind", "rule", "letters", "more")}, "message": row["error_message"], "record": shown}


def _breakers(client: redis.Redis, connectors: Sequence[str]) -> dict[str, dict[str, Any]]:
    try:
        found = standings(client, connectors) if connectors else []
    except redis.RedisError:
        return {}
    return {one.connector: {"state": one.state, "failures": one.failures, "error": one.error} for one in found}
