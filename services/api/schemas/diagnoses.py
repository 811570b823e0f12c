"""A diagnosis as it is asked for and told."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.api.schemas.fields import Flag, maybe_time
from shared.diagnosis.findings import Confidence
from shared.runs.states import RunStatus


class DiagnoseRun(Schema):
    """All of it may be left out."""

    assistant = Flag(
        load_default=False,
        metadata={"description": "Ask the language model that this server is set up with, too; needs the role editor"},
    )


class DiagnosisEvidence(Schema):
    what = fields.String()
    where = fields.String(metadata={"description": "A node, a stage, a dataset, or a line of the recipe"})


class DiagnosisFix(Schema):
    """Never applied by itself."""

    kind = fields.String(validate=validate.OneOf(("yaml", "sql", "setting")))
    text = fields.String(metadata={"description": "yaml: the whole recipe, corrected, which passes validation"})
    applies = fields.String(metadata={"description": "To what, and what it changes, in a sentence"})
    lines = fields.List(fields.Integer(), metadata={"description": "Of a recipe: the lines that differ, from 1"})


class DiagnosisFinding(Schema):
    cause = fields.String(metadata={"description": "A stable code, such as column-renamed; docs/guides/diagnosis.md lists them"})
    title = fields.String()
    sentence = fields.String()
    confidence = fields.String(validate=validate.OneOf([one.value for one in Confidence]))
    evidence = fields.List(fields.Nested(DiagnosisEvidence))
    steps = fields.List(fields.String())
    fix = fields.Nested(DiagnosisFix, allow_none=True)


class LastWell(Schema):
    run = fields.String(metadata={"format": "uuid"})
    version = fields.Integer()
    finishedAt = maybe_time()


class SeenBefore(Schema):
    times = fields.Integer(metadata={"description": "Among the earlier runs that were looked at"})
    lookedAt = fields.Integer(metadata={"description": "Earlier runs of the pipeline that were looked at, the newest 200 at most"})
    since = maybe_time()
    last = maybe_time()
    runs = fields.List(fields.String(metadata={"format": "uuid"}))
    lastWell = fields.Nested(LastWell, allow_none=True)
    sentence = fields.String()


class DiagnosisProposal(Schema):
    """What a language model made of it. It may be wrong; `fix` is there only where it passes validation."""

    model = fields.String()
    text = fields.String()
    fix = fields.Nested(DiagnosisFix, allow_none=True)
    refused = fields.String(allow_none=True, metadata={"description": "Why there is no fix, or no answer"})


class DiagnosisOfRun(Schema):
    run = fields.String(metadata={"format": "uuid"})
    status = fields.String(validate=validate.OneOf([status.value for status in RunStatus]))
    summary = fields.String(metadata={"description": "The likeliest cause, in one sentence"})
    findings = fields.List(fields.Nested(DiagnosisFinding), metadata={"description": "The surest first; none where nothing is wrong"})
    fingerprint = fields.String(allow_none=True, metadata={"description": "The same for the same failure; null where nothing failed"})
    seen = fields.Nested(SeenBefore, allow_none=True)
    assistantAvailable = fields.Boolean(metadata={"description": "A language model is set up, and can be asked as well"})
    assistant = fields.Nested(DiagnosisProposal, allow_none=True, metadata={"description": "null where it was not asked"})
