"""What is agreed on before it is done: ClickHouse has no transaction that could hold rows and their marker, so a stage's rows are staged
first, then one row in the marker table says what is to become of them and what their outcome is. Whoever finds that row does what it says,
each step of which may be done twice; then it says `published`.

Of two attempts that would write that row only the first does: it is inserted with a token that the table remembers.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from sqlglot import exp

from shared.connectors.clickhouse.catalogue import find as find_table
from shared.connectors.clickhouse.client import Server
from shared.connectors.errors import Misconfigured
from shared.connectors.protocols import AttemptKey
from shared.sql.reads import named

AGREED, DONE, PUBLISHED = "agreed", "done", "published"
# Rows that the table remembers to have taken; an attempt that slept through so many of others' would not be told from a new one.
_WINDOW = 100_000
_COLUMNS = ("namespace", "run", "node", "rerun", "batch", "epoch", "state", "outcome", "steps", "at")
_SCHEMA = pa.schema([(name, pa.int32() if name in ("rerun", "batch", "epoch") else pa.string()) for name in _COLUMNS])

Step = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """`done`: the blocks of its steps that are known to be in their tables."""

    outcome: dict[str, Any]
    steps: tuple[Step, ...]
    done: frozenset[int]
    published: bool


def table_name() -> str:
    """Name, or database.name, from PENSTOCK_MARKER_TABLE; it may be made beforehand, by somebody who has the right."""
    return os.environ.get("PENSTOCK_MARKER_TABLE", "penstock_markers")


def make(server: Server) -> None:
    """Raises Misconfigured for a table, made by others, that would take a row twice."""
    kinds = {field.name: "Int32" if pa.types.is_integer(field.type) else "String" for field in _SCHEMA}
    columns = ", ".join(f"{name} {kind}" for name, kind in kinds.items())
    name = named(table_name()).sql(dialect="clickhouse")
    there = find_table(server, table_name())
    if there is None:
        server.tell(
            f"CREATE TABLE IF NOT EXISTS {name} ({columns}) ENGINE = MergeTree ORDER BY (namespace, run, node, rerun, batch)"
            f" SETTINGS non_replicated_deduplication_window = {_WINDOW}"
        )
    elif not there.window:
        raise Misconfigured(
            f"table {table_name()} remembers no inserted blocks; set its non_replicated_deduplication_window to {_WINDOW}, or drop it"
        )


def find(server: Server, key: AttemptKey) -> Standing | None:
    said = exp.select("state", "batch", "outcome", "steps").from_(named(table_name()))
    said = said.where(
        "namespace = {namespace:String} AND run = {run:String} AND node = {node:String} AND rerun = {rerun:Int32}", dialect="clickhouse"
    )
    rows = server.ask(said.order_by("at"), namespace=key.namespace, run=key.committed_as, node=key.nodes[0], rerun=key.rerun)
    agreed = [row for row in rows if row[0] == AGREED]
    if not agreed:
        return None
    _, _, outcome, steps = agreed[0]
    done = frozenset(int(batch) for state, batch, *_ in rows if state == DONE)
    return Standing(json.loads(outcome), tuple(json.loads(steps)), done, any(state == PUBLISHED for state, *_ in rows))


def agree(server: Server, key: AttemptKey, outcome: dict[str, Any], steps: Sequence[Step]) -> Standing:
    """What stands, which is another's where another was first."""
    _put(server, key, key.nodes[0], 0, AGREED, outcome, steps)
    standing = find(server, key)
    assert standing is not None
    return standing


def note(server: Server, key: AttemptKey, block: int) -> None:
    """That block of the agreed steps is in its table."""
    _put(server, key, key.nodes[0], block, DONE, {}, ())


def close(server: Server, key: AttemptKey, standing: Standing) -> None:
    for node in key.nodes:
        _put(server, key, node, 0, PUBLISHED, standing.outcome, ())


def token(key: AttemptKey, *parts: object) -> str:
    return "/".join(map(str, ("penstock", key.namespace, key.committed_as, key.nodes[0], key.rerun, *parts)))


def _put(server: Server, key: AttemptKey, node: str, batch: int, state: str, outcome: dict[str, Any], steps: Sequence[Step]) -> None:
    at = datetime.now(UTC).isoformat()
    values = (key.namespace, key.committed_as, node, key.rerun, batch, key.epoch, state, json.dumps(outcome), json.dumps(list(steps)), at)
    row = pa.RecordBatch.from_arrays([pa.array([value], field.type) for value, field in zip(values, _SCHEMA, strict=True)], schema=_SCHEMA)
    server.put(named(table_name()), row, token(key, state, node, batch))
