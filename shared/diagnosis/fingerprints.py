"""The same failure met again is recognised: a hash of its code and of its message without what differs from run to run."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

# In this order: what is longer is taken before its parts.
_DIFFERS = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE), "<id>"),
    (re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"), "<time>"),
    (re.compile(r"\b\d\d:\d\d:\d\d(?:\.\d+)?\b"), "<time>"),
    # A key that is there twice is told with its values: (a, b)=(1, x).
    (re.compile(r"\)=\([^)]*\)"), ")=(<value>)"),
    # Examples of rows and values, as our own errors and the databases quote them.
    (re.compile(r"\((?:one of them|first): .*\)"), "(<example>)"),
    (re.compile(r"contains \(.*\)"), "contains (<row>)"),
    (re.compile(r"""(\bvalue |: )"[^"]*\""""), r"\1<value>"),
    (re.compile(r"'[^']*'"), "<value>"),
    (re.compile(r"(?<![\w<])[-+]?\d+(?:[.,]\d+)*(?![\w>])"), "<n>"),
)


def normalised(message: str) -> str:
    """The message without ids, times, numbers and values; names of tables and columns stay."""
    for pattern, instead in _DIFFERS:
        message = pattern.sub(instead, message)
    return " ".join(message.lower().split())


def fingerprint(code: str, message: str) -> str:
    """16 hexadecimal digits; the same for the same failure of any run of any pipeline."""
    return hashlib.sha256(f"{code}\n{normalised(message)}".encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Known:
    """How often the failure was met among the earlier runs that were looked at, this one not counted, and the last run that went well."""

    fingerprint: str
    times: int
    looked_at: int
    since: datetime | None = None
    last_at: datetime | None = None
    runs: tuple[str, ...] = ()
    well: Mapping[str, Any] | None = None

    @property
    def sentence(self) -> str:
        well = f"it last ended well on {_day(self.well['finished_at'])} with version {self.well['version']}" if self.well else ""
        if not self.times:
            seen = (
                f"not seen in the {self.looked_at} run{'s' * (self.looked_at != 1)} before this one"
                if self.looked_at
                else "this is the pipeline's first run"
            )
        else:
            times = "once" if self.times == 1 else f"{self.times} times"
            seen = f"seen {times} before, since {_day(self.since)}"
        return f"{seen}; {well}" if well else f"{seen}; it has not ended well in them" if self.looked_at else seen


_SHOWN_RUNS = 5


def recognised(code: str, message: str, earlier: Sequence[Mapping[str, Any]]) -> Known:
    """`earlier` as in `Case`, newest first."""
    mark = fingerprint(code, message)
    same = [
        run for run in earlier if (error := run.get("error")) and fingerprint(str(error.get("code")), str(error.get("message"))) == mark
    ]
    return Known(
        mark,
        len(same),
        len(earlier),
        same[-1]["finished_at"] if same else None,
        same[0]["finished_at"] if same else None,
        tuple(run["id"] for run in same[:_SHOWN_RUNS]),
        next((run for run in earlier if run["status"] == "SUCCEEDED"), None),
    )


def _day(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC") if at is not None else "an unknown time"
