"""How times are told, and by which key a fire time is on record."""

from __future__ import annotations

from datetime import datetime


def told(at: datetime) -> str:
    """RFC 3339; as keys of firings, too."""
    return at.isoformat().replace("+00:00", "Z")
