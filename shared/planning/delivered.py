"""What is known of the rows that a webhook is sent, before they are there: the columns that their sources say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shared.datasets import Column
from shared.pipelines.delivered import DELIVERED
from shared.pipelines.model import Pipeline
from shared.planning.needs import Need
from shared.sql.typing import named_type, spelled

# A body is no larger than the API takes; what a batch brings together is of the same order.
_ROWS = 1000


def facts_of(pipeline: Pipeline, needs: Sequence[Need]) -> dict[str, dict[str, Any]]:
    """As if somebody had looked at them; by key of the need for them. Several sources of one trigger: the columns of all."""
    found = {}
    for need in (one for one in needs if one.connector == DELIVERED):
        said = [pipeline.node(node).config.get("schema") or {} for node in need.nodes]
        types = {name: spelled(named_type(type_)) for each in said for name, type_ in each.items()}
        found[need.key] = {
            "exists": True,
            "columns": [Column(name, type_).to_json() for name, type_ in types.items()],
            "rows": _ROWS,
            "sizeBytes": None,
            "keys": [],
            "marker": None,
            "version": None,
        }
    return found
