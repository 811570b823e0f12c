"""kind: Connector. `config` is checked by the connector type's own schema."""

from __future__ import annotations

from marshmallow import fields

from shared.pipelines.fields import CheckedByType, count, name, part, prose, seconds, shown, text
from shared.pipelines.shapes import Shape

# Connector types of the language that come later.
LATER = (
    "bigquery", "rest", "delta", "iceberg", "mongodb", "opensearch", "redis",
    "airbyte", "memory",
)  # fmt: skip


class CircuitBreaker(Shape):
    failures = count("Failures in a row", "After so many, nothing is tried for a while", least=1, load_default=5, example=5)
    coolDownSeconds = seconds("Cool-down", "Then one attempt goes through", load_default=120, example=120)


class ConnectorSpec(Shape):
    type = text("Type", "What kind of system it is", required=True, templates="never", example="postgres")
    config = CheckedByType(load_default=dict, metadata=shown("Configuration", "The settings of the connector's type"))
    credential: fields.String = name("Credential", "Its fields complete the configuration", example="warehouse-login")
    description = prose("Description", example="The warehouse")
    circuitBreaker = part(CircuitBreaker, "Circuit breaker", "When the system is left alone for a while")
    maxConnections = count("Most connections", "At once, of all runs and workers; stages beyond that wait", least=1, example=8)
