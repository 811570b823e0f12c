"""Our column types (PostgreSQL's spelling) as Arrow's: what a driver reads into, and what it takes rows as.

Types that Arrow has no like of (UUID, JSON, INTERVAL, lists, and decimals of more than 38 digits) travel as text; whoever reads them casts.
"""

from __future__ import annotations

import re

import pyarrow as pa

from shared.datasets import Columns

_ARROW: dict[str, pa.DataType] = {
    "BOOLEAN": pa.bool_(),
    "SMALLINT": pa.int16(),
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "REAL": pa.float32(),
    "DOUBLE PRECISION": pa.float64(),
    "NUMERIC": pa.decimal128(38, 10),
    "TEXT": pa.string(),
    "DATE": pa.date32(),
    "TIME": pa.time64("us"),
    "TIMESTAMP": pa.timestamp("us"),
    "TIMESTAMPTZ": pa.timestamp("us", "UTC"),
    "BYTEA": pa.binary(),
}
_NUMERIC = re.compile(r"NUMERIC\((\d+), ?(\d+)\)")
MOST_DIGITS = 38


def arrow_type(ours: str) -> pa.DataType:
    if found := numeric(ours):
        precision, scale = found
        return pa.decimal128(precision, scale) if precision <= MOST_DIGITS else pa.string()
    return _ARROW.get(ours, pa.string())


def sent_as_texts(columns: Columns) -> frozenset[str]:
    """Columns that travel as text and mean something else."""
    return frozenset(column.name for column in columns if pa.types.is_string(arrow_type(column.type)) and column.type != "TEXT")


def numeric(ours: str) -> tuple[int, int] | None:
    """(precision, scale) of NUMERIC(p, s); None for anything else, NUMERIC without them too."""
    found = _NUMERIC.fullmatch(ours)
    return (int(found[1]), int(found[2])) if found else None
