"""One benchmark's result as a JSON line."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any


def line(name: str, *, penstock_s: float | None, baseline_s: float | None, rows: int | None, peak_bytes: int | None, **more: Any) -> str:
    """`ratio` is Penstock's time over the baseline's; null where there is nothing to compare with. Seconds are medians."""
    ratio = round(penstock_s / baseline_s, 3) if penstock_s is not None and baseline_s else None
    fields = {
        "name": name,
        "ratio": ratio,
        "penstock_s": _rounded(penstock_s),
        "baseline_s": _rounded(baseline_s),
        "rows": rows,
        "peak_bytes": peak_bytes,
        "commit": commit(),
    }
    return json.dumps(fields | more)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 4)


def commit() -> str | None:
    """The commit that was measured, with `+` when the tree holds changes beyond it; None outside a checkout."""
    here = Path(__file__).parent
    found = subprocess.run(["git", "describe", "--always", "--dirty=+"], cwd=here, capture_output=True, text=True, check=False)
    return found.stdout.strip() or None
