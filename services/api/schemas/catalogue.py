"""What an installation has, and how it is."""

from __future__ import annotations

from marshmallow import INCLUDE, Schema, fields


class Brought(Schema):
    package = fields.String(metadata={"description": "The package that brings it"})
    version = fields.String(metadata={"description": "Of that package"})


class Inputs(Schema):
    least = fields.Integer()
    most = fields.Integer(allow_none=True, metadata={"description": "null: any number"})


class NodeType(Brought):
    name = fields.String()
    title = fields.String()
    description = fields.String()
    role = fields.String(metadata={"description": "source, transform or sink"})
    ports = fields.List(fields.String(), metadata={"description": "Of an empty config; some types have more by theirs"})
    inputs = fields.Nested(Inputs)
    available = fields.Boolean(metadata={"description": "false: read and described, and refused by plan and run in this release"})
    schema = fields.Dict(metadata={"description": "JSON Schema (2020-12) of its config"})


class NodeTypes(Schema):
    items = fields.List(fields.Nested(NodeType))


class FlowType(Brought):
    name = fields.String()
    available = fields.Boolean()


class FlowTypes(Schema):
    items = fields.List(fields.Nested(FlowType))


class Engine(Brought):
    name = fields.String()
    title = fields.String()
    description = fields.String()
    available = fields.Boolean(metadata={"description": "false: described, and refused by plan and run in this release"})


class Engines(Schema):
    items = fields.List(fields.Nested(Engine))


class Format(Brought):
    name = fields.String()
    endings = fields.List(fields.String(), metadata={"description": "That mean it; the first is the one that new files get"})
    typed = fields.Boolean(metadata={"description": "Its files say the types of their columns; of others they are inferred, or pinned"})
    written = fields.Boolean(metadata={"description": "false: it can be read only"})
    compressions = fields.List(fields.String(), metadata={"description": "Of the file as a whole; empty: it compresses inside"})


class Formats(Schema):
    items = fields.List(fields.Nested(Format))


class JsonSchema(Schema):
    """A JSON Schema (2020-12)."""

    class Meta:
        unknown = INCLUDE


class ConnectorType(Brought):
    type = fields.String()
    title = fields.String()
    writeModes = fields.List(fields.String())
    secretFields = fields.List(fields.String())


class ConnectorTypes(Schema):
    items = fields.List(fields.Nested(ConnectorType))


class Live(Schema):
    status = fields.String()


class Ready(Schema):
    status = fields.String(metadata={"description": "ready or not ready"})
    dependencies = fields.Dict(keys=fields.String(), values=fields.String(), metadata={"description": "up, or what is wrong"})
