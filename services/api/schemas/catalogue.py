"""What an installation has, and how it is."""

from __future__ import annotations

from marshmallow import Schema, fields


class NodeType(Schema):
    name = fields.String()
    title = fields.String()
    role = fields.String()
    ports = fields.List(fields.String())


class NodeTypes(Schema):
    items = fields.List(fields.Nested(NodeType))


class ConnectorType(Schema):
    type = fields.String()
    title = fields.String()
    writeModes = fields.List(fields.String())
    secretFields = fields.List(fields.String())


class ConnectorTypes(Schema):
    items = fields.List(fields.Nested(ConnectorType))


class System(Schema):
    services = fields.List(fields.Dict())
    queues = fields.Dict(keys=fields.String(), values=fields.Integer(), allow_none=True, metadata={"description": "null: no broker"})


class Live(Schema):
    status = fields.String()


class Ready(Schema):
    status = fields.String(metadata={"description": "ready or not ready"})
    dependencies = fields.Dict(keys=fields.String(), values=fields.String(), metadata={"description": "up, or what is wrong"})
