"""What is wrong with a recipe that was saved, seen from what is saved today. Pure functions of texts, so that each is computed once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from shared.pipelines.language import connector, read_documents
from shared.pipelines.model import ConnectorDefinition, Problem
from shared.pipelines.validation.documents import validate
from shared.pipelines.validation.known import Known


@lru_cache(maxsize=256)
def stored_connector(text: str) -> ConnectorDefinition:
    """Of a document that was valid when it was saved."""
    return connector(read_documents(text)[0])


def known_from(
    connectors: Iterable[str],
    rule_sets: Iterable[str] = (),
    *,
    require_connectors: bool = False,
    calendars: Iterable[str] = (),
    columns: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
) -> Known:
    """`connectors`, `rule_sets` and `calendars` as texts; `columns` as in `Known`."""
    definitions = [stored_connector(text) for text in connectors]
    return Known(
        connectors={f"{found.namespace}/{found.name}": (found.type, found.config) for found in definitions},
        rule_sets={f"{document.namespace}/{document.name}" for text in rule_sets for document in read_documents(text)},
        require_connectors=require_connectors,
        calendars={f"{document.namespace}/{document.name}" for text in calendars for document in read_documents(text)},
        columns=columns or {},
    )


@lru_cache(maxsize=64)
def stored_errors(text: str, connectors: tuple[str, ...], rule_sets: tuple[str, ...] = ()) -> tuple[Problem, ...]:
    """Why the recipe cannot run; empty when it can. All connectors that it names must be among `connectors`."""
    found = validate(read_documents(text), known_from(connectors, rule_sets, require_connectors=True))
    return tuple(problem for problem in found if problem.severity == "error")
