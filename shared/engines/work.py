"""One attempt at one stage, seen from outside the engine: what goes in (`Job`), what comes out (`Outcome`).

Both are plain values that cross the pipe between a worker's parent and its child processes. A job carries resolved connector
configs, secrets included; it lives in memory only and its repr shows none of them.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from shared.datasets import Dataset


@dataclass(frozen=True, slots=True)
class Limits:
    """`memory_bytes` is the resident size of the child process, not of the engine alone. `scratch_bytes`: of the folder `scratch`, which
    the parent watches, since DuckDB tells its own limit as want of memory; None: as much as the disk has.
    """

    memory_bytes: int
    threads: int
    scratch: str
    scratch_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class ResolvedConnector:
    """A connector with its secrets in place. `counted`: it allows only so many connections, so that a read must not open several."""

    reference: str
    type: str
    config: dict[str, Any] = field(repr=False)
    counted: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """`kind`: survey, work or check; `program` is that kind's program as JSON (`Program`, `SurveyProgram`, `CheckProgram`).

    `inputs`: the committed datasets of the stages this one reads, keyed by (stage, port) written as "stage:port".
    `rerun`: rises only when a person asks for a committed stage again; part of the commit marker's key. `remembered`: of sources whose rows
    are told from those of the last window, what is known of these (`shared.engines.duckdb.windows`). `carried`: of sources that another
    stage read and whose rows this one writes, what that one remembered. `history`: what earlier checks of the same dataset and scope
    measured, oldest first: {at (RFC 3339), profile or null, metrics: name -> value}. `request_id`: of the call that made the run, for logs.
    `traceparent`: the span of this attempt, for logs and for comments in SQL; None: nobody traces it. `at`: when the attempt was claimed,
    by the store's clock.
    """

    namespace: str
    run: str
    stage: int
    epoch: int
    kind: str
    program: dict[str, Any]
    connectors: dict[str, ResolvedConnector]
    inputs: dict[str, Dataset]
    staging: str
    limits: Limits
    rerun: int = 0
    remembered: dict[str, bytes] = field(default_factory=dict, repr=False)
    carried: dict[str, Remembered] = field(default_factory=dict, repr=False)
    history: tuple[dict[str, Any], ...] = ()
    request_id: str | None = None
    traceparent: str | None = None
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class RejectsFile:
    """A node's rejected rows, staged as Parquet: original_record JSON text, error_message text,
    position BIGINT or null (line number, from 1). `by_rule`: of a sink, those that rules took out before the destination saw them.
    """

    node: str
    uri: str
    rows: int
    by_rule: bool = False


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the next window has to know of a source's rows: the columns they are known by, as [name, type], and 16 bytes for each; in a
    staged file where they are many. `floor`: the cursor's value from which on all rows are among them; None: nobody said.
    """

    columns: list[list[str]]
    digests: bytes = b""
    uri: str | None = None
    floor: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {"columns": self.columns, "digests": b64encode(self.digests).decode(), "uri": self.uri, "floor": self.floor}

    @staticmethod
    def from_json(value: dict[str, Any]) -> Remembered:
        return Remembered(value["columns"], b64decode(value["digests"]), value["uri"], value.get("floor"))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a finished attempt did; stored in the commit marker, so that a later attempt can adopt it word for word.

    `figures`: node -> {rowsIn, rowsOut, rowsRejected, rowsInserted, rowsUpdated, rowsUnchanged, rowsDeleted, ledger: {term:
    rows}}; null is "not known". `facts`: what a survey found. `quality`: what a check measured (`shared.store.quality`). `epoch`: the
    attempt that did the work, not the one that adopted it. `remembered`: by source. `markers`: by source, of the files that it read, where
    any other version of them could be told from it.
    """

    epoch: int
    figures: dict[str, dict[str, Any]] = field(default_factory=dict)
    datasets: tuple[Dataset, ...] = ()
    rejects: tuple[RejectsFile, ...] = ()
    facts: dict[str, Any] | None = None
    quality: dict[str, Any] | None = None
    remembered: dict[str, Remembered] = field(default_factory=dict)
    markers: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "epoch": self.epoch,
            "figures": self.figures,
            "datasets": [dataset.to_json() for dataset in self.datasets],
            "rejects": [{"node": r.node, "uri": r.uri, "rows": r.rows} | ({"byRule": True} if r.by_rule else {}) for r in self.rejects],
            "facts": self.facts,
            "quality": self.quality,
            "remembered": {node: remembered.to_json() for node, remembered in self.remembered.items()},
        } | ({"markers": self.markers} if self.markers else {})

    @staticmethod
    def from_json(value: dict[str, Any]) -> Outcome:
        return Outcome(
            epoch=value["epoch"],
            figures=value["figures"],
            datasets=tuple(Dataset.from_json(d) for d in value["datasets"]),
            rejects=tuple(RejectsFile(r["node"], r["uri"], r["rows"], r.get("byRule", False)) for r in value["rejects"]),
            facts=value["facts"],
            quality=value["quality"],
            remembered={node: Remembered.from_json(one) for node, one in value.get("remembered", {}).items()},
            markers=value.get("markers", {}),
        )
