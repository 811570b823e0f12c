"""Quality rules held rows back, or could not be measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.diagnosis.case import Case
from shared.diagnosis.findings import Confidence, Evidence, Said


def quality_gate(case: Case) -> Said | None:
    held = [one for one in case.quality if one.get("blocks")] or list(case.quality)
    first = held[0] if held else None
    told = f" Rule {first['rule']} ({first['type']}){_failing(first)}." if first is not None else ""
    return Said(
        f"Rules that must hold were broken, so the rows were held back before they were published.{told}",
        (
            "Look at the rows that break the rule, below and with `penstock quality`.",
            "Correct them at the source, and start the pipeline again.",
            "If the rule is wrong, correct it; if bad rows may be left out, give it onFail: reject_rows, and the good ones go on.",
        ),
        evidence=tuple(
            Evidence(f"{one['type']}{_failing(one)}{_offenders(one)}", f"rule {one['rule']} of {one['dataset']}") for one in held[:5]
        ),
    )


def rule_unmeasured(case: Case) -> Said | None:
    return Said(
        "A rule could not be measured.",
        ("See why in the evidence, and correct the rule.",),
        Confidence.LIKELY,
        tuple(Evidence(str(one["error"]), f"rule {one['rule']}") for one in case.quality if one.get("error")),
    )


def _failing(result: Mapping[str, Any]) -> str:
    return (
        f" fails for {result['failing']} of {result['checked']} rows"
        if result.get("checked") and result.get("failing") is not None
        else " fails"
    )


def _offenders(result: Mapping[str, Any]) -> str:
    rows = [", ".join(f"{name} = {value}" for name, value in row.items()) for row in list(result.get("offenders") or ())[:2]]
    return f"; such as {' | '.join(rows)}"[:400] if rows else ""
