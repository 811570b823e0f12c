"""A recipe run in this process: read, validated, surveyed, planned, and every stage run by the engine, with no server at all."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from services.quality import measure
from services.worker import stage as worker
from shared.datasets import Dataset
from shared.engines.control import Control
from shared.engines.work import Job, Limits, Outcome, ResolvedConnector
from shared.pipelines.language import pipeline, read_documents, rule_set
from shared.pipelines.validation import Known, validate
from shared.planning.make import plan
from shared.planning.needs import needs, survey
from shared.planning.stages import Plan
from shared.store.identifiers import new_id


@dataclass
class Ran:
    """`figures` by node; `rejects` by node: (record, message, position); `quality`: what checks measured, in the order of the plan."""

    folder: Path
    plan: Plan
    outcomes: list[Outcome]
    figures: dict[str, dict[str, Any]] = field(default_factory=dict)
    rejects: dict[str, list[tuple[Any, str, int | None]]] = field(default_factory=dict)
    quality: list[dict[str, Any]] = field(default_factory=list)

    def rows(self, path: str) -> list[tuple[Any, ...]]:
        """A written file's rows, in its own order."""
        target = self.folder / path
        if target.suffix == ".csv":
            with target.open(newline="") as file:
                return [tuple(row) for row in csv.reader(file)][1:]
        return duckdb.sql(f"SELECT * FROM '{target}'").fetchall()


def make_pipeline(nodes: str, edges: str, settings: str = "") -> str:
    head = "apiVersion: penstock/v1\nkind: Pipeline\nmetadata: {name: p}\nspec:\n"
    return f"{head}{settings}  nodes:\n{nodes}\n  edges: [{edges}]\n"


def run(
    folder: Path,
    recipe: str,
    *,
    epoch: int = 1,
    run_id: str | None = None,
    memory: int = 2_000_000_000,
    more: Mapping[str, tuple[str, dict[str, Any]]] | None = None,
) -> Ran:
    """`recipe`: the pipeline, and rule sets after it; a gate stops nothing here. `more`: connectors beside `files`, the folder, by name:
    (type, config).
    """
    named = {"files": ("files", {"root": str(folder)}), **(more or {})}
    connectors = {f"default/{name}": ResolvedConnector(f"default/{name}", type_, config) for name, (type_, config) in named.items()}
    documents = read_documents(recipe)
    problems = validate(documents, Known({name: (c.type, c.config) for name, c in connectors.items()}, require_connectors=True))
    assert not [p for p in problems if p.severity == "error"], problems
    recipe_ = pipeline(documents[0])
    types = {name: c.type for name, c in connectors.items()}
    wanted = needs(recipe_, types)
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    run_id = run_id or new_id()
    limits = Limits(memory, 2, str(scratch))
    data: dict[str, Dataset] = {}

    def job(stage: int, kind: str, program: dict[str, Any]) -> Job:
        return Job("default", run_id, stage, epoch, kind, program, connectors, data, str(folder / "staging"), limits)

    facts = {}
    for stage in survey(recipe_, wanted).stages:
        found = worker.survey(job(stage.id, "survey", stage.program), Control()).facts
        assert found is not None
        facts[found["key"]] = found["found"]
    made = plan(recipe_, facts, types, [rule_set(document) for document in documents[1:]], first_stage=len(wanted) + 1)
    ran = Ran(folder, made, [])
    for stage in made.stages:
        if stage.kind == "check":
            ran.quality.append(measure.run(job(stage.id, "check", stage.program), Control()).quality or {})
            continue
        outcome = Outcome.from_json(json.loads(json.dumps(worker.run(job(stage.id, "work", stage.program), Control()).to_json())))
        ran.outcomes.append(outcome)
        ran.figures |= outcome.figures
        data |= {f"{stage.id}:{dataset.port}": dataset for dataset in outcome.datasets}
        for file in outcome.rejects:
            found_rows = duckdb.sql(f"SELECT original_record, error_message, position FROM '{file.uri}' ORDER BY position").fetchall()
            ran.rejects[file.node] = [(json.loads(record), message, position) for record, message, position in found_rows]
    return ran
