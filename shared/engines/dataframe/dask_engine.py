"""The Dask engine: every relation in parts on disk, so that a worker computes tables much larger than its memory.

Its own threads do the work, or the cluster at PENSTOCK_DASK_ADDRESS, whose workers must have Penstock and see the scratch folder.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from dask.base import compute
from dask.delayed import delayed

from shared.engines.control import Control
from shared.engines.dataframe.errors import Interrupted
from shared.engines.dataframe.frame import Frame
from shared.engines.dataframe.partitioned import Partitioned, Place
from shared.engines.dataframe.parts import Kept, Written
from shared.engines.dataframe.relations import Frames, typed
from shared.engines.dataframe.table import Named, plain_names
from shared.engines.duckdb import driver
from shared.engines.duckdb.connection import text
from shared.engines.work import Job, Outcome

ADDRESS = "PENSTOCK_DASK_ADDRESS"
PART_BYTES = "PENSTOCK_DASK_PART_BYTES"
# So many parts at once, for each thread, fill the worker's memory; measured: a join holds its two sides, their codes and what it makes.
_PARTS_IN_MEMORY = 24
_LEAST_BYTES, _MOST_BYTES = 4_000_000, 64_000_000

Do = Callable[[Callable[..., Any], Sequence[tuple[Any, ...]]], list[Any]]


def run(job: Job, control: Control) -> Outcome:
    """One attempt, as `shared.engines.duckdb.driver.run`."""
    Path(job.limits.scratch).mkdir(parents=True, exist_ok=True)
    folder = tempfile.mkdtemp(prefix="dask-", dir=job.limits.scratch)
    try:
        with _doing(job, control) as do:
            return driver.run(job, control, partial(DaskFrames, folder, do))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _doing(job: Job, control: Control) -> Iterator[Do]:
    address = os.environ.get(ADDRESS)
    if not address:
        yield partial(_here, control, job.limits.threads)
        return
    from distributed import Client

    client = Client(address, set_as_default=False)  # type: ignore[no-untyped-call]
    with client, control.stopped_by(client.close):
        yield partial(_there, client)


def _here(control: Control, threads: int, function: Callable[..., Any], each: Sequence[tuple[Any, ...]]) -> list[Any]:
    def unless_stopped(*arguments: Any) -> Any:
        if control.cancelled:
            raise Interrupted("stopped on request")
        return function(*arguments)

    tasks = [delayed(unless_stopped, pure=False, traverse=False)(*arguments) for arguments in each]
    return list(compute(*tasks, scheduler="threads", num_workers=threads, traverse=False))  # type: ignore[no-untyped-call]


def _there(client: Any, function: Callable[..., Any], each: Sequence[tuple[Any, ...]]) -> list[Any]:
    return list(client.gather([client.submit(function, *arguments, pure=False) for arguments in each]))


def _part_bytes(job: Job) -> int:
    fitting = job.limits.memory_bytes // (_PARTS_IN_MEMORY * job.limits.threads)
    return int(os.environ.get(PART_BYTES) or min(_MOST_BYTES, max(_LEAST_BYTES, fitting)))


def _in_parts(reader: pa.RecordBatchReader, part_bytes: int) -> Iterator[Any]:
    """Tables of about so many bytes each, at least one."""
    waiting: list[Any] = []
    size, many = 0, 0
    for batch in reader:
        # No more rows at a time than a part may have.
        most = max(1, batch.num_rows * part_bytes // max(1, batch.nbytes))
        for start in range(0, batch.num_rows, most):
            piece = batch.slice(start, most)
            waiting.append(piece)
            size += batch.nbytes * piece.num_rows // max(1, batch.num_rows)
            if size >= part_bytes:
                yield pa.Table.from_batches(waiting, reader.schema)
                waiting, size, many = [], 0, many + 1
    if waiting or not many:
        yield pa.Table.from_batches(waiting, reader.schema)


class DaskFrames(Frames):
    def __init__(self, folder: str, do: Do, connection: Any, job: Job, program: Any) -> None:
        super().__init__(connection, job, program)
        self._folder, self._do = folder, do

    def _taken(self, reader: pa.RecordBatchReader, schema: pa.Schema) -> Frame:
        """Written down as it comes, in parts of as many rows as a part may have bytes."""
        part_bytes = _part_bytes(self._job)
        written: list[Written] = []
        for rows in _in_parts(reader, part_bytes):
            path = str(Path(self._folder) / f"read-{len(self._frames)}-{len(written)}.parquet")
            table = plain_names(typed(rows, schema))
            pq.write_table(table, path, compression="lz4", use_dictionary=False, write_statistics=False)
            written.append(Written(path, table.num_rows, {}))
        names = tuple(("", field.name) for field in schema)
        place = Place(self._folder, max(1, max(one.rows for one in written)), self._do, self._draw)
        parts = tuple(Kept((one.path,), schema, names) for one in written)
        return Partitioned(place, parts, Named(schema.empty_table(), names), tuple(one.rows for one in written))

    def _shown(self, frame: Frame) -> str:
        assert isinstance(frame, Partitioned)
        paths = [path for part in frame.parts if isinstance(part, Kept) for path in part.paths]
        return f"read_parquet([{', '.join(text(path) for path in paths)}], union_by_name = false)"
