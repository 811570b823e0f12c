"""Recipes through the real reader, validation, planner and engine, with no server: facts are looked up once and kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from services.worker import stage as worker
from shared.datasets import Dataset
from shared.engines.control import Control
from shared.engines.work import Job, Limits, Outcome, ResolvedConnector
from shared.errors import PenstockError
from shared.pipelines.language import pipeline, read_documents
from shared.pipelines.model import Pipeline
from shared.pipelines.validation import Known, validate
from shared.planning.errors import PlanProblem
from shared.planning.graph import Graph
from shared.planning.make import logical_plan, plan
from shared.planning.needs import needs, survey
from shared.planning.passes import PASSES, Pass
from shared.store.identifiers import new_id

Rows = list[tuple[Any, ...]]


class Refused(Exception):
    """The recipe is not valid, or cannot be planned: a sentence."""


@dataclass(frozen=True)
class Failed:
    """The recipe runs, and a node fails as a whole (an overflow, say)."""

    why: str


Answer = dict[str, Rows] | Failed


@dataclass
class Workshop:
    """A folder with the tables, the connectors by name (`tables` among them), what was surveyed so far, and the planner's passes."""

    folder: Path
    connectors: Mapping[str, tuple[str, dict[str, Any]]]
    facts: dict[str, Any] = field(default_factory=dict)
    passes: Iterable[Pass] = PASSES

    def read(self, text: str) -> Pipeline:
        """Raises Refused."""
        documents = read_documents(text)
        known = Known({f"default/{name}": found for name, found in self.connectors.items()}, require_connectors=True)
        wrong = [p for p in validate(documents, known) if p.severity == "error"]
        if wrong:
            raise Refused("; ".join(p.message for p in wrong))
        recipe = pipeline(documents[0])
        for stage in survey(recipe, [n for n in needs(recipe, self._types()) if n.key not in self.facts]).stages:
            found = worker.survey(self._job(new_id(), stage.id, "survey", stage.program, {}), Control()).facts
            assert found is not None
            self.facts[found["key"]] = found["found"]
        return recipe

    def graph(self, recipe: Pipeline) -> Graph:
        """Raises Refused."""
        try:
            return logical_plan(recipe, self.facts, self._types())
        except PlanProblem as problem:
            raise Refused(problem.message) from problem

    def run(self, recipe: Pipeline) -> Answer:
        """Rows by sink, as the planner's stages write them."""
        data: dict[str, Dataset] = {}
        run = new_id()
        try:
            stages = plan(recipe, self.facts, self._types(), passes=self.passes).stages
            for stage in stages:
                outcome = worker.run(self._job(run, stage.id, "work", json.loads(json.dumps(stage.program)), data), Control())
                data |= {f"{stage.id}:{dataset.port}": dataset for dataset in Outcome.from_json(outcome.to_json()).datasets}
        except PlanProblem as problem:
            raise Refused(problem.message) from problem
        except PenstockError as error:
            return Failed(error.message)
        except Exception as error:  # noqa: BLE001 (an engine that breaks is a finding like any other)
            return Failed(f"{type(error).__name__}: {error}")
        sinks = [node.id for node in recipe.nodes if node.type == "connector_sink"]
        return {sink: _rows(self.folder / f"{sink}.parquet") for sink in sinks}

    def _types(self) -> dict[str, str]:
        return {f"default/{name}": type_ for name, (type_, _) in self.connectors.items()}

    def _job(self, run: str, stage: int, kind: str, program: dict[str, Any], data: dict[str, Dataset]) -> Job:
        resolved = {
            f"default/{name}": ResolvedConnector(f"default/{name}", type_, config) for name, (type_, config) in self.connectors.items()
        }
        return Job(
            "default",
            run,
            stage,
            1,
            kind,
            program,
            resolved,
            data,
            str(self.folder / "staging"),
            Limits(1_500_000_000, 2, str(self.folder)),
        )


def _rows(file: Path) -> Rows:
    table = pq.read_table(file)
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True)) if table.num_columns else []
