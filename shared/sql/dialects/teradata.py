"""Teradata: TOP without OFFSET, no booleans, and texts compared without their trailing spaces."""

from __future__ import annotations

from shared.sql.dialects.dialect import Dialect, Features

TERADATA = Dialect(
    name="teradata",
    title="Teradata",
    writes="teradata",
    # Teradata Vantage SQL Data Manipulation Language: TOP n, QUALIFY, MERGE; Data Types and Literals: TRYCAST; Object names (128).
    features=Features(booleans=False, qualify=True, guard=True, limit="top", nulls="small"),
    session=("SET TIME ZONE INTERVAL '00:00' HOUR TO MINUTE",),
)
