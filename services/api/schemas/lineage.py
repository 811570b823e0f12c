"""Where the data of a pipeline comes from and goes, and the pipeline as a page."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields


class Dataset(Schema):
    node = fields.String()
    connector = fields.String()
    object = fields.String(allow_none=True, metadata={"description": "Table, path, query or topic; null: the recipe names none"})
    dataset = fields.String(metadata={"description": "connector:object"})


class Part(Schema):
    node = fields.String(metadata={"description": "The source"})
    dataset = fields.String()
    column = fields.String()


# `from` is a word of Python.
ColumnLineage: Any = Schema.from_dict(
    {
        "node": fields.String(metadata={"description": "The sink"}),
        "dataset": fields.String(),
        "column": fields.String(),
        "from": fields.List(
            fields.Nested(Part), metadata={"description": "What its value is made of; not what decides whether a row is there"}
        ),
        "known": fields.Boolean(metadata={"description": "All of it is known; false where a part cannot be followed"}),
        "copied": fields.Boolean(metadata={"description": "It is that column, as it was"}),
    },
    name="ColumnLineage",
)


class Neighbour(Schema):
    pipeline = fields.String(metadata={"description": "namespace/name"})
    distance = fields.Integer(metadata={"description": "Over so many hand-overs; 1: it shares a table or file"})
    datasets = fields.List(fields.String(), metadata={"description": "By which the nearer one hands over to it, or it to the nearer one"})


class Lineage(Schema):
    """Of the version in force."""

    pipeline = fields.String(metadata={"description": "namespace/name"})
    version = fields.Integer()
    inputs = fields.List(fields.Nested(Dataset))
    outputs = fields.List(fields.Nested(Dataset))
    columns = fields.List(fields.Nested(ColumnLineage), allow_none=True, metadata={"description": "null: not known, see why"})
    why = fields.String(allow_none=True, metadata={"description": "Why columns are not known, or taken for granted; null: they are known"})
    upstream = fields.List(fields.Nested(Neighbour), metadata={"description": "Pipelines that write what it reads, and those before them"})
    downstream = fields.List(
        fields.Nested(Neighbour), metadata={"description": "Pipelines that read what it writes, and those behind them"}
    )
