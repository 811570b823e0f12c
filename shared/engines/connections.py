"""How many connections a stage opens, by what its program says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def connections(kind: str, program: Mapping[str, Any]) -> tuple[str, ...]:
    """Connectors (namespace/name), each as often as the stage connects to it at once: for every read, and once for all that it writes."""
    if kind == "survey":
        return (program["connector"],)
    reads = [read["connector"] for read in program.get("reads", ()) if read["connector"]]
    # All sinks of a stage have the same connector, and share a session.
    sinks = {sink["connector"] for sink in program.get("sinks", ())}
    return (*reads, *sorted(sinks))
