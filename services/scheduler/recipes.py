"""A run's recipe, read from the version it is pinned to, and what it refers to, as it is today."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from services.scheduler.settings import Settings
from shared.errors import ConfigurationError
from shared.pipelines import graph
from shared.pipelines.delivered import DELIVERED, DELIVERED_TYPE
from shared.pipelines.language import InvalidDocument, RunValues, pipeline
from shared.pipelines.model import Document, Pipeline
from shared.pipelines.replay import LETTERS, LETTERS_TYPE, replayed
from shared.pipelines.validation import filled_document, stored_connector, stored_errors
from shared.planning import delivered
from shared.planning.cursors import cursors, windowed
from shared.planning.make import plan
from shared.planning.modes import PANDAS_ROWS, PANDAS_ROWS_SETTING
from shared.planning.needs import Need, full_reference
from shared.planning.replays import columns_entering, facts_of
from shared.planning.rule_sets import readable
from shared.planning.sequences import continued, starts
from shared.planning.stages import Plan
from shared.process import settings
from shared.store import dead_letter_views, resources
from shared.store.database import Tx


class InvalidRecipe(ConfigurationError):
    code = "invalid_recipe"


@dataclass(frozen=True, slots=True)
class Replay:
    """What is replayed: so many letters, of rows with these columns (as JSON). `whole`: what the pipeline was cut down from."""

    columns: tuple[Any, ...]
    letters: int
    whole: Pipeline


@dataclass(frozen=True, slots=True)
class Connectors:
    """Those that a recipe names and that are there: the `texts` of all, and by namespace/name the `types` and the maxConnections (`limits`,
    None without one) of those that its nodes read and write.
    """

    texts: tuple[str, ...]
    types: dict[str, str]
    limits: dict[str, int | None]


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """`generations`: Kahn levels of the pipeline's nodes, sources first. Read once per text and values, so that identity is equality.

    `values`: `RunValues.key` of the run's, empty for a recipe that has neither parameters nor templates.
    """

    document: Document
    values: str
    pipeline: Pipeline
    generations: tuple[tuple[str, ...], ...]
    replay: Replay | None = None

    @property
    def concurrency(self) -> str:
        return str(self.pipeline.settings.get("concurrencyPolicy", "Forbid"))

    def references(self) -> tuple[str, ...]:
        """Connectors that the recipe names, in full (namespace/name)."""
        whole = self.pipeline if self.replay is None else self.replay.whole
        named = (node.config.get("connector") for node in whole.nodes)
        return tuple(dict.fromkeys(full_reference(whole, name) for name in named if name))

    def connectors(self, tx: Tx) -> Connectors:
        """As they are today."""
        of_nodes = self.references()
        parts = {name: (name.partition("/")[0], name.partition("/")[2]) for name in (*of_nodes, *self._beside_nodes())}
        there = resources.current_texts(tx, "Connector", list(parts.values()))
        found = []
        for name in of_nodes:
            # One that today's rules refuse is as if it were not there, which `check` tells of.
            with suppress(InvalidDocument):
                found += [stored_connector(there[parts[name]])] if parts[name] in there else []
        letters = {LETTERS: LETTERS_TYPE} if self.replay is not None else {}
        deliveries = {DELIVERED: DELIVERED_TYPE} if DELIVERED in of_nodes else {}
        return Connectors(
            tuple(there[named] for named in parts.values() if named in there),
            {f"{one.namespace}/{one.name}": one.type for one in found} | letters | deliveries,
            {f"{one.namespace}/{one.name}": one.max_connections for one in found},
        )

    def _beside_nodes(self) -> Iterator[str]:
        """Connectors that its triggers look into, and by which its people are told."""
        spec = self.document.tree["spec"]
        for entry in (*(spec.get("triggers") or ()), *(spec.get("notifications") or ())):
            if named := entry.get("connector"):
                yield full_reference(self.pipeline, named)

    def facts(self, needs: Sequence[Need]) -> dict[str, dict[str, Any]]:
        """What nobody need look for: the columns of the letters that it replays, and of the rows that a webhook is sent."""
        letters = facts_of(needs, self.replay.columns, self.replay.letters) if self.replay is not None else {}
        return letters | delivered.facts_of(self.pipeline, needs)

    @property
    def sequences(self) -> dict[str, int]:
        """Nodes whose numbers go on from run to run: runs of the pipeline go one after the other."""
        return starts(self.pipeline)

    @property
    def cursors(self) -> tuple[str, ...]:
        """Nodes that read what is new since the last run: runs go one after the other for them, too."""
        return cursors(self.pipeline)

    def plan(
        self,
        tx: Tx,
        types: Mapping[str, str],
        facts: Mapping[str, Mapping[str, Any]],
        first_stage: int,
        begin: Mapping[str, int],
        windows: Mapping[str, Mapping[str, Any]],
    ) -> Plan:
        """Every valid rule set of the pipeline's namespace is handed over; the planner keeps those that attach to this pipeline.

        `types`: of connectors. `begin`: where its sequences go on. `windows`: what its cursors read (`shared.planning.cursors`); no other
        run has the same.
        """
        rule_sets = tuple(resources.current_documents(tx, "DataQualityRuleSet", self.pipeline.namespace))
        planned = _plan if windows or self.replay is not None else _planned_filled if self.values else _planned_as_is
        return planned(
            self,
            json.dumps(facts, sort_keys=True),
            tuple(types.items()),
            rule_sets,
            first_stage,
            tuple(begin.items()),
            json.dumps(windows),
        )

    def check(self, connectors: Connectors) -> None:
        """Validates the version again, against today's connectors. Raises InvalidRecipe with the first problem and how many there are."""
        errors = stored_errors(self.document.text, connectors.texts, (), self.values)
        if errors:
            more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
            raise InvalidRecipe(f"line {errors[0].line}: {errors[0].message}{more}", node=errors[0].node)


def load(tx: Tx, resource_uid: str, version: int, settings: Settings, run_values: Mapping[str, Any] | None) -> Recipe:
    """`run_values`: as kept with the run."""
    text = resources.document(tx, resource_uid, version)
    if run_values is None:
        return _read_as_is(text, settings.max_parallel_nodes)
    return _read_filled(text, settings.max_parallel_nodes, RunValues.from_json(run_values).key)


def replaying(tx: Tx, recipe: Recipe, asked: Mapping[str, Any]) -> Recipe:
    """The recipe of a run that replays rejected rows (`LockedRun.replay`). Raises CannotReplay."""
    pipeline = replayed(recipe.pipeline, asked["node"], lines=asked["kind"] == "line")
    columns = columns_entering(dead_letter_views.programs(tx, asked["of"], asked["node"]), asked["node"])
    return replace(
        recipe, pipeline=pipeline, generations=_levels(pipeline), replay=Replay(tuple(columns), asked["letters"], recipe.pipeline)
    )


def _read(text: str, max_parallel_nodes: int, values: str = "") -> Recipe:
    document = filled_document(text, values)
    read = pipeline(document, max_parallel_nodes=max_parallel_nodes)
    return Recipe(document, values, read, _levels(read))


def _levels(read: Pipeline) -> tuple[tuple[str, ...], ...]:
    levels = graph.generations([node.id for node in read.nodes], [(edge.source, edge.target) for edge in read.edges])
    return tuple(tuple(level) for level in levels)


# Apart, so that a recipe whose every run has values of its own does not push out those that never change.
_read_as_is = lru_cache(maxsize=64)(_read)
_read_filled = lru_cache(maxsize=64)(_read)


def _plan(
    recipe: Recipe,
    facts: str,
    connector_types: tuple[tuple[str, str], ...],
    rule_sets: tuple[str, ...],
    first_stage: int,
    begin: tuple[tuple[str, int], ...],
    windows: str,
) -> Plan:
    read = windowed(continued(recipe.pipeline, dict(begin)), json.loads(windows))
    rules = readable(read, rule_sets)
    rows = settings.integer(PANDAS_ROWS_SETTING, PANDAS_ROWS)
    return plan(read, json.loads(facts), dict(connector_types), rules, first_stage, pandas_rows=rows)


# A recipe that runs every minute over objects that did not change is planned once.
_planned_as_is = lru_cache(maxsize=16)(_plan)
_planned_filled = lru_cache(maxsize=16)(_plan)
