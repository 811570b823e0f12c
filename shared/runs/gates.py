"""The verdict of a gate: whether what a rule set measured holds back the stage that publishes; pure.

Called where the end of a check is recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.errors import DataError

_MOST = 3


class HeldBack(DataError):
    """Rows broke a rule that blocks; nothing of them was published. Trying again would measure the same."""

    code = "quality_gate"


def held_back(program: Mapping[str, Any], measured: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The error with which a check ends, `PenstockError.to_json`; None where it is no gate, or lets its rows through.

    `program`: `CheckProgram` as JSON; `measured`: `Outcome.quality`.
    """
    if measured is None or not program.get("gate") or not (names := measured.get("blocked")):
        return None
    broken = [result for result in measured["results"] if result["rule"] in names]
    more = f"; and {len(broken) - _MOST} more" if len(broken) > _MOST else ""
    told = "; ".join(_told(result) for result in broken[:_MOST])
    node = next((read["node"] for read in program["reads"] if read["table"] == "this"), None) or None
    what = f"what {node} gives" if node else str(measured["dataset"])
    said = f"rule set {measured['ruleSet']} holds back {what}: {told}{more}. Correct the data or the rules, and run it again"
    return HeldBack(said, node=node).to_json()


def _told(result: Mapping[str, Any]) -> str:
    if result.get("error"):
        return f"rule {result['rule']} could not be measured: {result['error']}"
    of = f" {result['failing']} of {result['checked']} rows" if result.get("checked") else ""
    first = next(iter(result.get("offenders") or ()), None)
    shown = f" (first: {', '.join(f'{name} {_value(value)}' for name, value in first.items())})" if first else ""
    return f"rule {result['rule']} ({result['type']}) fails for{of}{shown}" if of else f"rule {result['rule']} ({result['type']}) fails"


def _value(value: Any) -> str:
    return "NULL" if value is None else str(value)[:80]
