"""kind: PipelineTest. Rows that go into a pipeline's sources, and what must come out; no source is read, and nothing is written."""

from __future__ import annotations

from marshmallow import fields, validate

from shared.pipelines.fields import anything, count, flag, later, mapping, name, prose, shown, text
from shared.pipelines.nodes.fields import Type
from shared.pipelines.shapes import AtLeastOne, ExactlyOne, Shape


class Answer(Shape):
    status = count("Status", least=100, most=599, load_default=200, example=200)
    headers = mapping("Headers", example={"content-type": "application/json"})
    body = anything("Body", example={"items": []})


class Given(Shape):
    rows = fields.List(fields.Dict(keys=fields.String()), metadata=shown("Rows", "What the source delivers", [{"id": 1, "amount": 10}]))
    file = text("File", "Beside the test, read as the source would", example="orders.csv")
    http = later(
        fields.List(fields.Nested(Answer), metadata=shown("Answers", "Of the API, one after the other", [{"body": {"items": []}}]))
    )
    schema = fields.Dict(
        keys=fields.String(),
        values=Type(),
        metadata=shown(
            "Types by column", "Where the rows do not tell them: of numbers with digits, of no rows", {"amount": "NUMERIC(12, 2)"}
        ),
    )

    together = (ExactlyOne(("rows", "file", "http")),)


class Expected(Shape):
    rows = fields.List(
        fields.Dict(keys=fields.String()),
        metadata=shown("Rows", "What must come out; columns that none of them names are not compared", [{"id": 1, "amount": 10}]),
    )
    count = count("Count", "How many rows must come out", example=1)
    inOrder = flag("In this order", load_default=False)

    together = (AtLeastOne(("rows", "count")),)


def _by_node(schema: type[Shape], title: str, description: str, example: object, **options: object) -> fields.Dict:
    return fields.Dict(
        keys=fields.String(validate=validate.Length(min=1)),
        values=fields.Nested(schema),
        metadata=shown(title, description, example),
        **options,  # type: ignore[arg-type]
    )


class TestSpec(Shape):
    # pytest takes classes of this name for tests.
    __test__ = False

    pipeline = name("Pipeline", "That is tested", required=True, example="daily-sales-load")
    description = prose("Description")
    parameters = mapping("Parameters", "Of the run", example={"load_date": "2026-03-29"})
    logicalDate = fields.AwareDateTime(
        metadata=shown("Time of the run", "What templates go by; the time of the test where left out", "2026-03-29T02:00:00Z")
    )
    given = _by_node(Given, "Given", "By source node: rows, a file or HTTP answers", {"read": {"rows": [{"id": 1}]}}, load_default=dict)
    expect = _by_node(
        Expected,
        "Expected",
        "By node or node.port: rows or a count",
        {"write": {"count": 1}},
        required=True,
        validate=validate.Length(min=1),
    )
