"""connector_sink: rows that leave, into a table or a path of a connector.

Its port `out` gives the nodes behind it what was written, once that is committed: the rows that came in, as they came, without those that
were rejected, and with UPSERT of each key the row that won, whether the table had the same already or not. The time of the write is not
among their columns, nor are columns that `schemaEvolution: ignore` left out.
"""

from __future__ import annotations

from marshmallow import fields, validate

from shared.pipelines.fields import choice, count, flag, mapping, name, shown, text
from shared.pipelines.nodes.fields import columns, sort_keys
from shared.pipelines.nodes.types import NodeType, same_names
from shared.pipelines.shapes import ExactlyOne, Needs, Shape


class ConnectorSinkConfig(Shape):
    connector = name("Connector", "Where the rows go", required=True, example="snowflake-dw")
    table = text("Table", example="FACT_SALES")
    path = text("Path", "Under the connector's root", example="out/sales.parquet")
    writeMode = fields.String(
        required=True,
        validate=validate.OneOf(("INSERT", "UPSERT", "OVERWRITE")),
        metadata=shown("Write mode", "Add rows, add or replace rows by key, or replace everything", "UPSERT"),
    )
    upsertKeys = columns("Keys of UPSERT", "The columns that say which row is the same", load_default=list, example=["sale_id"])
    orderBy = sort_keys("Which of two rows with one key wins", "The last in this order", load_default=list)
    createTable = flag("Make the table where it is missing", load_default=False)
    batchSize = count("Rows a statement", "Never the size of the transaction", least=1, load_default=1000, example=1000)
    format = text("Format", "Of the file; by its ending where left out", example="parquet")
    options = mapping("Options of the format", example={"delimiter": ";"})
    delivery = choice(
        "Delivery",
        ("exactly_once", "at_least_once"),
        "at_least_once also takes a destination that cannot tell rows it was sent twice, and may then have them twice after a death",
        load_default="exactly_once",
    )
    schemaEvolution = choice(
        "Columns the table does not have",
        ("fail", "addColumns", "ignore"),
        "Fail, add them, or leave them out",
        load_default="fail",
    )
    columnDefaults = mapping(
        "Defaults of columns that are added", "By column: what rows that are there get, too; else NULL", example={"region": "PL"}
    )
    partitionBy = columns("Partition by", "Of files: a folder for each value", example=["sale_date"])
    updatedAtColumn = text("Time of the last change", "A column that is filled with the time of the write", example="updated_at")

    together = (
        ExactlyOne(("table", "path")),
        Needs("writeMode", ("UPSERT",), "upsertKeys", "UPSERT needs upsertKeys: the columns that say which row is the same"),
    )


CONNECTOR_SINK = NodeType(
    "connector_sink",
    "sink",
    "Sink",
    ConnectorSinkConfig,
    (1, 1),
    lambda _: ("out", "error"),
    description="Writes rows into a connector: INSERT, UPSERT or OVERWRITE; what was written goes on to the nodes behind it",
    outgoing=same_names,
)
