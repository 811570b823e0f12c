"""Recipes of tests/golden/planning on their way through the planner, as plain values that can be read and compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from shared.datasets import Columns
from shared.engines.program import Program
from shared.pipelines.language import pipeline, read_documents
from shared.pipelines.model import Pipeline, RuleSet
from shared.planning.graph import Graph
from shared.planning.measured import measured_facts
from shared.planning.needs import needs
from shared.planning.passes import PASSES, Draft, through
from shared.planning.place import Placement

GOLDEN = Path(__file__).parents[1] / "golden" / "planning"


@cache
def held_recipes() -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in yaml.safe_load((GOLDEN / "recipes.yaml").read_text())["recipes"]}


@cache
def _world() -> dict[str, Any]:
    world: dict[str, Any] = yaml.safe_load((GOLDEN / "recipes.yaml").read_text())
    return world


def given(name: str) -> Draft:
    """The draft with which planning of a golden recipe begins."""
    case, world = held_recipes()[name], _world()
    recipe = replace(_pipeline(case), quality=tuple(case.get("quality", ())))
    types = {f"default/{connector}": type_ for connector, type_ in world["connectors"].items()}
    facts = {need.key: _found(case, world, need.role, need.options) for need in needs(recipe, types)}
    rule_sets = tuple(RuleSet("default", one["name"], one["dataset"], tuple(one["rules"])) for one in case.get("rule_sets", ()))
    draft = Draft(recipe, facts, types, rule_sets, graph=Graph(recipe))
    took = {
        _measured_as(draft, case, one["settings"]): {"seconds": one["seconds"], "rows": case["rows"], "times": 2}
        for one in case.get("took", ())
    }
    return replace(draft, facts={**facts, **measured_facts(recipe, took)})


def _measured_as(draft: Draft, case: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    """As what the time of the one stage is kept where the recipe has those settings."""
    recipe = _pipeline({**case, "settings": settings})
    made = through(PASSES, replace(draft, pipeline=recipe, graph=Graph(recipe)))
    return str(made.programs[0].measures["name"])


def _pipeline(case: Mapping[str, Any]) -> Pipeline:
    document = {
        "apiVersion": "penstock/v1",
        "kind": "Pipeline",
        "metadata": {"name": "p"},
        "spec": {**case.get("settings", {}), "nodes": case["nodes"], "edges": [_edge(edge) for edge in case["edges"]]},
    }
    return pipeline(read_documents(yaml.safe_dump(document))[0])


def _edge(said: str) -> dict[str, Any]:
    """`from -> to [columns]`."""
    ends, _, columns = said.partition(" [")
    source, target = ends.split(" -> ")
    return {"from": source, "to": target, **({"columns": columns.rstrip("]").split(", ")} if columns else {})}


def _found(case: Mapping[str, Any], world: Mapping[str, Any], role: str, options: Mapping[str, Any]) -> dict[str, Any]:
    name = str(options.get("table") or options["path"]).removesuffix(".parquet")
    declared = case.get("target", world["tables"].get(name, {})) if role == "sink" else world["tables"][name]
    columns = [[column, str(type_).removesuffix(" NOT NULL"), not str(type_).endswith("NOT NULL")] for column, type_ in declared.items()]
    found = {"exists": True, "columns": columns, "keys": [], "marker": None, "version": "18", "sizeBytes": None, "schema": "public"}
    return {**found, "rows": case.get("rows", 5_000_000) if role == "source" else None}


def _columns(columns: Columns) -> dict[str, str]:
    return {column.name: column.type for column in columns}


def _checks(draft: Draft) -> Any:
    """Rule sets by what they look at; those that hold it back are marked."""
    found: dict[str, list[str]] = {}
    for check in draft.checks:
        found.setdefault(check.table or check.dataset, []).append(f"{check.rules.name}{' (gate)' if check.gate else ''}")
    return found


def _made_for_sinks(draft: Draft) -> Any:
    """Ports that rule sets are the reason for."""
    graph = draft.graph
    return {
        table: {"node": port.node, "sql": port.relation.select.sql("postgres"), "rules": list(port.rules)}
        for table, port in graph.ports.items()
        if port.for_sink or port.node in graph.sinks
    }


def _sources(draft: Draft) -> Any:
    return {
        table: {
            "connector": source.connector,
            **{key: value for key, value in source.options.items() if key != "surveyed"},
            "columns": _columns(source.columns),
            "reads": list(source.keep),
            "rows": source.rows,
        }
        for table, source in draft.graph.sources.items()
    }


def _reads(draft: Draft) -> Any:
    return {table: list(source.keep) for table, source in draft.graph.sources.items()}


def _ports(draft: Draft) -> Any:
    return {
        table: {"sql": port.relation.select.sql("postgres"), "columns": _columns(port.relation.columns), "rows": port.relation.rows}
        for table, port in draft.graph.ports.items()
    }


def _sinks(draft: Draft) -> Any:
    graph = draft.graph
    return {
        node: {
            "reads": graph.sink_inputs[node],
            "writes": f"{sink.write_mode} {sink.connector}:{sink.target}",
            **({"keys": list(sink.upsert_keys), "order": [" ".join(key) for key in sink.order]} if sink.upsert_keys else {}),
            "columns": _columns(sink.columns),
        }
        for node, sink in graph.sinks.items()
    }


def _placement(draft: Draft, placement: Placement) -> dict[str, Any]:
    return {
        "whole": placement.whole.connector if placement.whole else None,
        "along": [
            {
                "nodes": list(region.nodes),
                "exit": region.exit,
                "sql": {table: tree.sql("postgres") for table, tree in placement.typed.items() if draft.graph.owner(table) in region.nodes},
            }
            for region in placement.regions
        ],
        "why": list(placement.why),
        "local": dict(placement.local),
    }


def _program(program: Program) -> dict[str, Any]:
    """What is said and handed on; figures have tests of their own."""
    return {
        "engine": program.engine,
        "reads": {
            read.table: [list(dataset) for dataset in read.datasets]
            or {"connector": read.connector, "columns": list(read.keep or ()), "sql": read.options.get("query")}
            for read in program.reads
        },
        "statements": {made.table: made.sql for made in program.statements},
        "outputs": {output.port: output.sql for output in program.outputs},
        "rejects": {reject.node: reject.sql or f"read {reject.read}" for reject in program.rejects},
        "sinks": {sink.node: sink.sql for sink in program.sinks},
    }


_STAGE = ("id", "kind", "inputs", "generation", "engine", "queue", "label")

# What can be shown of a draft, by name.
VIEWS: Mapping[str, Callable[[Draft], Any]] = {
    "order": lambda draft: list(draft.graph.order),
    "sources": _sources,
    "read columns": _reads,
    "ports": _ports,
    "relations": lambda draft: {table: port.relation.select.sql("postgres") for table, port in draft.graph.ports.items()},
    "dropped": lambda draft: list(draft.graph.dropped),
    "sinks": _sinks,
    "warnings": lambda draft: list(draft.graph.warnings),
    "destinations": lambda draft: {node: f"{sink.connector}:{sink.target}" for node, sink in draft.graph.sinks.items()},
    "rule sets": lambda draft: {rules.name: dict(rules.dataset) for rules in draft.rule_sets},
    "checks": lambda draft: _checks(draft),
    "made for sinks": _made_for_sinks,
    "rows": lambda draft: {table: source.rows for table, source in draft.graph.sources.items()},
    "edges": lambda draft: [f"{edge.source} -> {edge.target}" for edge in draft.pipeline.edges],
    "engines": lambda draft: {node: choice.engine for node, choice in draft.choices.items()},
    "choices": lambda draft: {node: {"why": choice.why, "alone": choice.alone} for node, choice in draft.choices.items()},
    "pieces": lambda draft: [
        {"nodes": list(piece.nodes), "engine": piece.engine, "first": piece.first, "why": piece.why} for piece in draft.pieces
    ],
    "nodes of pieces": lambda draft: [list(piece.nodes) for piece in draft.pieces],
    "placements": lambda draft: [_placement(draft, placement) for placement in draft.placements],
    "programs": lambda draft: [_program(program) for program in draft.programs],
    "datasets": lambda draft: [
        {read.table: [list(dataset) for dataset in read.datasets] for read in program.reads if read.datasets} for program in draft.programs
    ],
    "stages": lambda draft: [
        {"nodes": list(stage.nodes), **{key: _plain(getattr(stage, key)) for key in _STAGE}, "does": _done(stage.program)}
        for stage in draft.stages
    ],
}


def _done(program: Mapping[str, Any]) -> list[str]:
    """What a stage makes and writes, or the rule set that it checks."""
    made = [f"{kind} {one.get('table') or one.get('port') or one['node']}" for kind in _MADE for one in program.get(kind, ())]
    return made or [f"check {program['ruleSet']}"]


_MADE = ("reads", "statements", "outputs", "sinks")


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


# pass -> what it reads of a draft, and what it puts there. What resolve reads is the recipe itself.
SHOWN: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "resolve": ((), ("order", "sources")),
    "relate": (("read columns", "edges"), ("ports", "sinks", "warnings")),
    "prune": (("read columns", "relations"), ("read columns", "relations", "dropped")),
    "attach_checks": (("destinations", "rule sets"), ("checks", "made for sinks")),
    "choose_engines": (("rows", "edges"), ("engines", "choices")),
    "cut": (("edges", "engines"), ("pieces",)),
    "gate": (("nodes of pieces", "checks"), ("pieces", "made for sinks")),
    "place": (("nodes of pieces", "checks"), ("placements",)),
    "push": (("nodes of pieces", "rows"), ("placements",)),
    "learn": (("placements",), ("placements",)),
    "emit": (("placements",), ("programs",)),
    "arrange": (("pieces", "datasets"), ("stages",)),
    "add_checks": (("checks", "stages"), ("stages",)),
}


def seen(draft: Draft, views: tuple[str, ...]) -> dict[str, Any]:
    return {view: VIEWS[view](draft) for view in views}
