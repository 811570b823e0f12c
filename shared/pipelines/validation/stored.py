"""What is wrong with a recipe that was saved, seen from what is saved today. Pure functions of texts, so that each is computed once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any

from shared.pipelines.language import RunValues, calendar, connector, filled, needs_values, read_documents, rule_set, zone_of
from shared.pipelines.language.run_values import templated
from shared.pipelines.language.values import InvalidDocument
from shared.pipelines.model import ConnectorDefinition, Document, Problem, RuleSet
from shared.pipelines.validation.documents import validate
from shared.pipelines.validation.known import Known
from shared.triggers.calendars import Calendar


@lru_cache(maxsize=256)
def stored_connector(text: str) -> ConnectorDefinition:
    """Of a document that was valid when it was saved."""
    return connector(read_documents(text)[0])


@lru_cache(maxsize=256)
def stored_rule_set(text: str) -> RuleSet:
    """Of a document that was valid when it was saved."""
    return rule_set(read_documents(text)[0])


def known_from(
    connectors: Iterable[str],
    rule_sets: Iterable[str] = (),
    *,
    require_connectors: bool = False,
    calendars: Iterable[str] = (),
    columns: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
) -> Known:
    """`connectors`, `rule_sets` and `calendars` as texts; `columns` as in `Known`. A connector that today's rules refuse is left out,
    as if it were not there.
    """
    definitions = []
    for text in connectors:
        # Saved under an older release's rules: it must not stand in the way of all other documents.
        with suppress(InvalidDocument):
            definitions.append(stored_connector(text))
    return Known(
        connectors={f"{found.namespace}/{found.name}": (found.type, found.config) for found in definitions},
        rule_sets={f"{document.namespace}/{document.name}" for text in rule_sets for document in read_documents(text)},
        require_connectors=require_connectors,
        calendars={f"{document.namespace}/{document.name}" for text in calendars for document in read_documents(text)},
        columns=columns or {},
    )


@lru_cache(maxsize=128)
def stored_document(text: str) -> Document:
    """The only document of a text that is kept."""
    return read_documents(text)[0]


def has_values(text: str) -> bool:
    """Whether runs of the recipe have values: it declares parameters, or holds templates."""
    # Most need not be read to know: without a backslash, nothing stands in a text in other letters than its own.
    return any(mark in text for mark in ("{{", "parameters", "\\")) and _has_values(text)


@lru_cache(maxsize=128)
def _has_values(text: str) -> bool:
    return needs_values(stored_document(text))


@lru_cache(maxsize=128)
def templated_texts(text: str) -> tuple[tuple[str, str], ...]:
    """Path and text of what a valid recipe fills for each run."""
    return tuple(templated(stored_document(text)))


@lru_cache(maxsize=128)
def schedule_of(text: str) -> dict[str, Any] | None:
    """{schedule, timezone, calendar} of a valid recipe, as of its trigger; None where it has no schedule."""
    document = stored_document(text)
    spec = document.tree["spec"]
    if not spec.get("schedule"):
        return None
    return {"schedule": spec["schedule"], "timezone": zone_of(document).key, "calendar": spec.get("calendar")}


@lru_cache(maxsize=1024)
def stored_calendar(text: str, version: int) -> Calendar | None:
    """Of a document that was valid when it was saved; None where today's rules refuse it."""
    with suppress(InvalidDocument):
        return calendar(stored_document(text), version)
    return None


@lru_cache(maxsize=64)
def filled_document(text: str, values: str) -> Document:
    """The recipe with the values of a run in place of its templates. `values`: `RunValues.key`, empty for a recipe that has none."""
    document = stored_document(text)
    return filled(document, RunValues.from_json(json.loads(values))) if values else document


def stored_errors(text: str, connectors: tuple[str, ...], rule_sets: tuple[str, ...] = (), values: str = "") -> tuple[Problem, ...]:
    """Why the recipe cannot run; empty when it can. All connectors that it names must be among `connectors`.

    With `values` it is the recipe of that one run that is looked at.
    """
    return (_filled_errors if values else _errors)(text, connectors, rule_sets, values)


def _found(text: str, connectors: tuple[str, ...], rule_sets: tuple[str, ...], values: str) -> tuple[Problem, ...]:
    found = validate([filled_document(text, values)], known_from(connectors, rule_sets, require_connectors=True))
    return tuple(problem for problem in found if problem.severity == "error")


# Apart, so that a recipe whose every run has values of its own does not push out those that never change.
_errors = lru_cache(maxsize=64)(_found)
_filled_errors = lru_cache(maxsize=64)(_found)
