"""What is known of one run, as the causes look at it. Frozen values; whoever gathers them has masked what may not be shown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.pipelines.model import Document
from shared.pipelines.validation import Known, full_name

# What is said of rows that are being written.
_OF_SINKS = frozenset({"connector_rejected_data", "connector_deadlock", "connector_serialization"})


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as `PenstockError.to_json` gives it, and where it was met. `stage` and `epoch` are None for what failed before the plan."""

    code: str
    message: str
    node: str | None = None
    stage: int | None = None
    epoch: int | None = None
    connector: str | None = None
    fault: str | None = None

    @staticmethod
    def from_json(error: Mapping[str, Any], *, stage: int | None = None, epoch: int | None = None) -> Failure:
        return Failure(
            str(error.get("code") or "error"),
            str(error.get("message") or ""),
            error.get("node"),
            error.get("stage", stage),
            epoch,
            error.get("connector"),
            error.get("fault"),
        )

    def says(self, *patterns: str) -> re.Match[str] | None:
        """The first of those patterns that the message holds, without regard to case."""
        return next((found for pattern in patterns if (found := re.search(pattern, self.message, re.IGNORECASE))), None)


@dataclass(frozen=True, slots=True)
class Change:
    """What a source was before and is now, told from the versions of its columns. `renamed`: old name -> new name, as far as it can be
    told; the names in it are in neither `gone` nor `new`. `retyped`: name -> (old type, new type).
    """

    gone: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    retyped: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seen:
    """A table or file that the recipe reads or writes. `now` and `before`: (name, type) by column in their order, `before` as the version
    of its columns that came before these; empty where nobody knows. `changed_at`: when `now` was first seen.
    """

    node: str
    connector: str
    name: str
    now: tuple[tuple[str, str], ...]
    before: tuple[tuple[str, str], ...] = ()
    changed_at: datetime | None = None

    @property
    def where(self) -> str:
        return f"{self.connector}: {self.name}"


@dataclass(frozen=True, slots=True)
class Recipe:
    """The version that ran. `known`: what exists beside it, as its own validation is asked with."""

    document: Document
    known: Known
    version: int

    def node(self, node: str | None) -> tuple[str, Mapping[str, Any]] | None:
        """JSON pointer and tree of a node."""
        spec = self.document.tree.get("spec")
        nodes = spec.get("nodes") if isinstance(spec, Mapping) else None
        for at, one in enumerate(nodes if isinstance(nodes, list) else ()):
            if isinstance(one, Mapping) and one.get("id") == node:
                return f"/spec/nodes/{at}", one
        return None


@dataclass(frozen=True, slots=True)
class Case:
    """`run`, `nodes`, `stages` and `attempts` are rows of `shared.store.run_views`; `attempts` of the stage that failed.

    `failure`: what ended the run, or what its stage waits to try again after. `waiting`: {reason, detail} of a run or stage that does not
    go on. `letters`: by node {node, kind, rule, letters, more, message, record}, an example each; more: there may be others. `quality`:
    results that failed. `breakers`: by connector {state, failures, error}. `earlier`: runs of the same pipeline before this one, newest
    first: {id, version, status, finished_at, duration_s, error}. `now`: the store's clock.
    """

    run: Mapping[str, Any]
    now: datetime
    failure: Failure | None = None
    waiting: Mapping[str, Any] | None = None
    nodes: Sequence[Mapping[str, Any]] = ()
    stages: Sequence[Mapping[str, Any]] = ()
    attempts: Sequence[Mapping[str, Any]] = ()
    recipe: Recipe | None = None
    seen: Sequence[Seen] = ()
    letters: Sequence[Mapping[str, Any]] = ()
    quality: Sequence[Mapping[str, Any]] = ()
    breakers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    earlier: Sequence[Mapping[str, Any]] = ()

    @property
    def pipeline(self) -> str:
        return f"{self.run['namespace']}/{self.run['pipeline']}"

    @property
    def stage(self) -> Mapping[str, Any] | None:
        """The one that failed."""
        wanted = self.failure.stage if self.failure is not None else None
        return next((one for one in self.stages if one["stage"] == wanted), None)

    @property
    def node(self) -> str | None:
        """Whom the failure is charged to. What a query of a sink meets on its way is charged to the sink, so a far side's error is rather
        of the only node of the stage whose table or file it names. Of one that is charged to nobody it is the only node of the stage, or
        the only sink for what a destination refuses. None where that does not say.
        """
        if self.failure is None:
            return None
        nodes, code = [str(one) for one in (self.stage or {}).get("nodes", ())], self.failure.code
        of_sinks = code in _OF_SINKS
        named = [one for one in nodes if (name := self._object(one)) and self.failure.says(rf"(?<![\w-]){re.escape(name)}(?![\w-])")]
        if len(named) == 1 and not of_sinks and (self.failure.node is None or code.startswith("connector_")):
            return named[0]
        if self.failure.node:
            return self.failure.node
        if of_sinks and len(nodes) > 1:
            nodes = [one for one in nodes if self.type_of(one) == "connector_sink"]
        return nodes[0] if len(nodes) == 1 else None

    def _object(self, node: str) -> str:
        """The table, without its schema, or the path that a node names."""
        config = self.config(node)
        return str(config.get("table") or "").rpartition(".")[2] or str(config.get("path") or "")

    @property
    def connector(self) -> str | None:
        """In full: the error's own, else its node's, else the only one of its stage."""
        if self.failure is not None and self.failure.connector:
            return self.failure.connector
        nodes = [self.node] if self.node is not None else [str(one) for one in (self.stage or {}).get("nodes", ())]
        named = {str(name) for one in nodes if (name := self.config(one).get("connector"))}
        return full_name(named.pop(), str(self.run["namespace"])) if len(named) == 1 else None

    def type_of(self, node: str | None) -> str:
        """Empty where the recipe has no such node."""
        found = self.recipe.node(node) if self.recipe is not None else None
        return str(found[1].get("type", "")) if found is not None else ""

    def config(self, node: str | None) -> Mapping[str, Any]:
        """A node's settings as the recipe says them; empty where it has no such node."""
        found = self.recipe.node(node) if self.recipe is not None else None
        config = found[1].get("config") if found is not None else None
        return config if isinstance(config, Mapping) else {}

    def elapsed(self) -> timedelta | None:
        begun = self.run.get("started_at")
        return (self.run.get("finished_at") or self.now) - begun if begun is not None else None
