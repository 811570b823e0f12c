"""Dead letters as they are asked for, told, corrected and replayed."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.api.schemas.fields import MAX_PAGE, Flag, Paged, known, maybe_time, page_of, pipeline_filter, time, words
from services.api.schemas.runs import PipelineName

KINDS = ("row", "line", "quality", "sink")
STATES = ("open", "fixed", "replayed", "waived")
# To which a person may move them.
BY_HAND = ("open", "fixed", "waived")
FORMATS = ("jsonl", "csv", "parquet")
MOST_AT_ONCE = MAX_PAGE


def _one_of(name: str, among: tuple[str, ...], **options: object) -> fields.String:
    return fields.String(validate=validate.OneOf(among, error=f"{name} is {{input!r}}; it must be one of {{choices}}"), **options)  # type: ignore[arg-type]


class Chosen(Schema):
    """Which letters: those for which all that is said holds."""

    run = fields.String(metadata={"format": "uuid", "description": "That rejected them"})
    namespace = fields.String()
    pipeline = pipeline_filter()
    node = fields.String(metadata={"description": "That rejected them"})
    rule = fields.String(metadata={"description": "That was broken, or the destination's constraint"})
    kind = _one_of("kind", KINDS)
    state = _one_of("state", STATES)
    contains = fields.String(metadata={"description": "Part of the error message, in capitals or not"})


class DeadLettersQuery(Chosen, Paged):
    pass


class ExportQuery(Chosen):
    format = _one_of("format", FORMATS, load_default="jsonl")


class ChosenBody(Chosen):
    """As in a query, or by id."""

    ids = fields.List(fields.String(metadata={"format": "uuid"}), validate=validate.Length(min=1, max=MOST_AT_ONCE))


class ReplayBody(ChosenBody):
    version = fields.Raw(
        load_default="newest",
        metadata={"description": "newest (default), original: the one that rejected them, or a number", "example": "newest"},
    )
    reason = words()
    allowDuplicates = Flag(
        load_default=False,
        metadata={"description": "Also rows of an earlier replay that failed, and may have written them without a key that merges them"},
    )


class PatchBody(Schema):
    record = fields.Dict(metadata={"description": "Corrected columns; those that are left out stay as they are"})
    state = _one_of("state", BY_HAND)
    allowDuplicates = Flag(
        load_default=False, metadata={"description": "Also a row of a replay that failed and may have written it already"}
    )


class PatchOne(PatchBody):
    id = fields.String(required=True, metadata={"format": "uuid"})


class PatchMany(Schema):
    letters = fields.List(fields.Nested(PatchOne), required=True, validate=validate.Length(min=1, max=MOST_AT_ONCE))


class DeadLetter(Schema):
    id = fields.String(metadata={"format": "uuid"})
    run = fields.String(metadata={"format": "uuid"})
    pipeline = fields.Nested(PipelineName)
    node = fields.String()
    kind = fields.String(validate=validate.OneOf(KINDS))
    rule = fields.String(allow_none=True, metadata={"description": "That was broken, or the destination's constraint; else null"})
    original_record = fields.Raw(metadata={"description": "The row as it was; of a file, {file, line}"})
    record = fields.Raw(allow_none=True, metadata={"description": "As somebody corrected it"})
    error_message = fields.String()
    position = known(about="The line in its file, as an editor counts; null where there is none")
    retry_count = fields.Integer(metadata={"description": "How many replays it has been through"})
    state = fields.String(validate=validate.OneOf(STATES))
    replayRun = fields.String(allow_none=True, metadata={"format": "uuid", "description": "That replays it, or did"})
    timestamp = time()
    changedAt = maybe_time()
    changedBy = fields.String(allow_none=True)


class Changed(Schema):
    letters = fields.Integer(metadata={"description": "How many were changed"})


class Group(Schema):
    pipeline = fields.Nested(PipelineName)
    node = fields.String()
    kind = fields.String(validate=validate.OneOf(KINDS))
    rule = fields.String(allow_none=True)
    state = fields.String(validate=validate.OneOf(STATES))
    letters = fields.Integer()


class Summary(Schema):
    items = fields.List(fields.Nested(Group), metadata={"description": "Most first; 500 at most"})


class ReplayRun(Schema):
    id = fields.String(metadata={"format": "uuid"})
    of = fields.String(metadata={"format": "uuid", "description": "The run that rejected them"})
    pipeline = fields.Nested(PipelineName)
    node = fields.String()
    version = fields.Integer()
    letters = fields.Integer()


class Replays(Schema):
    letters = fields.Integer()
    runs = fields.List(fields.Nested(ReplayRun))


DeadLetterPage = page_of(DeadLetter, "DeadLetterPage")
