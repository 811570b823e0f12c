"""kind: Flow. A flow type expands it into datasets and a pipeline; beside `flow` stand the settings of that type."""

from __future__ import annotations

from marshmallow import INCLUDE

from shared.pipelines.fields import choice, prose
from shared.pipelines.shapes import Shape

FLOW_TYPES = ("change_feed", "delta_transaction", "sessionization", "scd2", "full_sync", "incremental_sync")


class FlowSpec(Shape):
    flow = choice("Flow type", FLOW_TYPES, "What it expands to", required=True, templates="never", example="full_sync")
    description = prose("Description", example="Keeps the orders of the shop in the warehouse")

    class Meta:
        # The settings of a flow type are that type's matter.
        unknown = INCLUDE
