"""Which rows a run reads of sources that read what is new: fixed in the transaction that plans the run, before anything is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.pipelines.model import Pipeline
from shared.planning.cursors import end_of, floor_of, inserting, sinks_of
from shared.planning.errors import PlanProblem
from shared.planning.needs import Need
from shared.store import cursors, runs
from shared.store.cursors import Cursor
from shared.store.database import Tx
from shared.store.runs import LockedRun


def windows(
    tx: Tx, run: LockedRun, pipeline: Pipeline, ends: Mapping[str, Need], facts: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """By node, as `shared.planning.cursors.windowed` takes them. `ends`: needs by key, `facts` what was found for them.

    Raises CursorHeld, and PlanProblem for a full refresh that would have rows twice, and for a cursor of another column or table.
    """
    found: dict[str, dict[str, Any]] = {}
    afresh = bool(ends) and bool(runs.trigger(tx, run.id).get("fullRefresh"))
    for key, need in ends.items():
        for node in need.nodes:
            cursor = cursors.hold(tx, run.id, run.namespace, run.pipeline, node, afresh=afresh)
            value = None if afresh else cursor.value
            if afresh and cursor.value is not None and (sink := inserting(pipeline, node)) is not None:
                raise PlanProblem(
                    f"a full refresh would insert all rows of {node} into {sink} once more; write with UPSERT or OVERWRITE, or empty the"
                    " target and delete the cursor (penstock state --delete)",
                    node=node,
                )
            reads = _reads(run, need, facts[key])
            _same(run, node, cursor, reads, afresh=afresh)
            upto = cursor.upto if cursor.window is not None else end_of(value, facts[key], node)
            window = {"value": value, "columns": None if afresh else cursor.columns, "floor": cursor.floor, "upto": upto}
            floor = floor_of(pipeline, node, window, facts[key])
            name = cursors.fix(tx, run.id, run.namespace, run.pipeline, node, upto, sinks_of(pipeline, node), floor=floor, reads=reads)
            found[node] = {**window, "window": name}
    return found


def _reads(run: LockedRun, need: Need, bound: Mapping[str, Any]) -> dict[str, Any]:
    """What a cursor's value is of. Where templates say what is read, that may change from run to run; so may a path, or a query's text."""
    fixed = run.run_values is None and "table" in need.options
    named = {"connector": need.connector, "table": need.options["table"]} if fixed else {"connector": None, "table": None}
    return {**named, "column": bound["column"]}


def _same(run: LockedRun, node: str, cursor: Cursor, reads: Mapping[str, Any], *, afresh: bool) -> None:
    """Raises PlanProblem where the cursor, or a window that was begun, is of something else: its values say nothing of this."""
    known = [cursor.reads if cursor.value is not None and not afresh else None, cursor.pending_reads if cursor.window is not None else None]
    for before in known:
        for what, one in (before or {}).items():
            other = reads.get(what)
            if one is not None and other is not None and one != other:
                raise PlanProblem(
                    f"{node} reads {what} {other} now, and its cursor is of {what} {one}; set the cursor anew"
                    f" (penstock state {run.pipeline} --node {node} --cursor VALUE, or --delete to read all)",
                    node=node,
                )
