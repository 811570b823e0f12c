"""What every document has around its spec."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from shared.pipelines.kinds.fields import NAME, CheckedByType, mapping

API_VERSIONS = ("dataflow.polkomtel.com/v1", "penstock/v1")

_DNS_LABEL = validate.Regexp(
    rf"{NAME}\Z",
    error="must be a DNS-1123 label: at most 63 lower-case letters, digits and '-', beginning and ending with a letter or digit",
)


class Metadata(Schema):
    name = fields.String(required=True, validate=_DNS_LABEL, metadata={"title": "Name"})
    namespace = fields.String(load_default="default", validate=_DNS_LABEL, metadata={"title": "Namespace"})
    labels = mapping("Labels")
    annotations = mapping("Annotations")


class Envelope(Schema):
    apiVersion = fields.String(required=True, metadata={"title": "API version"})
    kind = fields.String(required=True, metadata={"title": "Kind"})
    metadata = fields.Nested(Metadata, required=True, metadata={"title": "Metadata"})
    spec = CheckedByType(required=True, metadata={"title": "Specification"})
