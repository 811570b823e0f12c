"""connector_source: rows that enter, from a table, a query or a path of a connector. The connector's own settings stand beside these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from marshmallow import fields

from shared.pipelines.fields import anything, duration, later, mapping, name, part, shown, text
from shared.pipelines.nodes.fields import Expression, Query, Type, column, statement
from shared.pipelines.nodes.fields import columns as column_names
from shared.pipelines.nodes.sql import THIS, tables_of
from shared.pipelines.nodes.types import Names, NodeType
from shared.pipelines.shapes import ExactlyOne, Shape

# What says which object is read; exactly one of them.
OBJECTS = ("table", "query", "path", "endpoint")


class Incremental(Shape):
    cursorColumn = column("Cursor column", "Only rows above its last value are read", required=True, example="updated_at")
    initialValue = anything("First value", "Where the first run begins", example="2026-01-01")
    lag = duration("Lag", "So much is read again, for rows that come late", load_default=0)


class ConnectorSourceConfig(Shape):
    connector = name("Connector", "Where the rows are", required=True, example="oracle-prod")
    table = text("Table", example="SALES")
    query = statement("Query", "In the database's own SQL", example="SELECT * FROM sales WHERE status <> 'TEST'")
    path = text("Path or glob", "Under the connector's root", example="sales/*.csv")
    endpoint = later(text("Endpoint", "Of an API, under its base address", example="/orders"))
    columns = column_names("Columns", "Only these are read", example=["id", "amount"])
    where = Expression(metadata=shown("Only rows for which this is true", example="amount > 0"))
    format = text("Format", "Of the file; by its ending where left out", example="csv")
    options = mapping("Options of the format", example={"delimiter": ";"})
    schema = fields.Dict(
        keys=fields.String(),
        values=Type(),
        metadata=shown(
            "Types by column", "Instead of those inferred; a value that does not fit is a rejected line", {"amount": "NUMERIC(12, 2)"}
        ),
    )
    incremental = part(Incremental, "Incremental", "Reads what is new since the last run")
    postQuery = Query(
        metadata=shown("Query over what was read", "SQL run here over `this` and master data", "SELECT * FROM this WHERE amount > 0")
    )

    together = (ExactlyOne(OBJECTS),)


def outgoing(config: Mapping[str, Any], inputs: Sequence[Names]) -> tuple[str, ...] | None:
    chosen = config.get("columns")
    return tuple(chosen) if chosen and "postQuery" not in config else None


def reads(config: Mapping[str, Any]) -> Iterator[tuple[str, str, int | None]]:
    """The master data that postQuery names."""
    text = config.get("postQuery")
    for table, offset in tables_of(text) if isinstance(text, str) else ():
        if table.lower() != THIS:
            yield "postQuery", table, offset


CONNECTOR_SOURCE = NodeType(
    "connector_source",
    "source",
    "Source",
    ConnectorSourceConfig,
    (0, 0),
    lambda _: ("out",),
    description="Reads rows out of a connector: a table, a query, files or an API",
    outgoing=outgoing,
    reads=reads,
)
