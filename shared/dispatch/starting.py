"""How a run is made, whoever asks for it: a person, a schedule, a trigger, a backfill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.dispatch import dependencies
from shared.pipelines.language import RunValues, Unsettled, filled, settle, zone_of
from shared.pipelines.language.templates import Moment
from shared.pipelines.model import Problem
from shared.pipelines.validation import has_values, stored_document, templated_texts
from shared.pipelines.validation.elsewhere import can_be_named_by_values, reached_by_values
from shared.store import dependencies as store
from shared.store import runs
from shared.store.database import Tx
from shared.store.dependencies import Needed
from shared.store.identifiers import new_id


@dataclass(frozen=True, slots=True)
class Version:
    """What a run is of: a version of a pipeline, and its text."""

    namespace: str
    pipeline: str
    uid: str
    number: int
    sha: str | None
    text: str

    @staticmethod
    def of(row: Mapping[str, Any]) -> Version:
        """From a row of `shared.store.resources`."""
        return Version(row["namespace"], row["name"], row["uid"], row["version"], row["git_commit_sha"], row["document"])


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run is asked for with. `trigger`: {type, …}, who asked and what for. `interval_start`: of its data interval. `request_id`: of
    the call that asks, where one does; `traceparent`: its span.
    """

    trigger: Mapping[str, Any]
    logical_date: datetime
    interval_start: datetime
    created_by: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    reason: str | None = None
    request_id: str | None = None
    traceparent: str | None = None


def values_of(
    text: str,
    given: Mapping[str, Any],
    *,
    run: str,
    logical_date: datetime,
    interval_start: datetime,
    environment: Mapping[str, str],
) -> RunValues | None:
    """What a run of a recipe is given; None for a recipe without parameters and templates.

    `environment`: what env() may read. Raises Unsettled.
    """
    if not has_values(text):
        if given:
            raise Unsettled(
                [
                    Problem("unknown_parameter", f"the pipeline has no parameter '{name}'; it takes none", f"/parameters/{name}")
                    for name in given
                ]
            )
        return None
    document, texts = stored_document(text), templated_texts(text)
    values = settle(document, given, Moment(run, logical_date, interval_start, zone_of(document)), environment, texts)
    naming = [path for path, _ in texts if can_be_named_by_values(path)]
    if naming and (beyond := reached_by_values(document, filled(document, values))):
        place = document.places.values.get(naming[0])
        message = f"these values name things of namespace {', '.join(beyond)}; what is of another namespace must be written in the recipe"
        raise Unsettled([Problem("foreign_name", message, naming[0], *((place.line, place.column) if place else (1, 1)))])
    return values


@dataclass(frozen=True, slots=True)
class New:
    """A run that is about to be made. `run`: from `new_id`, as it was given to `values_of`. `waits`: what it waits for."""

    version: Version
    asked: Asked
    run: str
    values: RunValues | None
    waits: Sequence[Needed] = ()


def prepared(tx: Tx, version: Version, asked: Asked, environment: Mapping[str, str], *, run: str | None = None) -> New:
    """A run by itself. Raises Unsettled where the recipe wants to be told what nobody says, and TooManyDates."""
    run = run or new_id()
    values = values_of(
        version.text,
        asked.parameters,
        run=run,
        logical_date=asked.logical_date,
        interval_start=asked.interval_start,
        environment=environment,
    )
    waits = dependencies.needed(
        tx,
        version.namespace,
        version.pipeline,
        trigger=asked.trigger,
        logical_date=asked.logical_date,
        interval_start=asked.interval_start,
    )
    return New(version, asked, run, values, waits)


def create(tx: Tx, new: Sequence[New]) -> None:
    """Makes the runs, QUEUED, in one statement, and says what each waits for."""
    runs.create_all(tx, [said_of(one) for one in new])
    for one in new:
        store.begin(tx, one.run, one.waits)


def said_of(new: New) -> dict[str, Any]:
    """As `shared.store.runs` is told of it, by whoever makes it in a statement with something else."""
    version, asked, values = new.version, new.asked, new.values
    return {
        "run": new.run,
        "namespace": version.namespace,
        "pipeline": version.pipeline,
        "resource_uid": version.uid,
        "version": version.number,
        "git_commit_sha": version.sha,
        "trigger": dict(asked.trigger),
        "parameters": values.plain_parameters() if values else {},
        "run_values": values.to_json() if values else None,
        "logical_date": asked.logical_date.isoformat(),
        "interval_start": asked.interval_start.isoformat(),
        "reason": asked.reason,
        "created_by": asked.created_by,
        "request_id": asked.request_id,
        "traceparent": asked.traceparent,
    }


def start(tx: Tx, version: Version, asked: Asked, environment: Mapping[str, str], *, run: str | None = None) -> str:
    """Makes a run by itself; its id. Raises as `prepared`. What else is wrong with the version, it is told when it is planned."""
    new = prepared(tx, version, asked, environment, run=run)
    create(tx, [new])
    return new.run
