"""duckdb: tables and queries of a DuckDB database, a file on the workers' disk."""

from __future__ import annotations

from marshmallow import Schema, fields

from shared.connectors.protocols import Spec
from shared.connectors.tables import TableSink, TableSource, absolute


class DuckdbConfig(Schema):
    path = fields.String(required=True, validate=absolute, metadata={"title": "Database file", "description": "Absolute path"})


SPEC = Spec(
    type="duckdb",
    title="DuckDB",
    config_schema=DuckdbConfig,
    source_schema=TableSource,
    sink_schema=TableSink,
    dialect="duckdb",
    write_modes=("INSERT", "UPSERT", "OVERWRITE"),
    computes=True,
    reads_pushed=True,
    adds_columns=True,
    tells_winners=True,
)
