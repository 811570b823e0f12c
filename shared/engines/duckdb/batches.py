"""Long loads in batches, from a committed dataset: an attempt that comes after a dead one goes on after its last batch.

Only where the rows of the dataset go into the sink as they are, in their order: whatever is computed on the way could come in another one
the next time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import cast

import duckdb

from shared.connectors.errors import RejectedData
from shared.connectors.protocols import CheckpointedSession, RejectingSession, SinkSession, SinkWrite
from shared.datasets import Dataset
from shared.engines.duckdb.connection import name
from shared.engines.duckdb.rows import DuckRows
from shared.engines.program import Program, Sink
from shared.engines.sinks import write_of
from shared.kill_points import kill_point

# Rows of a batch, and how many a load has to have that is divided. Measured: `make bench` of one and of the other.
SETTING, ROWS = "PENSTOCK_CHECKPOINT_ROWS", 500_000


def batch_rows() -> int:
    return max(1, int(os.environ.get(SETTING) or ROWS))


def divided(program: Program, inputs: Mapping[str, Dataset], session: SinkSession) -> tuple[CheckpointedSession, Dataset] | None:
    """Where the stage's one sink is to be loaded in batches: the session as one that can, and the dataset that they are of."""
    if not getattr(session, "checkpoints", False) or len(program.sinks) != 1 or len(program.reads) != 1 or program.statements:
        return None
    (read,), (sink,) = program.reads, program.sinks
    if sink.written != sink.columns:
        # Batches that an earlier attempt left would have its time.
        return None
    if sink.out is not None:
        # What is staged of it are the rows of this attempt's own write.
        return None
    if len(read.datasets) != 1 or program.rejects or any(column.type == "UNKNOWN" for column in sink.columns):
        return None
    stage, port = read.datasets[0]
    dataset = inputs[f"{stage}:{port}"]
    plain = f"SELECT {', '.join(name(column.name) for column in sink.columns)} FROM {name(read.table)}"  # noqa: S608 (quoted names)
    return (cast(CheckpointedSession, session), dataset) if dataset.rows > batch_rows() and sink.sql == plain else None


def load(
    connection: duckdb.DuckDBPyConnection,
    session: CheckpointedSession,
    dataset: Dataset,
    sink: Sink,
    query: str,
    scratch: str,
    done: Callable[[int], None],
) -> tuple[dict[str, int | None], int] | None:
    """Figures and rows; None, and nothing was brought, where rows are refused that are to be set aside: that takes all rows at once.

    `query`: all rows, in the dataset's order. `done` is told the rows so far after each batch, and may stop it.
    """
    write = write_of(sink)
    try:
        handed = _brought(connection, session, dataset, write, query, scratch, done)
        return session.publish_batches(write).figures, handed
    except RejectedData:
        if not cast(RejectingSession, session).sets_aside(write):
            raise
        session.drop_batches()
        return None


def _brought(
    connection: duckdb.DuckDBPyConnection,
    session: CheckpointedSession,
    dataset: Dataset,
    write: SinkWrite,
    query: str,
    scratch: str,
    done: Callable[[int], None],
) -> int:
    so_far, size = session.resume(write, dataset.uri), batch_rows()
    while so_far.processed_count < dataset.rows:
        done(so_far.processed_count)
        # The order of a dataset's one file is kept (`preserve_insertion_order`).
        rows = DuckRows(connection, f"{query} LIMIT {size} OFFSET {so_far.processed_count}", scratch)
        so_far = session.put_batch(write, rows)
        kill_point("sink.batched")
    return so_far.processed_count
