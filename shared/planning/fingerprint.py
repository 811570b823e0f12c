"""What a plan depends on, as one value: a run that was asked for by a plan is refused when this has changed (execution.md, Stages)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from shared.planning.measured import is_measured
from shared.planning.stages import Plan

# Of a survey: what the plan is made of. Not estimates, sizes or markers, which change with every row.
_MADE_OF = ("exists", "columns", "keys", "version")


def fingerprint(plan: Plan, recipe_sha: str, parameters: Mapping[str, Any], facts: Mapping[str, Mapping[str, Any]]) -> str:
    """A hash over recipe, parameters, schemas of sources and destinations, server versions and placement. `facts`: by key, as
    `Survey.to_json`; what runs have measured is no part of it, but through where it makes them run.
    """
    made_of = {
        "recipe": recipe_sha,
        "parameters": parameters,
        "facts": {key: {field: found.get(field) for field in _MADE_OF} for key, found in facts.items() if not is_measured(key)},
        "placement": [[stage.nodes, stage.engine, stage.queue, stage.label] for stage in plan.stages],
        "computed": [[node.id, node.engine] for node in plan.nodes],
    }
    return hashlib.sha256(json.dumps(made_of, sort_keys=True, default=str).encode()).hexdigest()
