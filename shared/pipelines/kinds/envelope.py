"""What every document has around its spec."""

from __future__ import annotations

from marshmallow import fields, validate

from shared.pipelines.fields import NAME, CheckedByType, mapping, shown
from shared.pipelines.shapes import Shape

API_VERSIONS = ("dataflow.polkomtel.com/v1", "penstock/v1")

_DNS_LABEL = validate.Regexp(
    rf"{NAME}\Z",
    error="must be a DNS-1123 label: at most 63 lower-case letters, digits and '-', beginning and ending with a letter or digit",
)


class Metadata(Shape):
    name = fields.String(
        required=True, validate=_DNS_LABEL, metadata=shown("Name", "Unique within its kind and namespace", "daily-sales-load")
    )
    namespace = fields.String(
        load_default="default", validate=_DNS_LABEL, metadata=shown("Namespace", "Whose it is; tokens may be limited to some", "sales")
    )
    labels = mapping("Labels", "Words to find it by", example={"team": "sales"})
    annotations = mapping(
        "Annotations",
        "What people should know: description, owner, contacts, …",
        example={"description": "Sales of the day", "owner": "data-team", "contacts": ["data-team@example.com"]},
    )


class Envelope(Shape):
    apiVersion = fields.String(required=True, metadata=shown("API version", "The version of the language", "penstock/v1"))
    kind = fields.String(required=True, metadata=shown("Kind", "What the document describes", "Pipeline"))
    metadata = fields.Nested(Metadata, required=True, metadata=shown("Metadata", "Name, namespace, labels and annotations"))
    spec = CheckedByType(required=True, metadata=shown("Specification", "What it is; each kind has its own settings"))
