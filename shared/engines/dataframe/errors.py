"""What the engine says of rows that an operation cannot take; the same class, whatever the engine."""

from shared.engines.duckdb.errors import Interrupted, OutOfMemory, RowsDoNotFit

__all__ = ["Interrupted", "OutOfMemory", "RowsDoNotFit"]
