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


class Plugin(Schema):
    family = fields.String(metadata={"description": "nodes, connectors, dialects …"})
    name = fields.String()
    package = fields.String()
    version = fields.String()
    refused = fields.String(allow_none=True, metadata={"description": "why it is not used; null where it is"})


class System(Schema):
    services = fields.List(fields.Dict())
    plugins = fields.List(fields.Nested(Plugin), metadata={"description": "What other packages add"})
    queues = fields.Dict(keys=fields.String(), values=fields.Integer(), allow_none=True, metadata={"description": "null: no broker"})


class Live(Schema):
    status = fields.String()


class Ready(Schema):
    status = fields.String(metadata={"description": "ready or not ready"})
    dependencies = fields.Dict(keys=fields.String(), values=fields.String(), metadata={"description": "up, or what is wrong"})
