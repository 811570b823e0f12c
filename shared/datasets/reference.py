"""A reference to staged rows: which attempt wrote them, and where.

The folder of an attempt is `{staging}/{run}/{stage}/{epoch}/`; one Parquet file per port inside it. Files there are not read by anyone
until the commit of the stage in PostgreSQL names them, so a half-written attempt is litter, never data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared.datasets.columns import Columns, columns_from_json


@dataclass(frozen=True, slots=True)
class Dataset:
    """Rows of one output port, staged. `uri` is an absolute path or a URL; `rows` and `size_bytes` are counted, never estimated.

    `port` is `node` for a node's main output and `node.port` for any other; it is also the table name the rows have in SQL.
    """

    port: str
    uri: str
    columns: Columns
    rows: int
    size_bytes: int

    def to_json(self) -> dict[str, Any]:
        return {
            "port": self.port,
            "uri": self.uri,
            "columns": [column.to_json() for column in self.columns],
            "rows": self.rows,
            "sizeBytes": self.size_bytes,
        }

    @staticmethod
    def from_json(value: dict[str, Any]) -> Dataset:
        return Dataset(value["port"], value["uri"], columns_from_json(value["columns"]), value["rows"], value["sizeBytes"])
