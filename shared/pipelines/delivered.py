"""Rows that a webhook is sent, as a source of its pipeline: `connector: payload`, and the trigger's name as `path`.

A recipe that has a webhook with `rows: payload` means its deliveries by that name, whatever connector is called so. Behind this module it
is a file of JSON lines in a folder that whoever runs the stage fills, with the columns that the source's `schema` says.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

# What a recipe calls it.
PAYLOAD = "payload"
# Stands for a connector from there on. No connector can have such a name.
DELIVERED = "trigger/delivered rows"
DELIVERED_TYPE = "files"


def file_of(trigger: str) -> str:
    """Where the rows of a trigger lie in that folder."""
    return f"{trigger}.jsonl"


def triggers_with_rows(triggers: Any) -> tuple[str, ...]:
    """Names of the webhooks whose bodies are rows. `triggers`: of a spec, as written or loaded."""
    listed = triggers if isinstance(triggers, list | tuple) else ()
    hooks = [one for one in listed if isinstance(one, Mapping) and one.get("type") == "webhook" and one.get("rows") == "payload"]
    return tuple(str(one.get("name", "webhook")) for one in hooks)


def is_delivered(config: Mapping[str, Any], triggers: Collection[str]) -> bool:
    """Whether a source's config means deliveries; `triggers`: from `triggers_with_rows`."""
    return bool(triggers) and config.get("connector") == PAYLOAD


def read_from(config: Mapping[str, Any]) -> dict[str, Any]:
    """The config of such a source, as the source of a file."""
    return {**config, "connector": DELIVERED, "path": file_of(str(config.get("path"))), "format": "jsonl"}
