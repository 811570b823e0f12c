"""Where a breaker is kept. The first three are pybreaker's own names, under ours."""

from __future__ import annotations


def name_space(connector: str) -> str:
    """`connector`: namespace/name."""
    return f"penstock:{connector}"


def key(connector: str, what: str) -> str:
    """`what`: state, fail_counter, opened_at (milliseconds by Redis' clock); probe (who tries), calls (who was let through and has not been
    answered yet, by when that ends), story (changed_at, error, and how often it became each state).
    """
    return f"{name_space(connector)}:pybreaker:{what}"
