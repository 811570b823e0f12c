"""How an attempt came out, before it is recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from shared.engines.work import Outcome


@dataclass(frozen=True, slots=True)
class Ended:
    """What the child said, or how it died. `error` as PenstockError.to_json. `wait`: nothing was tried yet, and is not for so long."""

    outcome: Outcome | None
    error: dict[str, Any] | None
    died: str | None
    duration_ms: int
    peak_memory_bytes: int | None
    wait: timedelta | None = None
