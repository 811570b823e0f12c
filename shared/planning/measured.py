"""What earlier runs took for a piece of work, by where it ran, and what that says about where it is to run (execution.md, Stages).

Kept as a fact of the pipeline: `<piece> <way>` -> {seconds, rows, times}: the best of so many times, where `rows` is the estimate of what
comes in by the piece's sources, the same on every way. A way that was never measured changes nothing: somebody has to run the recipe once
with `pushDown.mode: off`, or with another `rowThreshold`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from shared.connectors import CONNECTORS
from shared.pipelines.model import Pipeline
from shared.planning.cut import Piece
from shared.planning.graph import Graph
from shared.planning.needs import Facts
from shared.planning.place import Placement
from shared.planning.push import other_ways

# A way is left for another that took so many times less, and less by so many seconds: below, it may have been the machine.
FASTER = 1.5
WORTH_S = 0.25
# And not for a first time, which finds everything cold.
OFTEN = 2
_PREFIX = "measured:"
# A day in a condition is another one each day, and the work is the same.
_VALUES = re.compile(r"'(?:[^']|'')*'|\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Took:
    """The best of so many times. `rows`: about how many came in."""

    seconds: float
    rows: int
    times: int

    @property
    def rate(self) -> float:
        return self.seconds / self.rows


def key_of(pipeline: Pipeline) -> str:
    return f"{_PREFIX}{pipeline.namespace}/{pipeline.name}"


def is_measured(key: str) -> bool:
    return key.startswith(_PREFIX)


def measured_facts(pipeline: Pipeline, found: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Those of a pipeline's figures that can decide something, as facts for `plan`: of pieces that ran in more than one way. Others would
    make each run's plan a new one.
    """
    pieces = [name.partition(" ")[0] for name in found]
    known = {name: figures for name, figures in found.items() if pieces.count(name.partition(" ")[0]) > 1}
    return {key_of(pipeline): known} if known else {}


def measures(graph: Graph, piece: Piece, placed: Placement, types: Mapping[str, str]) -> dict[str, Any]:
    """A field of `Program`: as what the time of a stage is kept. Empty where no database is read, or nobody knows how many rows come in."""
    rows = _rows(graph, piece, types)
    return {"key": key_of(graph.pipeline), "name": _name(graph, piece, placed), "rows": rows} if rows else {}


def by_figures(graph: Graph, piece: Piece, facts: Facts, ruled: Placement) -> Placement:
    """`ruled`, or another way that was measured to be so much faster; its `why` says what was measured. Only where push-down is `auto`."""
    found, here = facts.get(key_of(graph.pipeline), {}), _name(graph, piece, ruled)
    if (graph.pipeline.settings.get("pushDown") or {}).get("mode", "auto") != "auto" or here not in found:
        return ruled
    own, ways = _took(found[here]), {_name(graph, piece, other): other for other in other_ways(graph, piece, ruled)}
    known = [(other, _took(found[name])) for name, other in ways.items() if name in found and name != here]
    if not known:
        return ruled
    best, least = min(known, key=lambda one: one[1].rate)
    times, saved = own.rate / least.rate, own.seconds - least.rate * own.rows
    taken = times >= FASTER and saved >= WORTH_S and own.times >= OFTEN
    compared = f"{times:.1f} times faster" if times >= 1 else f"{1 / times:.1f} times slower"
    why = (
        f"measured: {_told(own, piece, ruled)}; {_told(least, piece, best)}, which is {compared} for each row"
        f" and {'taken' if taken else 'not taken'}"
    )
    if not taken:
        return replace(ruled, why=(*ruled.why, why))
    return replace(best, why=(*best.why, why), local=best.local if best.regions else dict.fromkeys(best.local, why))


def _took(figures: Mapping[str, Any]) -> Took:
    return Took(float(figures["seconds"]), int(figures["rows"]), int(figures["times"]))


def _told(took: Took, piece: Piece, placed: Placement) -> str:
    return f"{took.seconds:.2f} s for about {took.rows} rows {_where(piece, placed)}"


def _where(piece: Piece, placed: Placement) -> str:
    if placed.whole is not None:
        return f"in {placed.whole.connector}"
    if placed.regions:
        return f"on {piece.engine} after {' and '.join(f'{region.exit} in {region.database.connector}' for region in placed.regions)}"
    return f"read out on {piece.engine}"


def _name(graph: Graph, piece: Piece, placed: Placement) -> str:
    """The piece, by all that its nodes say but values, and the way it goes."""
    pipeline = graph.pipeline
    nodes = [[node.id, node.type, node.config] for node in pipeline.nodes if node.id in piece.nodes]
    edges = [[edge.source, edge.output, edge.target, edge.columns] for edge in pipeline.edges if edge.target in piece.nodes]
    said = _VALUES.sub("?", json.dumps([nodes, edges], sort_keys=True, default=str))
    way = "database" if placed.whole is not None else " ".join([piece.engine, *sorted(placed.pushed)])
    return f"{hashlib.sha256(said.encode()).hexdigest()[:16]} {way}"


def _rows(graph: Graph, piece: Piece, types: Mapping[str, str]) -> int | None:
    sources = [source for node in piece.nodes for source in graph.reads(node)]
    if all(CONNECTORS[types[source.connector]].dialect is None for source in sources):
        return None
    known = [source.rows for source in sources if source.rows is not None]
    return sum(known) if len(known) == len(sources) else None
