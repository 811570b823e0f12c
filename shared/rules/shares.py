"""Shares of rows in percent, exact: a recipe's 0.1 is a tenth, not the double next to it."""

from __future__ import annotations

from fractions import Fraction


def percent(allowed: float) -> Fraction:
    return Fraction(str(allowed))


def percent_of(part: int, whole: int) -> float:
    """To three places, for a person; 0 of nothing."""
    return round(part * 100 / whole, 3) if whole else 0.0
