"""A run's recipe, read from the version it is pinned to, and what it refers to, as it is today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from services.scheduler.settings import Settings
from shared.errors import ConfigurationError
from shared.pipelines import graph
from shared.pipelines.language import connector, pipeline, read_documents, rule_set
from shared.pipelines.model import ConnectorDefinition, Document, Pipeline, RuleSet
from shared.pipelines.validation import Known, validate
from shared.store import resources
from shared.store.database import Tx


class InvalidRecipe(ConfigurationError):
    code = "invalid_recipe"


@dataclass(frozen=True, slots=True)
class Recipe:
    """`generations`: Kahn levels of the pipeline's nodes, sources first."""

    document: Document
    pipeline: Pipeline
    generations: tuple[tuple[str, ...], ...]

    @property
    def concurrency(self) -> str:
        return str(self.pipeline.settings.get("concurrencyPolicy", "Forbid"))

    def references(self) -> tuple[str, ...]:
        """Connectors that the recipe names, in full (namespace/name)."""
        named = (node.config.get("connector") for node in self.pipeline.nodes)
        return tuple(dict.fromkeys(name if "/" in name else f"{self.pipeline.namespace}/{name}" for name in named if name))

    def _connectors(self, tx: Tx) -> dict[str, ConnectorDefinition]:
        found = {}
        for reference in self.references():
            namespace, _, name = reference.partition("/")
            text = resources.current_document(tx, "Connector", namespace, name)
            if text is not None:
                found[reference] = _connector(text)
        return found

    def connector_types(self, tx: Tx) -> dict[str, str]:
        return {reference: definition.type for reference, definition in self._connectors(tx).items()}

    def rule_sets(self, tx: Tx) -> Sequence[RuleSet]:
        """Every valid rule set of the pipeline's namespace; the planner keeps those that attach to this pipeline."""
        return [_rule_set(text) for text in resources.current_documents(tx, "DataQualityRuleSet", self.pipeline.namespace)]

    def check(self, tx: Tx, namespace: str) -> None:
        """Validates the version again, against today's connectors. Raises InvalidRecipe with the first problem and how many there are."""
        definitions = self._connectors(tx)
        known = Known(connectors={key: (d.type, d.config) for key, d in definitions.items()}, require_connectors=True)
        errors = [problem for problem in validate([self.document], known) if problem.severity == "error"]
        if errors:
            more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
            raise InvalidRecipe(f"line {errors[0].line}: {errors[0].message}{more}", node=errors[0].node)


def load(tx: Tx, resource_uid: str, version: int, settings: Settings) -> Recipe:
    return _read(resources.document(tx, resource_uid, version), settings.max_parallel_nodes)


@lru_cache(maxsize=64)
def _read(text: str, max_parallel_nodes: int) -> Recipe:
    document = read_documents(text)[0]
    read = pipeline(document, max_parallel_nodes=max_parallel_nodes)
    levels = graph.generations([node.id for node in read.nodes], [(edge.source, edge.target) for edge in read.edges])
    return Recipe(document, read, tuple(tuple(level) for level in levels))


@lru_cache(maxsize=256)
def _connector(text: str) -> ConnectorDefinition:
    return connector(read_documents(text)[0])


@lru_cache(maxsize=256)
def _rule_set(text: str) -> RuleSet:
    return rule_set(read_documents(text)[0])
