"""What a replay reads, for the planner: rejected rows with the columns that they came to their node with, as that run's program says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shared.pipelines.replay import LETTERS, CannotReplay
from shared.planning.needs import Need


def columns_entering(programs: Iterable[Mapping[str, Any]], node: str) -> list[Any]:
    """Columns, as JSON, of the rows that a node rejected; of a source, those of its file. Raises CannotReplay.

    `programs`: what the stages did that the node was in, the newest first.
    """
    for program in programs:
        for reject in program.get("rejects", ()):
            if reject["node"] == node and reject.get("columns"):
                return list(reject["columns"])
        for read in program.get("reads", ()):
            if read["node"] == node and "surveyed" in read["options"]:
                return list(read["options"]["surveyed"])
        for sink in program.get("sinks", ()):
            if sink["node"] == node:
                return list(sink["columns"])
    raise CannotReplay(f"which columns the rejected rows of {node} have was not kept by the release that ran them; run the pipeline again")


def facts_of(needs: Sequence[Need], columns: Sequence[Any], rows: int) -> dict[str, dict[str, Any]]:
    """As if somebody had looked at the letters; by key of the need for them."""
    found = {"exists": True, "columns": list(columns), "rows": rows, "sizeBytes": None, "keys": [], "marker": None, "version": None}
    return {need.key: found for need in needs if need.connector == LETTERS}
