"""Texts that are checked and saved, and what came of it."""

from __future__ import annotations

from typing import Any

from marshmallow import INCLUDE, Schema, fields

from services.api.schemas.fields import Paged, Told, maybe_time, page_of, time, words


class Document(Schema):
    """What people write, as JSON; the schemas under /api/v1/schemas say what each kind has."""

    apiVersion = fields.String(required=True)
    kind = fields.String(required=True)
    metadata = fields.Dict(required=True)
    spec = fields.Dict(required=True)


class DocumentOrDraft(Schema):
    """A document, or, with draft=true, what is meant to become one: it needs its kind and its name, and is kept whatever else it says."""

    class Meta:
        unknown = INCLUDE

    apiVersion = fields.Raw(metadata={"example": "penstock/v1"})
    kind = fields.String(required=True)
    metadata = fields.Dict(required=True)
    spec = fields.Raw(metadata={"description": "An object, as /api/v1/schemas say for each kind"})


def _text_body(document: type[Schema]) -> dict[str, Any]:
    """A text is sent as it is, so that every position told is one in what was sent. As JSON it is one document."""
    texts = {kind: {"schema": {"type": "string"}} for kind in ("application/yaml", "application/toml")}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": document}, **texts}}}


TEXT_BODY = _text_body(Document)
DRAFT_BODY = _text_body(DocumentOrDraft)


class ApplyQuery(Schema):
    dryRun = fields.Boolean(load_default=False, metadata={"description": "Saves nothing"})
    draft = fields.Boolean(load_default=False, metadata={"description": "Saves what has errors too"})
    message = words(load_default="", metadata={"description": "Of the new versions"})


class SaveQuery(Schema):
    message = words(load_default="", metadata={"description": "Of the new version, or of the deletion"})


class Validated(Schema):
    valid = fields.Boolean()
    errors = fields.List(fields.Nested(Told))


class Named(Schema):
    kind = fields.String()
    namespace = fields.String()
    name = fields.String()
    version = fields.Integer(allow_none=True)
    gitCommitSha = fields.String(allow_none=True)
    valid = fields.Boolean()


class AppliedOne(Named):
    changed = fields.Boolean(allow_none=True, metadata={"description": "A new version was made"})


class Applied(Schema):
    applied = fields.List(fields.Nested(AppliedOne))
    dryRun = fields.Boolean()
    errors = fields.List(fields.Nested(Told))


class Saved(AppliedOne):
    sha = fields.String(allow_none=True)
    errors = fields.List(fields.Nested(Told))


class Shown(Named):
    errors = fields.List(fields.Nested(Told))
    document = fields.String(metadata={"description": "The text, with references in the place of secrets"})
    author = fields.String()
    message = fields.String()
    savedAt = time()


class LastRun(Schema):
    id = fields.String(metadata={"format": "uuid"})
    status = fields.String()


class Switched(Schema):
    by = fields.String(metadata={"description": "The token's name"})
    at = time()
    reason = fields.String(allow_none=True)


class Starting(Schema):
    """Whether a pipeline starts by itself."""

    enabled = fields.Boolean(
        allow_none=True, metadata={"description": "Whether it starts by itself; null: no valid version of it is saved"}
    )
    switched = fields.Nested(Switched, allow_none=True, metadata={"description": "Who said so beside the recipe; null: the recipe says so"})


class ListedPipeline(Starting):
    namespace = fields.String()
    name = fields.String()
    version = fields.Integer()
    gitCommitSha = fields.String(allow_none=True)
    valid = fields.Boolean()
    savedAt = time()
    lastRun = fields.Nested(LastRun, allow_none=True)
    nextFireAt = maybe_time()
    qualityScore = fields.Float(allow_none=True, metadata={"description": "The lowest of its last run; null: no rule set looked at that"})


class NamedQuery(Paged):
    namespace = fields.String(metadata={"description": "Only of this namespace"})
    name = fields.String(metadata={"description": "Only of this name"})


class ListedConnector(Schema):
    namespace = fields.String()
    name = fields.String()
    version = fields.Integer()
    valid = fields.Boolean()


PipelinePage = page_of(ListedPipeline, "PipelinePage")
ConnectorPage = page_of(ListedConnector, "ConnectorPage")
