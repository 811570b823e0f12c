"""Settings that several kinds have."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from shared.pipelines.fields import Choice, Word, shown

RETRY_ON = ("timeout", "connection", "429", "503", "deadlock", "serialization")


def retry_on(**options: Any) -> fields.List[str]:
    metadata = shown("What counts as transient", "Errors after which a node is tried again", ["timeout", "429"])
    return fields.List(Word(validate=Choice(RETRY_ON)), metadata=metadata, **options)
