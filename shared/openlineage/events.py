"""An event of OpenLineage from what is known of a run: its facets, each only where there is something to tell. Pure.

No value of any row is in it, but for what rules and profiles count; errors are told as the run tells them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from shared.openlineage.names import Name

SPEC = "https://openlineage.io/spec"
EVENT = f"{SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"
PRODUCER = "urn:penstock"
# Of a wide table the first so many: an event is read by many.
MOST_COLUMNS = 1000
_VERSIONS = {
    "SchemaDatasetFacet": "1-2-0",
    "ColumnLineageDatasetFacet": "1-2-0",
    "OutputStatisticsOutputDatasetFacet": "1-0-2",
    "InputStatisticsInputDatasetFacet": "1-0-0",
    "ErrorMessageRunFacet": "1-0-1",
    "NominalTimeRunFacet": "1-0-1",
    "ParentRunFacet": "1-2-0",
    "ProcessingEngineRunFacet": "1-1-1",
    "SQLJobFacet": "1-1-0",
    "SourceCodeLocationJobFacet": "1-1-0",
    "JobTypeJobFacet": "2-0-4",
}


@dataclass(frozen=True, slots=True)
class Dataset:
    """One that a run reads or writes. `columns`: (name, type), () where not known. `made_of`: of an output's columns, name ->
    ((input, its column) …, whether it is one of them as it was). `checks`: facets as `shared.rules.facets` makes them.
    """

    name: Name
    columns: Sequence[tuple[str, str]] = ()
    rows: int | None = None
    made_of: Mapping[str, tuple[Sequence[tuple[Name, str]], bool]] = field(default_factory=dict)
    checks: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """`again`: how often it had ended before. `parent`: (run, pipeline) of the one that started it. `sql`: as the recipe says it, secrets
    as references. `source`: (where the recipe is, the repository or None, its path, its commit). `engines`: that computed it.
    """

    id: str
    pipeline: str
    at: datetime
    again: int = 0
    interval: tuple[datetime, datetime] | None = None
    parent: tuple[str, str] | None = None
    error: str | None = None
    engines: Sequence[str] = ()
    version: str = ""
    sql: str | None = None
    source: tuple[str, str | None, str, str] | None = None
    inputs: Sequence[Dataset] = ()
    outputs: Sequence[Dataset] = ()


def id_of(run: str, again: int) -> str:
    """OpenLineage's id of a run, which ends once there."""
    return run if again == 0 else str(uuid5(UUID(run), str(again)))


def event(run: Run, type_: str, namespace: str) -> dict[str, Any]:
    """`type_`: START, COMPLETE, FAIL or ABORT. `namespace`: of jobs."""
    facets: dict[str, Any] = {}
    if run.interval is not None:
        start, end = run.interval
        facets["nominalTime"] = _facet("NominalTimeRunFacet", nominalStartTime=_time(start), nominalEndTime=_time(end))
    if run.parent is not None:
        parent, pipeline = run.parent
        facets["parent"] = _facet("ParentRunFacet", run={"runId": parent}, job={"namespace": namespace, "name": pipeline})
    if run.engines:
        named = ", ".join(run.engines)
        facets["processing_engine"] = _facet(
            "ProcessingEngineRunFacet", name=named, version=run.version, openlineageAdapterVersion=run.version
        )
    if run.error is not None:
        facets["errorMessage"] = _facet("ErrorMessageRunFacet", message=run.error, programmingLanguage="SQL")
    return {
        "eventType": type_,
        "eventTime": _time(run.at),
        "run": {"runId": id_of(run.id, run.again), "facets": facets},
        "job": {"namespace": namespace, "name": run.pipeline, "facets": _job(run)},
        "inputs": [_input(one) for one in run.inputs],
        "outputs": [_output(one) for one in run.outputs],
        "producer": PRODUCER,
        "schemaURL": EVENT,
    }


def _job(run: Run) -> dict[str, Any]:
    facets = {"jobType": _facet("JobTypeJobFacet", processingType="BATCH", integration="PENSTOCK", jobType="PIPELINE")}
    if run.sql:
        facets["sql"] = _facet("SQLJobFacet", query=run.sql)
    if run.source is not None:
        url, repository, path, sha = run.source
        facets["sourceCodeLocation"] = _facet(
            "SourceCodeLocationJobFacet", type="git", url=url, path=path, version=sha, **({"repoUrl": repository} if repository else {})
        )
    return facets


def _input(one: Dataset) -> dict[str, Any]:
    facets = dict(one.checks)
    if one.rows is not None:
        facets["inputStatistics"] = _facet("InputStatisticsInputDatasetFacet", rowCount=one.rows)
    return {"namespace": one.name.namespace, "name": one.name.name, "facets": _schema(one.columns), "inputFacets": facets}


def _output(one: Dataset) -> dict[str, Any]:
    facets = _schema(one.columns)
    fields = {
        column: {"inputFields": [_field(*source, copied) for source in sources]}
        for column, (sources, copied) in list(one.made_of.items())[:MOST_COLUMNS]
        if sources
    }
    if fields:
        facets["columnLineage"] = _facet("ColumnLineageDatasetFacet", fields=fields)
    statistics = {"outputStatistics": _facet("OutputStatisticsOutputDatasetFacet", rowCount=one.rows)} if one.rows is not None else {}
    return {"namespace": one.name.namespace, "name": one.name.name, "facets": facets, "outputFacets": statistics}


def _field(name: Name, column: str, copied: bool) -> dict[str, Any]:
    how = {"type": "DIRECT", "subtype": "IDENTITY" if copied else "TRANSFORMATION"}
    return {"namespace": name.namespace, "name": name.name, "field": column, "transformations": [how]}


def _schema(columns: Iterable[tuple[str, str]]) -> dict[str, Any]:
    told = [{"name": name, "type": type_} for name, type_ in columns][:MOST_COLUMNS]
    return {"schema": _facet("SchemaDatasetFacet", fields=told)} if told else {}


def _facet(kind: str, **values: Any) -> dict[str, Any]:
    return {"_producer": PRODUCER, "_schemaURL": f"{SPEC}/facets/{_VERSIONS[kind]}/{kind}.json#/$defs/{kind}", **values}


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
