"""The recipe language: text to documents, and valid documents to values."""

from shared.pipelines.language.reading import read_documents

__all__ = ["read_documents"]
