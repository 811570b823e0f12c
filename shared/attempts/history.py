"""What a check is given of the checks before it: read with the claim, so that the child needs no way into the store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.engines.program import CHECK
from shared.store import quality
from shared.store.database import Tx

# As far as ANOMALY rules look back where nothing is said of drift.
WINDOW = 30


def history(tx: Tx, namespace: str, kind: str, program: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """`Job.history` of an attempt at `program`, oldest first; nothing where neither drift nor a rule compares with the past."""
    drift = program.get("drift") if kind == CHECK else None
    if kind != CHECK or (drift is None and not any(rule["type"] == "ANOMALY" for rule in program["rules"])):
        return ()
    window = (drift or {}).get("window") or WINDOW
    return tuple(quality.history(tx, namespace, program["dataset"], program["scope"], program["ruleSet"], window))
