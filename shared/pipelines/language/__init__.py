"""The recipe language: text to documents, and valid documents to values."""

from shared.pipelines.language.reading import MAX_BYTES, read_documents
from shared.pipelines.language.values import InvalidDocument, connector, pipeline, rule_set

__all__ = ["MAX_BYTES", "InvalidDocument", "connector", "pipeline", "read_documents", "rule_set"]
