"""Column names and types as all of Penstock speaks of them: PostgreSQL's spelling of SQL types.

Types: BOOLEAN, SMALLINT, INTEGER, BIGINT, REAL, DOUBLE PRECISION, NUMERIC(p, s), TEXT, DATE, TIME, TIMESTAMP,
TIMESTAMPTZ, INTERVAL, BYTEA, UUID, JSON, and T[] for lists. Names are kept exactly as the source has them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `type` is upper case, in PostgreSQL's spelling."""

    name: str
    type: str
    nullable: bool = True

    def to_json(self) -> list[Any]:
        return [self.name, self.type, self.nullable]


Columns = tuple[Column, ...]


def columns_from_json(value: Iterable[list[Any]]) -> Columns:
    return tuple(Column(str(name), str(type_), bool(rest[0]) if rest else True) for name, type_, *rest in value)
