"""What the engine says of rows that an operation cannot take; the same class, whatever the engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from shared.engines.duckdb.errors import Interrupted, OutOfMemory, RowsDoNotFit

__all__ = ["Interrupted", "OutOfMemory", "RowsDoNotFit", "translated"]


@contextmanager
def translated(memory_bytes: int) -> Iterator[None]:
    """Raises our errors for Arrow's. `memory_bytes`: the limit to name when it was too small."""
    try:
        yield
    except pa.ArrowNotImplementedError as error:
        raise RowsDoNotFit(f"data frames cannot do this with values of these types ({error}); set processingMode: duckdb") from error
    except MemoryError as error:
        limit = f"{memory_bytes / 1e6:.0f} MB"
        raise OutOfMemory(f"the rows do not fit into the worker's {limit}; set processingMode: dask, or duckdb") from error
    except pa.ArrowInvalid as error:
        raise RowsDoNotFit(f"a value does not fit: {error}") from error
