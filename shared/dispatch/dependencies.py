"""What a run waits for, told when it is made; and PipelineDependency documents put in force.

Runs that their schedule or the end of another run starts wait; those that a person, a backfill, a delivery or a file asks for do not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from shared.dispatch.fire_times import fire_times
from shared.errors import ConfigurationError
from shared.pipelines.language import InvalidDocument, dependency, starts
from shared.pipelines.model import Document
from shared.pipelines.validation import stored_document
from shared.pipelines.validation.known import full_name
from shared.store import dependencies, resources, triggers
from shared.store.database import Tx
from shared.store.dependencies import MOST_DATES, Needed

# What starts runs that wait.
WAITING = frozenset({"schedule", "pipeline"})
_INSTANT = timedelta(microseconds=1)


class TooManyDates(ConfigurationError):
    """A run would wait for more runs of another pipeline than anybody can look at."""

    code = "too_many_dates"


def needed(
    tx: Tx, namespace: str, pipeline: str, *, trigger: Mapping[str, Any], logical_date: datetime, interval_start: datetime
) -> list[Needed]:
    """What a run that is about to be made waits for. Raises TooManyDates."""
    waits: list[Needed] = []
    if trigger.get("type") not in WAITING or not (wanted := dependencies.of(tx, namespace, pipeline)):
        return waits
    for one in wanted:
        dates: Sequence[datetime] | None = None
        if trigger["type"] == "schedule":
            dates = _times(tx, one.upstream, min(interval_start, logical_date - _INSTANT), logical_date)
        # Of a mode `any` the wait is over when the longest is.
        beside = [other.max_wait for other in wanted if other.dependency == one.dependency]
        longest = max(beside) if one.mode == "any" else one.max_wait
        waits.append((one, [logical_date] if dates is None else dates, longest))
    return waits


def _times(tx: Tx, pipeline: str, after: datetime, until: datetime, above: frozenset[str] = frozenset()) -> list[datetime] | None:
    """When a pipeline runs in a stretch of time: by its schedule, or as what it waits for does. None where nothing says it."""
    namespace, _, name = pipeline.partition("/")
    schedule = dependencies.schedule_of(tx, namespace, name)
    if schedule is not None:
        if not schedule["active"]:
            # It is switched off, and starts none: nobody waits for what does not come.
            return []
        found = fire_times(tx, namespace, schedule["config"], max(after, schedule["since"]), until, MOST_DATES + 1)
        if len(found) > MOST_DATES:
            raise TooManyDates(f"a run would wait for more than {MOST_DATES:,} runs of {pipeline}; wait for one that runs less often")
        return found
    upstreams = dependencies.of(tx, namespace, name)
    # Rings are refused when they are saved; one that a restored copy brings back must not hang who meets it.
    if not upstreams or pipeline in above:
        return None
    times = [(one, _times(tx, one.upstream, after, until, above | {pipeline})) for one in upstreams]
    together: set[datetime] | None = None
    for document in dict.fromkeys(one.dependency for one in upstreams):
        own = [(one.mode, set(found)) for one, found in times if one.dependency == document and found is not None]
        if not own or len(own) < sum(one.dependency == document for one in upstreams):
            return None
        sets = [found for _, found in own]
        dates = set.union(*sets) if own[0][0] == "any" else set.intersection(*sets)
        together = dates if together is None else together & dates
    return sorted(together or ())


def put(tx: Tx, document: Document, version: int) -> None:
    """A valid PipelineDependency takes effect, and starts what nothing else starts."""
    spec = dependency(document)
    downstream = full_name(spec["pipeline"], document.namespace)
    before = dependencies.remove(tx, document.namespace, document.name)
    upstreams = [(full_name(one["pipeline"], document.namespace), one["condition"]) for one in spec["dependsOn"]]
    dependencies.sync(tx, document.namespace, document.name, spec, downstream, upstreams)
    dependencies.adopted(tx, document.namespace, document.name, version)
    _again(tx, {*before, downstream})


def take_away(tx: Tx, namespace: str, name: str) -> None:
    """Runs that wait by it go on waiting as it said; new ones do not."""
    _again(tx, dependencies.remove(tx, namespace, name))


def _again(tx: Tx, pipelines: Iterable[str]) -> None:
    for pipeline in sorted(pipelines):
        namespace, _, name = pipeline.partition("/")
        # Its row is what saves take: the version that is read as the one in force stays that, and a pipeline that is gone stays so.
        if resources.hold(tx, "Pipeline", namespace, name) is None:
            continue
        version = dependencies.in_force(tx, namespace, name)
        row = resources.at_version(tx, "Pipeline", namespace, name, version) if version is not None else None
        if row is None:
            continue
        try:
            read = starts(stored_document(row["document"]))
        except InvalidDocument:
            # By today's rules it starts nothing; saving it again says why.
            read = triggers.NOTHING
        triggers.sync(tx, namespace, name, row["version"], read)
