"""What a check is given of the checks before it: read with the claim, so that the child needs no way into the store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.engines.program import CHECK
from shared.rules.anomaly import window
from shared.store import quality
from shared.store.database import Tx


def history(tx: Tx, namespace: str, kind: str, program: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """`Job.history` of an attempt at `program`, oldest first; nothing where neither drift nor a rule compares with the past."""
    if kind != CHECK:
        return ()
    wanted = [window(rule) for rule in program["rules"] if rule["type"] == "ANOMALY"]
    if (drift := program.get("drift")) is not None:
        wanted.append(drift["window"])
    if not wanted:
        return ()
    return tuple(quality.history(tx, namespace, program["dataset"], program["scope"], program["ruleSet"], max(wanted)))
