"""postgres: tables and queries of a PostgreSQL database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from shared.connectors.protocols import Spec
from shared.connectors.tables import TableSink, TableSource


class PostgresConfig(Schema):
    host = fields.String(metadata={"title": "Host"})
    port = fields.Integer(load_default=5432, validate=validate.Range(1, 65535), metadata={"title": "Port"})
    database = fields.String(metadata={"title": "Database"})
    user = fields.String(metadata={"title": "User"})
    password = fields.String(metadata={"title": "Password"})
    schema = fields.String(load_default="public", metadata={"title": "Schema of tables that are named without one"})
    sslmode = fields.String(
        validate=validate.OneOf(("disable", "allow", "prefer", "require", "verify-ca", "verify-full")), metadata={"title": "TLS"}
    )
    url = fields.String(metadata={"title": "URL, instead of the parts", "description": "postgresql://user:password@host:5432/database"})

    @validates_schema
    def _complete(self, data: dict[str, object], **_: object) -> None:
        if "url" not in data:
            for key in ("host", "database", "user"):
                if key not in data:
                    raise ValidationError(f"give {key}, or url instead of the parts", key)


SPEC = Spec(
    type="postgres",
    title="PostgreSQL",
    config_schema=PostgresConfig,
    source_schema=TableSource,
    sink_schema=TableSink,
    secret_fields=("password", "url"),
    dialect="postgres",
    write_modes=("INSERT", "UPSERT", "OVERWRITE"),
    computes=True,
    reads_pushed=True,
    adds_columns=True,
    tells_winners=True,
)

# A killed process' statements must end on the server too: it looks for the client every two seconds.
# A backslash in a text is a backslash, whatever the server's own setting: values are written on that understanding.
SERVER_OPTIONS = "-c client_connection_check_interval=2000 -c timezone=UTC -c standard_conforming_strings=on"


def connection_string(config: Mapping[str, Any], session: str) -> str:
    """A libpq connection string with the password in it, for psycopg and for DuckDB's extension alike. Never log it."""
    parts: dict[str, Any] = {"application_name": session, "connect_timeout": 10, "options": SERVER_OPTIONS}
    if url := config.get("url"):
        parts = {**_from_url(str(url)), **parts}
    else:
        parts |= {"host": config["host"], "port": config.get("port", 5432), "dbname": config["database"], "user": config["user"]}
        parts |= {key: config[key] for key in ("password", "sslmode") if config.get(key)}
    return " ".join(f"{key}={_quoted(str(value))}" for key, value in parts.items())


def _from_url(url: str) -> dict[str, Any]:
    split = urlsplit(url)
    parts = {"host": split.hostname, "port": split.port or 5432, "dbname": unquote(split.path.lstrip("/"))}
    parts |= {"user": unquote(split.username or ""), "password": unquote(split.password or "")}
    return {key: value for key, value in {**parts, **dict(parse_qsl(split.query))}.items() if value}


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def where_from(config: Mapping[str, Any]) -> str:
    """The database as an error message names it, without secrets."""
    parts = _from_url(str(config["url"])) if config.get("url") else {**config, "dbname": config.get("database")}
    return f"database {parts.get('dbname')} on {parts.get('host')}:{parts.get('port', 5432)} as {parts.get('user')}"
