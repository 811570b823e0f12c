"""cdc_source: every change of some tables, as a stream. No engine runs it yet."""

from __future__ import annotations

from shared.pipelines.fields import choice, name, words
from shared.pipelines.nodes.types import NodeType
from shared.pipelines.shapes import Shape


class CdcSourceConfig(Shape):
    connector = name("Connector", "The database whose changes are read", required=True, example="orders-db")
    tables = words("Tables", "Whose changes", least=1, required=True, example=["public.orders"])
    snapshot = choice("Snapshot", ("initial", "never", "always"), "Whether the rows that are there come first", load_default="initial")
    payload = choice(
        "Payload",
        ("after", "before_and_after", "envelope"),
        "The row as it is now, before and now, or the whole message",
        load_default="after",
    )


CDC_SOURCE = NodeType(
    "cdc_source",
    "source",
    "Change feed",
    CdcSourceConfig,
    (0, 0),
    lambda _: ("out",),
    description="Every change of some tables, as a stream",
    runs=False,
)
