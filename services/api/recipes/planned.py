"""What a run of a recipe would do. Facts that are missing or old are asked of a worker first; without them the plan says what it took
for granted.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from typing import Any

from services.api.recipes import save
from shared.connectors import runs as can_run
from shared.pipelines.delivered import DELIVERED, DELIVERED_TYPE
from shared.pipelines.language import pipeline
from shared.pipelines.language.values import InvalidDocument
from shared.pipelines.model import Pipeline, RuleSet
from shared.pipelines.nodes import NODE_TYPES
from shared.pipelines.validation import filled_document, stored_document
from shared.planning import delivered
from shared.planning.assume import assumed
from shared.planning.cursors import cursors as cursors_of
from shared.planning.cursors import windowed
from shared.planning.fingerprint import fingerprint
from shared.planning.make import plan
from shared.planning.measured import key_of, measured_facts
from shared.planning.modes import PANDAS_ROWS, PANDAS_ROWS_SETTING
from shared.planning.needs import Need, needs, survey
from shared.planning.rule_sets import readable
from shared.planning.sequences import continued, starts
from shared.planning.shown import shown
from shared.process import settings
from shared.store import cursors, facts, measured, requests, resources, sequences
from shared.store.database import Database, Tx
from shared.triggers.told import told

LOOK_EVERY_S = 0.05


@dataclass(frozen=True, slots=True)
class World:
    """What a plan is made from. `found`: key -> {found, surveyed_at, age_seconds}; `unknown`: why there are no facts, by key.

    `measured`: what earlier runs took, as facts.
    """

    recipe: Pipeline
    sha: str
    connector_types: Mapping[str, str]
    rule_sets: tuple[RuleSet, ...]
    needs: tuple[Need, ...]
    found: Mapping[str, Mapping[str, Any]]
    unknown: Mapping[str, str]
    measured: Mapping[str, Mapping[str, Any]]

    @property
    def facts(self) -> dict[str, Mapping[str, Any]]:
        return {key: row["found"] for key, row in self.found.items()} | dict(self.measured)


def look(database: Database, row: Mapping[str, Any], values: str, *, asked_by: str, max_age: timedelta, wait_s: float) -> World:
    """Waits at most `wait_s` for a worker to look at what is not known, or not recently.

    `row`: a version; `values`: `RunValues.key`, empty where its recipe takes none.
    """
    with database.transaction() as tx:
        recipe = pipeline(filled_document(row["document"], values))
        recipe = windowed(continued(recipe, starts(recipe) | _going_on(tx, recipe)), _reading_on(tx, recipe))
        types = {name: kind for name, (kind, _) in save.known(tx).connectors.items()} | {DELIVERED: DELIVERED_TYPE}
        # What webhooks are sent is not there yet, and known by what the recipe says of it.
        given = delivered.facts_of(recipe, needs(recipe, types))
        wanted = tuple(need for need in needs(recipe, types) if need.key not in given)
        fresh = facts.fresh(tx, [need.key for need in wanted], max_age)
        stages = {stage.program["key"]: stage for stage in survey(recipe, [need for need in wanted if need.key not in fresh]).stages}
        unable = {key for key, stage in stages.items() if not can_run(types[stage.program["connector"]])}
        valid_for = timedelta(seconds=max(wait_s, 1.0))
        asked = {
            requests.put(tx, "survey", recipe.namespace, stage.program, asked_by=asked_by, valid_for=valid_for): key
            for key, stage in stages.items()
            if wait_s > 0 and key not in unable
        }
    replies = wait_for(database, list(asked), wait_s)
    with database.transaction() as tx:
        rule_sets = readable(recipe, resources.current_documents(tx, "DataQualityRuleSet", recipe.namespace))
        found = facts.with_age(tx, [need.key for need in wanted])
        took = measured_facts(recipe, measured.recent(tx, key_of(recipe), settings.measured_max_age()))
    unknown = {
        key: _why(replies.get(request), wait_s) for request, key in asked.items() if (replies.get(request) or {}).get("state") != "DONE"
    }
    unknown |= {key: f"{types[stages[key].program['connector']]} can be planned but not looked at in this release" for key in unable}
    unknown |= {key: "nobody has looked yet" for key in stages if wait_s <= 0 and key not in unable}
    return World(recipe, hashlib.sha256(row["document"].encode()).hexdigest(), types, rule_sets, wanted, found, unknown, took | given)


def planned(world: World, others: Sequence[Pipeline], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The plan as it is shown. `facts`: known; stale, where only old ones are at hand; missing, where columns are taken for granted."""
    missing = [need for need in world.needs if need.key not in world.found]
    known = assumed(world.recipe, world.facts, world.connector_types, world.rule_sets)
    made = plan(world.recipe, known, world.connector_types, world.rule_sets, pandas_rows=settings.integer(PANDAS_ROWS_SETTING, PANDAS_ROWS))
    return {
        "facts": "missing" if missing else "stale" if world.unknown else "known",
        "missing": [{"connector": n.connector, "nodes": list(n.nodes), "why": world.unknown.get(n.key, "")} for n in missing],
        "looked": [
            {
                "connector": need.connector,
                "nodes": list(need.nodes),
                "surveyedAt": told(world.found[need.key]["surveyed_at"]),
                "ageSeconds": round(world.found[need.key]["age_seconds"], 1),
                "why": world.unknown.get(need.key),
            }
            for need in world.needs
            if need.key in world.found
        ],
        "fingerprint": None if missing else fingerprint(made, world.sha, parameters, known),
        **shown(world.recipe, made, known, world.connector_types, others),
    }


def pipelines(tx: Tx, namespaces: Sequence[str] | None) -> list[Pipeline]:
    """The sources and sinks of all that are current, valid, and may be seen; what templates stand for in them is not known."""
    recipes = (_recipe(text) for text in resources.current_documents(tx, "Pipeline"))
    return [recipe for recipe in recipes if recipe is not None and (namespaces is None or recipe.namespace in namespaces)]


def wait_for(database: Database, asked: Sequence[str], wait_s: float) -> dict[str, dict[str, Any]]:
    """The requests as they stand once all are answered, or the time is over."""
    deadline = time.monotonic() + wait_s
    replies: dict[str, dict[str, Any]] = {}
    while asked:
        with database.transaction() as tx:
            replies = requests.read(tx, asked)
        if all(reply["state"] in {"DONE", "FAILED"} for reply in replies.values()) or time.monotonic() >= deadline:
            break
        time.sleep(LOOK_EVERY_S)
    return replies


def _going_on(tx: Tx, recipe: Pipeline) -> dict[str, int]:
    """Where its sequences stand now; by the time of a run they may have gone on."""
    there = sequences.values(tx, recipe.namespace, recipe.name)
    return {node: there[node] for node in starts(recipe) if node in there}


def _reading_on(tx: Tx, recipe: Pipeline) -> dict[str, dict[str, Any]]:
    """Where its cursors stand now; where a run's window ends is looked up when it begins."""
    there = {row["node"]: row for row in cursors.of_pipeline(tx, recipe.namespace, recipe.name)} if cursors_of(recipe) else {}
    return {node: {key: there[node][key] for key in ("value", "columns", "floor")} for node in cursors_of(recipe) if node in there}


def _why(reply: Mapping[str, Any] | None, wait_s: float) -> str:
    if reply is None or reply["state"] == "PENDING":
        return f"no worker had a free slot within {wait_s:g} s"
    if reply["state"] == "RUNNING":
        return f"{reply['worker']} has not answered within {wait_s:g} s"
    return str(reply["reply"]["message"])


# All of an installation: with fewer, each call would read every recipe anew.
@lru_cache(maxsize=10_000)
def _recipe(text: str) -> Pipeline | None:
    """Its sources and sinks; None where a template stands for something that must be known to read it."""
    try:
        read = pipeline(stored_document(text))
    except InvalidDocument:
        return None
    return replace(read, nodes=tuple(node for node in read.nodes if NODE_TYPES[node.type].role in {"source", "sink"}), edges=())
