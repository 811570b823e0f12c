"""Stages that a run need not do, since their outputs of an earlier run are kept (`cache: true`): found as the run is planned."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from typing import Any

from services.scheduler.recipes import Connectors, Recipe
from shared.datasets import staging
from shared.planning.cached import facts_of
from shared.planning.stages import Plan, Stage
from shared.store import datasets, kept, nodes, runs, stages
from shared.store.database import Tx
from shared.store.kept import Kept
from shared.store.runs import LockedRun

# Of a program, what changes without its rows being others.
_BESIDE = ("cache", "measures", "limits")


def keyed(run: LockedRun, recipe: Recipe, connectors: Connectors, plan: Plan, facts: Mapping[str, Mapping[str, Any]]) -> Plan:
    """The plan, in which stages whose outputs may be reused say so by a `key`: a hash of all that their rows are made of. `markers`: by
    source, of the files that they are to be made of.
    """
    if not any("cache" in stage.program for stage in plan.stages):
        return plan
    common = [version("penstock"), run.resource_uid, run.version, run.parameters, connectors.texts]
    keys: dict[int, str] = {}
    found: list[Stage] = []
    for stage in plan.stages:
        program = {key: value for key, value in stage.program.items() if key != "cache"}
        made_of = _made_of(stage, facts, keys) if recipe.replay is None else None
        if made_of is not None:
            keys[stage.id] = hashlib.sha256(json.dumps([common, made_of], sort_keys=True, default=str).encode()).hexdigest()
            program["cache"] = {"key": keys[stage.id], "markers": made_of["markers"]}
        found.append(replace(stage, program=program))
    return replace(plan, stages=tuple(found))


def _made_of(stage: Stage, facts: Mapping[str, Mapping[str, Any]], keys: Mapping[int, str]) -> dict[str, Any] | None:
    """None where something of it is not known, or it waits for what is not kept itself: a gate, for one."""
    if "cache" not in stage.program or not keys.keys() >= set(stage.inputs):
        return None
    markers = {node: facts[key].get("marker") for node, key in facts_of(stage.program).items()}
    if None in markers.values():
        return None
    # The number of a stage hangs on how much was surveyed before.
    reads = [{**read, "datasets": [[keys[at], port] for at, port in read["datasets"]]} for read in stage.program["reads"]]
    program = {key: value for key, value in stage.program.items() if key not in _BESIDE}
    return {"program": {**program, "reads": reads}, "nodes": stage.nodes, "engine": stage.engine, "markers": markers}


def reuse(tx: Tx, run: LockedRun, plan: Plan) -> None:
    """Completes stages of which the last output is kept and of the same key. All are done anew in a full refresh."""
    if runs.trigger(tx, run.id).get("fullRefresh"):
        return
    for stage in plan.stages:
        cache = stage.program.get("cache")
        found = kept.take(tx, run.resource_uid, stage.nodes, cache["key"]) if cache is not None else None
        if found is None:
            continue
        if not _there(found):
            kept.forget(tx, found.run, found.stage)
            continue
        figures = {node: {**found.figures[node], "durationMs": None, "reusedFrom": found.run} for node in stage.nodes}
        stages.adopt(tx, run.id, stage.id, found.run)
        datasets.insert(tx, run.id, stage.id, datasets.OF_ANOTHER_RUN, found.datasets)
        nodes.complete(tx, run.id, figures)
        for node, figure in figures.items():
            run.say("node.status", node=node, stage=stage.id, epoch=1, status="COMPLETED", **figure)


def _there(found: Kept) -> bool:
    """As they were written, as far as one can tell without reading them."""
    return all(staging.size_bytes(dataset.uri) == dataset.size_bytes for dataset in found.datasets)
