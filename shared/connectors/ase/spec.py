"""ase: tables and queries of a SAP (Sybase) ASE database."""

from __future__ import annotations

from marshmallow import Schema, fields

from shared.connectors.protocols import Spec
from shared.connectors.tables import TableSink, TableSource


class AseConfig(Schema):
    server = fields.String(required=True, metadata={"title": "Server, as the interfaces file names it"})
    database = fields.String(required=True, metadata={"title": "Database"})
    user = fields.String(required=True, metadata={"title": "User"})
    password = fields.String(metadata={"title": "Password"})
    schema = fields.String(load_default="dbo", metadata={"title": "Owner of tables that are named without one"})


SPEC = Spec(
    type="ase",
    title="SAP ASE",
    config_schema=AseConfig,
    source_schema=TableSource,
    sink_schema=TableSink,
    secret_fields=("password",),
    dialect="ase",
    write_modes=("INSERT", "UPSERT", "OVERWRITE"),
    computes=True,
    reads_pushed=True,
)
