"""cdr_decoder: Call Detail Records (3GPP TS 32.298, BER) as rows, one port for each record type. No engine runs it yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate

from shared.pipelines.fields import name, shown, text
from shared.pipelines.nodes.types import NodeType
from shared.pipelines.shapes import ExactlyOne, Needs, Shape
from shared.pipelines.sql_fields import column

# Calls, short messages, data sessions and voice over LTE, as the standard names their records.
RECORD_TYPES = ("moCallRecord", "mtCallRecord", "moSMSRecord", "mtSMSRecord", "sgsnPDPRecord", "sGWRecord", "pGWRecord", "mMTelRecord")


class CdrDecoderConfig(Shape):
    connector = name("Connector", "Of type files, for path", example="cdr-landing")
    path = text("Path or glob", "Of the files, under the connector's root", example="*.ber")
    column = column("Column", "The upstream column that holds the bytes", example="payload")
    release = text("Release", "Of the standard, by which the records were written", example="R15")
    recordTypes = fields.List(
        fields.String(validate=validate.Regexp(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,62}\Z", error="must be the name of a record type")),
        load_default=lambda: list(RECORD_TYPES),
        validate=validate.Length(min=1),
        metadata=shown("Record types", "Which are decoded; each has a port of its name", ["moCallRecord", "pGWRecord"], templates="never"),
    )

    together = (
        ExactlyOne(("path", "column")),
        Needs("path", (), "connector", "path needs connector, the one under whose root the files are"),
    )


def ports(config: Mapping[str, Any]) -> tuple[str, ...]:
    asked = config.get("recordTypes")
    named = [one for one in asked if isinstance(one, str)] if isinstance(asked, list) else RECORD_TYPES
    return (*dict.fromkeys(named), "error")


CDR_DECODER = NodeType(
    "cdr_decoder",
    "transform",
    "CDR decoder",
    CdrDecoderConfig,
    (0, 1),
    ports,
    description="Call Detail Records as rows",
    ports_by_config=True,
    runs=False,
)
