"""Everything that is wrong with a set of documents, at once, each problem at its line and column and with the nearest right word.

Pure: what exists besides comes in as `Known`. Secret fields are the API's matter.
"""

from shared.pipelines.validation.documents import validate
from shared.pipelines.validation.known import Known, full_name
from shared.pipelines.validation.stored import (
    filled_document,
    has_values,
    known_from,
    schedule_of,
    stored_calendar,
    stored_connector,
    stored_document,
    stored_errors,
    stored_rule_set,
    templated_texts,
)

__all__ = [
    "Known",
    "filled_document",
    "full_name",
    "has_values",
    "known_from",
    "schedule_of",
    "stored_calendar",
    "stored_connector",
    "stored_document",
    "stored_errors",
    "stored_rule_set",
    "templated_texts",
    "validate",
]
