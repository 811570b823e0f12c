"""Offending rows as people may see them."""

from __future__ import annotations

from shared.secrets.shown import MASK, looks_secret, shown

MOST = 10

__all__ = ["MASK", "MOST", "looks_secret", "shown"]
