"""What a connector's breaker goes by, from its document's `circuitBreaker` and the settings where that is silent. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class Rules:
    """`failures` in a row open it, for `cool_down`. `patience`: how long one that was let through may go without an answer before another
    is let through in its place. `settle`: an attempt that was answered and is still well after that counts as a success, however
    long it goes on.
    """

    failures: int = 5
    cool_down: timedelta = timedelta(seconds=120)
    patience: timedelta = timedelta(seconds=30)
    settle: timedelta = timedelta(seconds=10)

    def of(self, said: Mapping[str, Any] | None) -> Rules:
        """With what a connector's document says: {failures, coolDownSeconds}."""
        said = said or {}
        return Rules(
            int(said.get("failures", self.failures)),
            timedelta(seconds=float(said["coolDownSeconds"])) if "coolDownSeconds" in said else self.cool_down,
            self.patience,
            self.settle,
        )


DEFAULTS = Rules()
