"""How long pieces of a pipeline's work took, by the way they went, as a fact of the pipeline (`shared.planning.measured`).

`found` of that fact: name -> its newest times, the newest first, each {seconds, rows, at}.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from shared.store.database import Tx

# The best of a few: what is above it is what else the machine did.
TIMES_KEPT = 5
# Recipes change, and what they once were need not be known for ever.
NAMES_KEPT = timedelta(days=90)


def record(tx: Tx, measures: Mapping[str, Any], seconds: float) -> None:
    """`measures`: {key, name, rows} as in a work stage's program; empty: nothing is kept."""
    if not measures:
        return
    tx.execute(
        """
        INSERT INTO facts AS f (key, found, surveyed_at)
        VALUES (%(key)s, jsonb_build_object(%(name)s::text, jsonb_build_array(jsonb_build_object(
                   'seconds', %(seconds)s::float8, 'rows', %(rows)s::bigint, 'at', clock_timestamp()))), clock_timestamp())
        ON CONFLICT (key) DO UPDATE SET surveyed_at = excluded.surveyed_at, found =
            coalesce((SELECT jsonb_object_agg(old.key, old.value) FROM jsonb_each(f.found) old
                       WHERE (old.value -> 0 ->> 'at')::timestamptz > clock_timestamp() - %(kept)s), '{}')
            || jsonb_build_object(%(name)s::text, (
                SELECT jsonb_agg(each.took ORDER BY each.at)
                  FROM jsonb_array_elements((excluded.found -> %(name)s::text) || coalesce(f.found -> %(name)s::text, '[]'))
                       WITH ORDINALITY AS each (took, at)
                 WHERE each.at <= %(times)s))
        """,
        {
            "key": measures["key"],
            "name": measures["name"],
            "rows": measures["rows"],
            # What took less than is measured took something.
            "seconds": max(seconds, 0.001),
            "kept": NAMES_KEPT,
            "times": TIMES_KEPT,
        },
    )


def recent(tx: Tx, key: str, max_age: timedelta) -> dict[str, Any]:
    """name -> {seconds, rows, times} of a pipeline: of so many times that are no older, by database time, the best for a row."""
    rows = tx.execute(
        """
        SELECT DISTINCT ON (one.key) one.key AS name, (took ->> 'seconds')::float8 AS seconds, (took ->> 'rows')::bigint AS rows,
               count(*) OVER (PARTITION BY one.key) AS times
          FROM facts f, jsonb_each(f.found) one, jsonb_array_elements(one.value) took
         WHERE f.key = %(key)s AND (took ->> 'at')::timestamptz >= clock_timestamp() - %(age)s
         ORDER BY one.key, (took ->> 'seconds')::float8 / (took ->> 'rows')::bigint
        """,
        {"key": key, "age": max_age},
    )
    return {row["name"]: {key: row[key] for key in ("seconds", "rows", "times")} for row in rows}
