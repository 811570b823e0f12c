"""kind: PipelineTest. Rows that go into a pipeline's sources, and what must come out; sinks are rolled back."""

from __future__ import annotations

from marshmallow import fields, validate

from shared.pipelines.fields import anything, count, flag, mapping, name, prose, shown, text
from shared.pipelines.shapes import AtLeastOne, ExactlyOne, Shape


class Answer(Shape):
    status = count("Status", least=100, most=599, load_default=200, example=200)
    headers = mapping("Headers", example={"content-type": "application/json"})
    body = anything("Body", example={"items": []})


class Given(Shape):
    rows = fields.List(fields.Dict(keys=fields.String()), metadata=shown("Rows", "What the source delivers", [{"id": 1, "amount": 10}]))
    file = text("File", "Beside the test, read as the source would", example="orders.csv")
    http = fields.List(fields.Nested(Answer), metadata=shown("Answers", "Of the API, one after the other", [{"body": {"items": []}}]))

    together = (ExactlyOne(("rows", "file", "http")),)


class Expected(Shape):
    rows = fields.List(fields.Dict(keys=fields.String()), metadata=shown("Rows", "What must come out", [{"id": 1, "amount": 10}]))
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
    given = _by_node(Given, "Given", "By source node: rows, a file or HTTP answers", {"read": {"rows": [{"id": 1}]}}, load_default=dict)
    expect = _by_node(
        Expected, "Expected", "By node: rows or a count", {"write": {"count": 1}}, required=True, validate=validate.Length(min=1)
    )
