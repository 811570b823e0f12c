"""UUIDv7 (RFC 9562): ids that sort by time, so that a range of ids is a range of time and a table can be partitioned by it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import uuid_utils


def new_id() -> str:
    return str(uuid_utils.uuid7())


def least_id(at: datetime) -> UUID:
    """The smallest UUIDv7 of that millisecond: the bound between what came before and what came at or after it. They begin with 1970."""
    return UUID(int=(max(0, int(at.timestamp() * 1000)) << 80) | (0x7 << 76) | (0b10 << 62))
