"""kind: DataQualityRuleSet. What must hold of one dataset (quality.md); rules have schemas of their own (`shared.pipelines.rules`)."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from shared.pipelines.fields import ByType, anything, count, flag, name, number, part, prose, shown, text
from shared.pipelines.rules import RULES, Rule
from shared.pipelines.shapes import OneOfSets, Shape
from shared.rules.baseline import MOST_HISTORY


class Dataset(Shape):
    """Either {connector, table | path} or {pipeline, node}, which is a sink, or any node's output."""

    connector = name("Connector", example="warehouse")
    table = text("Table", example="fact_sales")
    path = text("Path", example="out/sales.parquet")
    pipeline = name("Pipeline", example="daily-sales-load")
    node = text("Node", "Of that pipeline", example="write-snowflake")
    output = text("Port", "Of that node; its main one where left out", example="rejected")

    together = (OneOfSets((("connector", "table"), ("connector", "path"), ("pipeline", "node")), optional=("output",)),)


class Objective(Shape):
    score = number("Score", "The least that is promised", most=100, required=True, example=99.5)
    windowDays = count("Days it is looked at over", least=1, load_default=30, example=30)


class Profile(Shape):
    enabled = flag("Enabled", load_default=True)
    histogramBins = count("Bins of histograms", least=1, most=1000, load_default=20, example=20)
    topValues = count("Most common values kept", most=1000, load_default=10, example=10)
    sampleAbove = anything("Rows from which on a sample is profiled", "none, or a number", load_default="none", example=1_000_000)

    @validates_schema
    def _sample(self, data: dict[str, Any], **_: Any) -> None:
        above = data.get("sampleAbove")
        if above != "none" and (isinstance(above, bool) or not isinstance(above, int) or above < 0):
            raise ValidationError("must be none or a number of rows", "sampleAbove")


class Drift(Shape):
    zScore = number("Deviations allowed", load_default=3, example=3)
    minHistory = count("Least history", least=2, most=MOST_HISTORY, load_default=5, example=5)
    window = count("Runs looked back over", "At least minHistory", least=2, load_default=30, example=30)

    @validates_schema
    def _learns_enough(self, data: dict[str, Any], **_: Any) -> None:
        if data["window"] < data["minHistory"]:
            said = f"window {data['window']} is less than minHistory {data['minHistory']}, so that it would be learning for ever"
            raise ValidationError(said, "window")


class RuleSetSpec(Shape):
    """`rules` are checked one by one, by the schema of their type."""

    dataset = part(Dataset, "Dataset", "Whose rows: a table, a path, or a node of a pipeline", required=True)
    rules = fields.List(
        ByType("rule", RULES, Rule),
        required=True,
        validate=validate.Length(min=1),
        metadata=shown("Rules", "What must hold", [{"name": "amount-is-there", "type": "NOT_NULL", "column": "amount"}]),
    )
    description = prose("Description", example="What must hold of the sales table")
    objective = part(Objective, "Objective", "An error budget")
    profile = part(Profile, "Profile", "What is counted of each column")
    drift = part(Drift, "Drift", "When a change is told of")
