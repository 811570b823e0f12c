"""The history of a document: its versions, what differs between two of them, and going back."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from services.api.schemas.documents import Named
from services.api.schemas.fields import Paged, Told, Whole, page_of, time

_AT_LEAST_1 = validate.Range(1, 2**31 - 1, error="{input} is no version; they count from 1")


class VersionsQuery(Paged):
    pass


class Version(Named):
    version = fields.Integer()
    parentVersion = fields.Integer(allow_none=True, metadata={"description": "The version before it; null for the first"})
    gitCommitSha = fields.String(metadata={"description": "The commit that holds it"})
    sha = fields.String(metadata={"description": "The same"})
    author = fields.String()
    message = fields.String()
    savedAt = time()
    current = fields.Boolean(metadata={"description": "It is the one in force; none is once the document was deleted"})


class VersionInFull(Version):
    document = fields.String(metadata={"description": "The text as it was written, with references in the place of secrets"})
    errors = fields.List(fields.Nested(Told))


class Restore(Schema):
    version = Whole(
        required=True,
        validate=_AT_LEAST_1,
        error_messages={
            "required": "version is missing; name the one whose text is to come back",
            "invalid": "version must be a whole number",
        },
        metadata={"description": "Whose text becomes the new version"},
    )
    message = fields.String(
        load_default="",
        # A text of PostgreSQL's holds every character but this one.
        validate=validate.ContainsNoneOf("\0", error="message holds a NUL character; leave it out"),
        metadata={"description": "Of the new version; says what was restored where left out"},
    )


class Difference(Schema):
    path = fields.String(metadata={"description": "A JSON pointer into the newer text; for what was removed, into the older one"})
    change = fields.String(validate=validate.OneOf(("added", "removed", "changed")))
    before = fields.Raw(allow_none=True)
    after = fields.Raw(allow_none=True)
    node = fields.String(allow_none=True, metadata={"description": "The node that it lies in"})


# `from` is a word of Python.
DiffQuery: Any = Schema.from_dict(
    {
        "from": fields.Integer(validate=_AT_LEAST_1, metadata={"description": "The one before `to` where left out"}),
        "to": fields.Integer(validate=_AT_LEAST_1, metadata={"description": "The newest where left out"}),
    },
    name="DiffQuery",
)
Diff: Any = Schema.from_dict(
    {
        "from": fields.Integer(),
        "to": fields.Integer(),
        "unified": fields.String(metadata={"description": "As diff -u writes it; empty where the texts are the same"}),
        "structural": fields.List(
            fields.Nested(Difference),
            allow_none=True,
            metadata={"description": "What differs in meaning; null where one of the texts cannot be read as a document"},
        ),
    },
    name="Diff",
)
VersionPage = page_of(Version, "VersionPage")
