"""streaming_sink: a stream that leaves, into a topic or a table. No engine runs it yet."""

from __future__ import annotations

from shared.pipelines.fields import choice, name, text
from shared.pipelines.nodes.types import NodeType, same_names
from shared.pipelines.shapes import ExactlyOne, Shape
from shared.pipelines.sql_fields import columns


class StreamingSinkConfig(Shape):
    connector = name("Connector", "Where the stream goes", required=True, example="events")
    topic = text("Topic", example="orders-enriched")
    table = text("Table", example="orders")
    format = choice("Format", ("json", "avro", "csv"), "Of a message", load_default="json")
    key = columns("Key", "The columns that make the message's key", load_default=list, example=["order_id"])
    delivery = choice("Delivery", ("exactly_once", "at_least_once"), load_default="exactly_once")

    together = (ExactlyOne(("topic", "table")),)


STREAMING_SINK = NodeType(
    "streaming_sink",
    "sink",
    "Streaming sink",
    StreamingSinkConfig,
    (1, 1),
    lambda _: ("out",),
    description="A stream into a topic or a table",
    outgoing=same_names,
    runs=False,
)
