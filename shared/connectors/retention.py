"""How long destinations keep markers. What is older than the retention is dropped by a few of the loads that come after it.

A marker is of use for as long as somebody may try its stage again: until its run is forgotten, or, where it stands for a window of a
source, until that is recorded. So the retention must be longer than any pause after which a pipeline is to go on.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from zlib import crc32

from shared.connectors.errors import Misconfigured
from shared.connectors.protocols import AttemptKey

SETTING, DAYS = "PENSTOCK_MARKER_RETENTION_DAYS", 90
# One load of so many looks for what is old.
_OF = 64


def retention() -> timedelta:
    said = os.environ.get(SETTING, "").strip() or str(DAYS)
    if not said.isdigit() or int(said) < 1:
        raise Misconfigured(f"{SETTING} is {said!r}; it must be a whole number of days, at least 1")
    return timedelta(days=int(said))


def outdated(key: AttemptKey) -> datetime | None:
    """What is older may go, if it is this load's turn to look."""
    return datetime.now(UTC) - retention() if crc32(key.run.encode()) % _OF == 0 else None
