from __future__ import annotations

from marshmallow import Schema, fields

from shared.connectors.protocols import Spec


class ArrowboxConfig(Schema):
    box = fields.String(required=True, metadata={"title": "Folder"})


class ArrowboxTable(Schema):
    table = fields.String(required=True, metadata={"title": "Table"})


SPEC = Spec("arrowbox", "Arrow files", ArrowboxConfig, ArrowboxTable, ArrowboxTable, write_modes=("INSERT", "OVERWRITE"))
