"""kafka: topics of a Kafka cluster, for triggers. No node reads or writes them yet: a trigger's run is handed its messages as a file."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from shared.connectors.protocols import Spec


class KafkaConfig(Schema):
    bootstrapServers = fields.String(
        required=True,
        validate=validate.Regexp(
            r"\s*(\[[0-9a-fA-F:.]+\]|[^\s,:/\[\]]+):[0-9]{1,5}\s*(,\s*(\[[0-9a-fA-F:.]+\]|[^\s,:/\[\]]+):[0-9]{1,5}\s*)*\Z",
            error="must be hosts with their ports, such as kafka-1:9092,kafka-2:9092",
        ),
        metadata={"title": "Bootstrap servers", "description": "host:port, several with commas between"},
    )
    securityProtocol = fields.String(
        load_default="PLAINTEXT",
        validate=validate.OneOf(("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")),
        metadata={"title": "Security protocol"},
    )
    saslMechanism = fields.String(
        validate=validate.OneOf(("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")), metadata={"title": "SASL mechanism"}
    )
    username = fields.String(metadata={"title": "User"})
    password = fields.String(metadata={"title": "Password"})
    caCertificate = fields.String(metadata={"title": "CA certificate", "description": "PEM; the machine's own where left out"})
    clientCertificate = fields.String(metadata={"title": "Client certificate", "description": "PEM"})
    clientKey = fields.String(metadata={"title": "Client key", "description": "PEM"})


class NoRows(Schema):
    """Nothing: see `Spec.no_rows`."""


SPEC = Spec(
    type="kafka",
    title="Apache Kafka",
    config_schema=KafkaConfig,
    source_schema=NoRows,
    sink_schema=NoRows,
    secret_fields=("password", "clientKey"),
    no_rows="a connector of type kafka is for triggers; a trigger of type kafka hands its messages to the run as a file, whose path is a"
    " parameter",
)
