"""How far sources that read what is new have been taken over, node by node.

A run holds a cursor from its planning to its end; other runs of the pipeline wait. The window it reads is fixed here before anything is
read, and the cursor moves to the window's end in the transaction that records the last of the sinks it reaches. A window that somebody
may have written rows of, without that being recorded, is the next run's window too, under the same name: so its sinks find what was
written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb

from shared.errors import PenstockError
from shared.runs.states import RUN_FINAL
from shared.store.database import Tx
from shared.store.identifiers import new_id

_FINAL = [status.value for status in RUN_FINAL]


class CursorHeld(PenstockError):
    """The run may not go on with it: another one has it, or may have written of it. Nothing was changed."""

    code = "cursor_held"


@dataclass(frozen=True, slots=True)
class Cursor:
    """`value`: where the last window ended, None where there was none; `columns` of its rows that are remembered, as [name, type], and
    the `floor` above which all are. `reads`: what the value is of, {connector, table, column}; None where nobody said.

    `window`, `upto`, `pending_reads`: of a window that is fixed already; `window` is None where none is.
    """

    value: str | None
    columns: list[list[str]] | None
    window: str | None
    upto: str | None
    floor: str | None
    reads: dict[str, Any] | None = None
    pending_reads: dict[str, Any] | None = None


def hold(tx: Tx, run: str, namespace: str, pipeline: str, node: str, *, afresh: bool = False) -> Cursor:
    """Takes a cursor for a run. `afresh`: a window that an earlier run began is of no interest. Raises CursorHeld while a run that has
    not ended has it.
    """
    row = tx.execute(
        """
        INSERT INTO cursors AS c (namespace, pipeline, node, held_by) VALUES (%(namespace)s, %(pipeline)s, %(node)s, %(run)s)
        ON CONFLICT (namespace, pipeline, node) DO UPDATE
           SET held_by = %(run)s, updated_at = clock_timestamp(), pending_remembered = NULL, pending_columns = NULL, pending_floor = NULL,
               window_id = CASE WHEN c.held_by = %(run)s OR (c.opened AND NOT %(afresh)s) THEN c.window_id END
         WHERE c.held_by IS NULL OR c.held_by = %(run)s
            OR NOT EXISTS (SELECT FROM runs r WHERE r.id = c.held_by AND NOT r.status = ANY(%(final)s))
        RETURNING value, columns, window_id::text AS window, upto, floor, reads, pending_reads
        """,
        {"run": run, "namespace": namespace, "pipeline": pipeline, "node": node, "final": _FINAL, "afresh": afresh},
    ).fetchone()
    if row is None:
        raise CursorHeld(f"another run that has not ended reads what is new in {node}; run it again when that has ended", node=node)
    return Cursor(**row)


def fix(
    tx: Tx,
    run: str,
    namespace: str,
    pipeline: str,
    node: str,
    upto: str | None,
    sinks: Sequence[str],
    *,
    floor: str | None = None,
    reads: Mapping[str, Any] | None = None,
) -> str:
    """The window that the run reads ends there, and is taken over once those sinks are recorded; returns its name. `floor`: before which
    the next one is to read nothing; `reads`: what the window is of (`Cursor.reads`).

    One that is fixed already keeps its end.
    """
    row = tx.execute(
        """
        UPDATE cursors SET window_id = coalesce(window_id, %(new)s), upto = CASE WHEN window_id IS NULL THEN %(upto)s ELSE upto END,
               opened = opened AND window_id IS NOT NULL, opened_as = CASE WHEN window_id IS NOT NULL THEN opened_as END,
               awaiting = %(sinks)s, pending_floor = %(floor)s, pending_reads = %(reads)s
         WHERE namespace = %(namespace)s AND pipeline = %(pipeline)s AND node = %(node)s AND held_by = %(run)s
        RETURNING window_id::text AS window
        """,
        {
            "new": new_id(),
            "upto": upto,
            "sinks": list(sinks),
            "floor": floor,
            "reads": None if reads is None else Jsonb(dict(reads)),
            "namespace": namespace,
            "pipeline": pipeline,
            "node": node,
            "run": run,
        },
    ).fetchone()
    return str(_held(node, row)["window"])


def begin(
    tx: Tx, run: str, namespace: str, pipeline: str, cursors: Mapping[str, Mapping[str, Any]], published_as: str | None
) -> dict[str, dict[str, Any]]:
    """Before an attempt at a stage (`Program.cursors`), whose sinks commit under that name: who writes may have written from now on.

    Returns, by node, what is `remembered` of the last window, where the stage tells its rows apart, and, where it writes them, what the
    stage that read them left for the next: {pending_columns, pending_remembered, pending_floor}.

    Raises CursorHeld where the run has a cursor no more, and where an earlier run may have written a window together with others than now:
    under the new name nobody would find it.
    """
    exact = {node for node, cursor in cursors.items() if cursor["exact"] and cursor["sinks"]}
    # Under the name of a window all rows that the sinks get are found again, those of cursors that need not be exact among them.
    writes = {node for node, cursor in cursors.items() if cursor["sinks"]} if published_as is not None else exact
    reads = {node for node, cursor in cursors.items() if cursor["reads"]}
    arguments = {"namespace": namespace, "pipeline": pipeline, "run": run, "writes": sorted(writes), "as": published_as}
    rows = tx.execute(
        """
        SELECT node, window_id::text AS window, opened, opened_as, pending_columns, pending_floor,
               CASE WHEN node = ANY(%(reads)s) THEN remembered END AS remembered,
               CASE WHEN node = ANY(%(carries)s) THEN pending_remembered END AS pending_remembered
          FROM cursors
         WHERE namespace = %(namespace)s AND pipeline = %(pipeline)s AND node = ANY(%(nodes)s) AND held_by = %(run)s
         ORDER BY node FOR UPDATE
        """,
        {**arguments, "nodes": sorted(cursors), "reads": sorted(reads), "carries": sorted(exact - reads)},
    ).fetchall()
    begun = {row["node"]: row for row in rows}
    for node in cursors:
        _held(node, begun.get(node))
    windows = {begun[node]["window"] for node in writes}
    for node in sorted(exact):
        _same_name(node, begun[node], windows, published_as)
    tx.execute(
        """
        -- Without a window, what is written was taken over before, and a person asked for it again.
        UPDATE cursors SET opened = true, opened_as = %(as)s
         WHERE namespace = %(namespace)s AND pipeline = %(pipeline)s AND node = ANY(%(writes)s) AND held_by = %(run)s
           AND window_id IS NOT NULL
        """,
        arguments,
    )
    return begun


def _same_name(node: str, row: Mapping[str, Any], windows: Collection[str], published_as: str | None) -> None:
    """Of a window that an older release opened the name is not known; it was that of one of those that are written with it."""
    names = windows if row["opened_as"] is None else {row["opened_as"]}
    if row["opened"] and row["window"] is not None and published_as not in names:
        raise CursorHeld(
            f"an earlier run may have written what is new in {node}, together with rows of other sources than reach the same sinks now,"
            " or whose cursors were set since; see what the sinks have, then set the cursor anew (penstock state)",
            node=node,
        )


def remember(
    tx: Tx, run: str, namespace: str, pipeline: str, node: str, columns: Sequence[Sequence[str]], rows: bytes, floor: str | None
) -> None:
    """What the next window has to leave out, should this one be taken over, and from where on that is complete. Repeating it changes
    nothing.
    """
    row = tx.execute(
        """
        UPDATE cursors SET pending_columns = %(columns)s, pending_remembered = %(rows)s, pending_floor = coalesce(%(floor)s, pending_floor)
         WHERE namespace = %(namespace)s AND pipeline = %(pipeline)s AND node = %(node)s AND held_by = %(run)s RETURNING node
        """,
        {
            "columns": Jsonb([list(c) for c in columns]),
            "rows": rows,
            "floor": floor,
            "namespace": namespace,
            "pipeline": pipeline,
            "node": node,
            "run": run,
        },
    ).fetchone()
    _held(node, row)


def recorded(tx: Tx, run: str, namespace: str, pipeline: str, node: str, sinks: Iterable[str]) -> str | None:
    """Those sinks have the window's rows; with the last of them the cursor moves, and its new value is returned."""
    row = tx.execute(
        """
        UPDATE cursors SET awaiting = ARRAY(SELECT unnest(awaiting) EXCEPT SELECT unnest(%(sinks)s::text[]))
         WHERE namespace = %(namespace)s AND pipeline = %(pipeline)s AND node = %(node)s AND held_by = %(run)s
        RETURNING cardinality(awaiting) AS left, window_id
        """,
        {"sinks": list(sinks), "namespace": namespace, "pipeline": pipeline, "node": node, "run": run},
    ).fetchone()
    found = _held(node, row)
    if found["left"] or found["window_id"] is None:
        return None
    moved = tx.execute(
        """
        UPDATE cursors SET value = coalesce(upto, value), columns = pending_columns, remembered = pending_remembered, floor = pending_floor,
               reads = coalesce(pending_reads, reads), window_id = NULL, upto = NULL, opened = false, opened_as = NULL,
               pending_columns = NULL, pending_remembered = NULL, pending_floor = NULL, pending_reads = NULL, updated_at = clock_timestamp()
         WHERE namespace = %(namespace)s AND pipeline = %(pipeline)s AND node = %(node)s AND held_by = %(run)s RETURNING value
        """,
        {"namespace": namespace, "pipeline": pipeline, "node": node, "run": run},
    ).fetchone()
    value = _held(node, moved)["value"]
    return None if value is None else str(value)


def held(tx: Tx, run: str, namespace: str, pipeline: str, nodes: Iterable[str]) -> dict[str, bool]:
    """Those of the cursors that are this run's, and whether its window is still to be taken over; until the transaction ends they stay
    so.
    """
    rows = tx.execute(
        """
        SELECT node, window_id IS NOT NULL AS open FROM cursors
         WHERE namespace = %(namespace)s AND pipeline = %(pipeline)s AND node = ANY(%(nodes)s) AND held_by = %(run)s FOR UPDATE
        """,
        {"namespace": namespace, "pipeline": pipeline, "nodes": list(nodes), "run": run},
    )
    return {row["node"]: row["open"] for row in rows}


def of_pipeline(tx: Tx, namespace: str, pipeline: str) -> list[dict[str, Any]]:
    """{node, value, columns, floor, remembered, held_by, updated_at}: `remembered` so many rows; `held_by` only while that run has not
    ended.
    """
    return list(
        tx.execute(
            """
            SELECT c.node, c.value, c.columns, c.floor, coalesce(length(c.remembered), 0) / 16 AS remembered, r.id::text AS held_by,
                   c.updated_at
              FROM cursors c LEFT JOIN runs r ON r.id = c.held_by AND NOT r.status = ANY(%(final)s)
             WHERE c.namespace = %(namespace)s AND c.pipeline = %(pipeline)s ORDER BY c.node
            """,
            {"namespace": namespace, "pipeline": pipeline, "final": _FINAL},
        )
    )


def change(tx: Tx, namespace: str, pipeline: str, node: str, value: str | None, *, make: bool = False) -> bool | None:
    """Has the next run begin after that value, or, None, where the recipe says. False, and nothing changed, while a run has it; None
    where there is no cursor, unless it is to be made. What was remembered of rows, and a window that was begun, are forgotten.
    """
    if make:
        tx.execute(
            "INSERT INTO cursors (namespace, pipeline, node) VALUES (%(namespace)s, %(pipeline)s, %(node)s) ON CONFLICT DO NOTHING",
            {"namespace": namespace, "pipeline": pipeline, "node": node},
        )
    if not any(row["node"] == node for row in of_pipeline(tx, namespace, pipeline)):
        return None
    row = tx.execute(
        """
        UPDATE cursors c SET value = %(value)s, columns = NULL, remembered = NULL, floor = NULL, reads = NULL, held_by = NULL,
               window_id = NULL, upto = NULL, opened = false, opened_as = NULL, awaiting = NULL, pending_columns = NULL,
               pending_remembered = NULL, pending_floor = NULL, pending_reads = NULL, updated_at = clock_timestamp()
         WHERE c.namespace = %(namespace)s AND c.pipeline = %(pipeline)s AND c.node = %(node)s
           AND NOT EXISTS (SELECT FROM runs r WHERE r.id = c.held_by AND NOT r.status = ANY(%(final)s))
        RETURNING c.node
        """,
        {"value": value, "namespace": namespace, "pipeline": pipeline, "node": node, "final": _FINAL},
    ).fetchone()
    return row is not None


def _held(node: str, row: dict[str, Any] | None) -> dict[str, Any]:
    if row is None:
        raise CursorHeld(
            f"the cursor of {node} is not this run's any more: another run has it, or somebody set it; run it again", node=node
        )
    return row
