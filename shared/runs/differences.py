"""Why a run was different from another: what went in, what was planned, and what came out, ranked by surprise; pure.

A cause that somebody or something changed (version, parameters, columns of a source, plan) stands above what came of it (rows, rejected
rows, durations). Surprise is a number from 0 to 1, by which they are ranked and which is no probability:

- a version, parameters, columns: 1, 0.95, 0.9; a node that went another way: 0.8; a status: 1.
- a figure that went from a to b: 1 - min(a, b) / max(a, b), so a tenth more is 0.09 and ten times as much 0.9; from 0 it is 1.
  Rejected rows count in full, other rows nine tenths, durations half, and durations below a second not at all.
- what is known of one run only is no difference: null is "not known".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

VERSION, STATUS, PARAMETERS, COLUMNS, PLAN = 1.0, 1.0, 0.95, 0.9, 0.8
# (figure as the API calls it, what people call it, weight)
_FIGURES = (
    ("rowsRejected", "rejected rows", 1.0),
    ("rowsOut", "rows out", 0.9),
    ("rowsIn", "rows in", 0.9),
    ("rowsInserted", "inserted rows", 0.9),
    ("rowsUpdated", "updated rows", 0.9),
    ("rowsDeleted", "deleted rows", 0.9),
    ("durationMs", "duration", 0.5),
)
_LEAST_MS = 1000
# Below it a figure is as it was.
LEAST = 0.05


@dataclass(frozen=True, slots=True)
class Node:
    """A node of a run: how it was planned and what came of it. `figures` by their names in the API, None where not known. `columns`: of a
    source, name -> type, as its survey found them; None: of no source, or not looked at. `together`: the nodes of its stage, with itself.
    """

    id: str
    type: str
    status: str
    engine: str | None = None
    together: tuple[str, ...] = ()
    figures: Mapping[str, int | None] = field(default_factory=dict)
    columns: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two runs; `took_ms`: from its start to its end."""

    id: str
    version: int
    status: str
    parameters: Mapping[str, Any]
    nodes: Sequence[Node]
    took_ms: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """`told`: in a sentence. `node`: None, of the whole run."""

    kind: str
    surprise: float
    told: str
    before: Any
    after: Any
    node: str | None = None
    figure: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "node": self.node,
            "figure": self.figure,
            "before": self.before,
            "after": self.after,
            "surprise": round(self.surprise, 3),
            "told": self.told,
        }


def differences(before: Side, after: Side) -> list[Finding]:
    """What differs, the most surprising first; of equal surprise, causes before what came of them, and then in the order of the nodes."""
    found = [*_whole(before, after), *_nodes(before.nodes, after.nodes)]
    order = {kind: place for place, kind in enumerate(("version", "parameters", "columns", "plan", "status", "rows", "duration"))}
    return sorted(found, key=lambda one: (-one.surprise, order[one.kind]))


def surprise(before: int | None, after: int | None) -> float:
    """Of a figure, 0 to 1: how far the smaller is from the larger; 0 where one of them is not known."""
    if before is None or after is None or before == after:
        return 0.0
    least, most = sorted((abs(before), abs(after)))
    return 1.0 - least / most if before * after >= 0 else 1.0


def _whole(before: Side, after: Side) -> Iterator[Finding]:
    if before.version != after.version:
        yield Finding("version", VERSION, f"version {after.version} ran instead of {before.version}", before.version, after.version)
    for name in sorted({*before.parameters, *after.parameters}):
        was, now = _said(before.parameters, name), _said(after.parameters, name)
        if was != now:
            told = f"parameter {name} was {was} and is {now}"
            yield Finding("parameters", PARAMETERS, told, before.parameters.get(name), after.parameters.get(name), figure=name)
    if before.status != after.status:
        why = f": {after.error}" if after.error else ""
        yield Finding("status", STATUS, f"the run was {before.status} and is {after.status}{why}", before.status, after.status)
    if (weighed := _of_time(before.took_ms, after.took_ms)) >= LEAST:
        yield Finding(
            "duration", weighed, f"it took {_time(after.took_ms)} instead of {_time(before.took_ms)}", before.took_ms, after.took_ms,
            figure="durationMs",
        )  # fmt: skip


def _said(parameters: Mapping[str, Any], name: str) -> str:
    """A value as a caller writes it, so that 1 is not true, and "1" is neither."""
    return json.dumps(parameters[name], ensure_ascii=False) if name in parameters else "not there"


def _nodes(before: Sequence[Node], after: Sequence[Node]) -> Iterator[Finding]:
    older, newer = {node.id: node for node in before}, {node.id: node for node in after}
    # A run that was never planned has no nodes, which is told by its status.
    for name in [*newer, *(name for name in older if name not in newer)] if older and newer else ():
        was, now = older.get(name), newer.get(name)
        if was is None:
            yield Finding("plan", PLAN, f"{name} is new", None, "there", name)
        elif now is None:
            yield Finding("plan", PLAN, f"{name} is not there any more", "there", None, name)
        else:
            yield from _node(was, now)


def _node(was: Node, now: Node) -> Iterator[Finding]:
    if was.columns is not None and now.columns is not None and dict(was.columns) != dict(now.columns):
        yield Finding("columns", COLUMNS, f"{now.id} reads other columns: {_columns(was.columns, now.columns)}", dict(was.columns),
                      dict(now.columns), now.id)  # fmt: skip
    elif was.columns is not None and now.columns is not None and list(was.columns) != list(now.columns):
        yield Finding("columns", LEAST, f"the columns of {now.id} stand in another order", list(was.columns), list(now.columns), now.id)
    if was.engine != now.engine and None not in (was.engine, now.engine):
        yield Finding(
            "plan", PLAN, f"{now.id} was computed in {now.engine} instead of {was.engine}", was.engine, now.engine, now.id, "engine"
        )
    elif was.together != now.together and was.together and now.together:
        told = f"{now.id} was computed in one stage with {_others(now)} instead of {_others(was)}"
        yield Finding("plan", PLAN / 2, told, list(was.together), list(now.together), now.id, "stage")
    if was.status != now.status:
        yield Finding("status", STATUS * 0.9, f"{now.id} was {was.status} and is {now.status}", was.status, now.status, now.id)
    for figure, called, weight in _FIGURES:
        a, b = was.figures.get(figure), now.figures.get(figure)
        if figure == "durationMs":
            if (weighed := _of_time(a, b)) >= LEAST:
                yield Finding("duration", weighed, f"{now.id} took {_time(b)} instead of {_time(a)}", a, b, now.id, figure)
        elif (weighed := weight * surprise(a, b)) >= LEAST:
            yield Finding("rows", weighed, f"{now.id}: {_rows(b)} {called} instead of {_rows(a)}", a, b, now.id, figure)


def _others(node: Node) -> str:
    return ", ".join(name for name in node.together if name != node.id) or "nothing else"


def _of_time(before: int | None, after: int | None) -> float:
    return 0.5 * surprise(before, after) if max(before or 0, after or 0) >= _LEAST_MS else 0.0


def _columns(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    told = [f"{name} is new" for name in after if name not in before]
    told += [f"{name} is gone" for name in before if name not in after]
    told += [f"{name} was {before[name]} and is {kind}" for name, kind in after.items() if before.get(name, kind) != kind]
    return ", ".join(told[:5]) + (f" and {len(told) - 5} more" if len(told) > 5 else "")


def _rows(value: int | None) -> str:
    return f"{value:,}" if value is not None else "–"


def _time(ms: int | None) -> str:
    return f"{(ms or 0) / 1000:.1f} s"
