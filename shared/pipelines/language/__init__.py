"""The recipe language: text to documents, valid documents with the values of a run, and those to values."""

from shared.pipelines.language.filling import filled
from shared.pipelines.language.reading import MAX_BYTES, read_documents
from shared.pipelines.language.run_values import RunValues, Unsettled, needs_values, settle, zone_of
from shared.pipelines.language.values import InvalidDocument, calendar, connector, dependency, pipeline, pipeline_test, rule_set, starts

__all__ = [
    "MAX_BYTES",
    "InvalidDocument",
    "RunValues",
    "Unsettled",
    "calendar",
    "connector",
    "dependency",
    "filled",
    "needs_values",
    "pipeline",
    "pipeline_test",
    "read_documents",
    "rule_set",
    "settle",
    "starts",
    "zone_of",
]
