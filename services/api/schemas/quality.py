"""What is told of checks: verdicts, scores, profiles, drift, and how they were over the time."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from services.api.schemas.fields import Paged, known, page_of, time
from services.api.schemas.looking import LookQuery
from services.api.schemas.plans import LONGEST_WAIT_S

SCOPES = ("batch", "dataset")
STATUSES = ("PASSED", "FAILED", "ERROR", "LEARNING")
FORMS = ("json", "jsonl", "csv")
MOST_HISTORY = 500


def _partial() -> fields.Boolean:
    return fields.Boolean(metadata={"description": "Rules that could not be measured are not in the score"})


class SubjectsQuery(Paged):
    namespace = fields.String(metadata={"description": "Only of this namespace"})
    dataset = fields.String(metadata={"description": "Only this one, as ns/connector:table"})


class DatasetQuery(Schema):
    scope = fields.String(
        validate=validate.OneOf(SCOPES, error="scope is {input!r}; it is one of {choices}"),
        metadata={"description": "batch: what runs write; dataset: all that is there"},
    )
    ruleSet = fields.String(metadata={"description": "By this rule set; empty: the profile that needs none. Else the newest with rules"})
    limit = fields.Integer(
        load_default=30,
        validate=validate.Range(1, MOST_HISTORY, error="limit is {input}; it must be a whole number from 1 to {max}"),
        error_messages={"invalid": "limit is {input!r}; it must be a whole number"},
        metadata={"description": "So many of the newest checks, as its history"},
    )


class RunQuery(LookQuery):
    wait = fields.Float(
        load_default=0.0,
        validate=validate.Range(0, LONGEST_WAIT_S, error="wait is {input}; it must be a number of seconds from 0 to {max}"),
        metadata={"description": "Seconds to wait for the verdicts; later it is a 202 with the address to ask"},
    )

    export = fields.String(metadata={"description": "Measure nothing, but collect all rows that break this rule, as a Parquet file"})


class OffendersQuery(Schema):
    rule = fields.String(metadata={"description": "Only of this rule"})
    format = fields.String(
        load_default="json",
        validate=validate.OneOf(FORMS, error="format is {input!r}; it is one of {choices}"),
        metadata={"description": "jsonl: a line for each row; csv: rule and row as JSON"},
    )


class CheckName(Schema):
    run = fields.String(metadata={"description": "The run that made it, or the request it was asked for by"})
    stage = fields.Integer(metadata={"description": "Its stage in that run; 0: no run made it"})


_SUMMARY: dict[str, Any] = {
    "check": fields.Nested(CheckName),
    "namespace": fields.String(),
    "dataset": fields.String(metadata={"description": "ns/connector:table, or :path"}),
    "scope": fields.String(validate=validate.OneOf(SCOPES)),
    "ruleSet": fields.String(allow_none=True, metadata={"description": "null: a profile only"}),
    "at": time(),
    "score": fields.Float(allow_none=True, metadata={"description": "0 to 100; null where no rule was measured"}),
    "partial": _partial(),
    "passed": fields.Integer(metadata={"description": "Rules, those that are still learning among them"}),
    "failed": fields.Integer(),
    "errors": fields.Integer(metadata={"description": "Rules that could not be measured"}),
    "rows": known(about="That were looked at"),
    "drift": fields.String(allow_none=True, metadata={"description": "learning, stable or drifted; null: nobody compared it"}),
}
# By dictionary, since marshmallow's own classes have an attribute `partial`.
Summary = Schema.from_dict(_SUMMARY, name="CheckSummary")
SummaryPage = page_of(Summary, "CheckSummaryPage")


class RuleResult(Schema):
    rule = fields.String()
    type = fields.String()
    severity = fields.String()
    status = fields.String(
        validate=validate.OneOf(STATUSES),
        metadata={"description": "ERROR: it could not be measured, see error; LEARNING: it has passed, since it knows too little yet"},
    )
    passed = fields.Boolean()
    blocks = fields.Boolean(metadata={"description": "Rows are published only if it passes"})
    checked = known(about="Rows")
    failing = known(about="Rows")
    failingPercent = known(fields.Float, "Of the rows that were checked")
    observed = fields.Raw()
    expected = fields.Raw()
    offenders = fields.List(fields.Dict(), metadata={"description": "Up to 10 rows that fail; columns whose names look secret are masked"})
    error = fields.String(allow_none=True, metadata={"description": "Why it could not be measured"})
    durationMs = known()


_CHECK: dict[str, Any] = {
    **{name: field for name, field in _SUMMARY.items() if name != "drift"},
    "formula": fields.Dict(metadata={"description": "How the score came about, with the values that went into it"}),
    "metrics": fields.Dict(metadata={"description": "What ANOMALY rules have measured, by rule"}),
    "blocked": fields.List(fields.String(), metadata={"description": "Rules that kept the rows from being published"}),
    "results": fields.List(fields.Nested(RuleResult)),
    "profile": fields.Dict(allow_none=True, metadata={"description": "rows, exact, sampledRows, columns: [{name, type, nulls, …}]"}),
    "drift": fields.Dict(allow_none=True, metadata={"description": "status, history, findings: [{column, metric, kind, said, …}]"}),
}
Check = Schema.from_dict(_CHECK, name="Check")


class Export(Schema):
    rows = fields.Integer()
    sizeBytes = fields.Integer()


Checks = Schema.from_dict(
    {
        "id": fields.String(),
        "items": fields.List(fields.Nested(Check)),
        "export": fields.Nested(Export, allow_none=True, metadata={"description": "What was collected: GET /checks/{id}/export"}),
    },
    name="Checks",
)


class Objective(Schema):
    score = fields.Float(metadata={"description": "What is promised"})
    windowDays = fields.Integer()
    checks = fields.Integer(metadata={"description": "In the window"})
    below = fields.Integer(metadata={"description": "Of these, with a lower score"})
    belowPercent = known(fields.Float)
    mean = known(fields.Float, "Score of the window")
    remainingPercent = fields.Float(metadata={"description": "Of the error budget"})
    burnRate = known(fields.Float, "How many times as fast as the window allows the budget has been used lately; 1 lasts just so long")
    usedUp = fields.Boolean()


class Subject(Schema):
    scope = fields.String()
    ruleSet = fields.String(allow_none=True)
    at = time()
    score = fields.Float(allow_none=True)


DatasetQuality = Schema.from_dict(
    {
        **_CHECK,
        "objective": fields.Nested(Objective, allow_none=True, metadata={"description": "null where the rule set promises nothing"}),
        "history": fields.List(fields.Nested(Summary), metadata={"description": "Its newest checks, the newest first"}),
        "subjects": fields.List(fields.Nested(Subject), metadata={"description": "Scopes and rule sets it was looked at in, newest first"}),
    },
    name="DatasetQuality",
)


class Offender(Schema):
    rule = fields.String()
    row = fields.Dict()


class Offenders(Schema):
    items = fields.List(fields.Nested(Offender))


class Suggested(Schema):
    document = fields.String(metadata={"description": "A DataQualityRuleSet as YAML, to be looked through and applied"})
    rules = fields.Integer()
