"""mysql: tables and queries of a MySQL or MariaDB database."""

from __future__ import annotations

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from shared.connectors.protocols import Spec
from shared.connectors.tables import TableSink, TableSource


class MysqlConfig(Schema):
    host = fields.String(metadata={"title": "Host"})
    port = fields.Integer(load_default=3306, validate=validate.Range(1, 65535), metadata={"title": "Port"})
    database = fields.String(metadata={"title": "Database"})
    user = fields.String(metadata={"title": "User"})
    password = fields.String(metadata={"title": "Password"})
    sslmode = fields.String(
        validate=validate.OneOf(("disable", "require", "verify-ca", "verify-full")),
        metadata={"title": "TLS", "description": "Default: as the server offers"},
    )
    url = fields.String(metadata={"title": "URL, instead of the parts", "description": "mysql://user:password@host:3306/database"})

    @validates_schema
    def _complete(self, data: dict[str, object], **_: object) -> None:
        if "url" not in data:
            for key in ("host", "database", "user"):
                if key not in data:
                    raise ValidationError(f"give {key}, or url instead of the parts", key)


SPEC = Spec(
    type="mysql",
    title="MySQL, MariaDB",
    config_schema=MysqlConfig,
    source_schema=TableSource,
    sink_schema=TableSink,
    secret_fields=("password", "url"),
    dialect="mysql",
    write_modes=("INSERT", "UPSERT", "OVERWRITE"),
    computes=True,
    reads_pushed=True,
    adds_columns=True,
    tells_winners=True,
)
