"""kind: Connector. `config` is checked by the connector type's own schema."""

from __future__ import annotations

from marshmallow import Schema

from shared.pipelines.kinds.fields import CheckedByType, NotYet, text, word

# Connector types of the language that come later.
LATER = (
    "mysql", "sqlite", "duckdb", "clickhouse", "snowflake", "databricks", "sqlserver", "oracle", "teradata", "hana", "ase", "redshift",
    "bigquery", "rest", "delta", "iceberg", "mongodb", "opensearch", "redis", "kafka", "http_push", "slack", "email", "airbyte", "memory",
)  # fmt: skip


class ConnectorSpec(Schema):
    type = word("Type", required=True)
    config = CheckedByType(load_default=dict, metadata={"title": "Configuration"})
    credential = word("Credential")
    description = text("Description")
    circuitBreaker = NotYet()
    maxConnections = NotYet()
