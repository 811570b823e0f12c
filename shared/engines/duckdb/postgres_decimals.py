"""NUMERIC of PostgreSQL that does not say its digits, or has more than 38. DuckDB's extension makes doubles of it, which keep 15 of them.

Such columns are fetched as texts, and are decimals of as many digits behind the point as the values have; where one of them does not fit,
the column is doubles, as the extension reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import duckdb
from sqlglot import exp

from shared.datasets import Columns
from shared.engines.duckdb.connection import name, text
from shared.sql.rewrites.text_decimals import of_text

# Before and behind the point. With room for both, what is combined of two such columns (UNION, CASE) holds the values of either.
_BEFORE, _BEHIND = 28, 10


def inexact(described: Mapping[str, str], columns: Columns) -> list[str]:
    """The columns that DuckDB would read as doubles though they are decimals."""
    return [one.name for one in columns if one.type.startswith("NUMERIC") and described.get(one.name) == "DOUBLE"]


def exact(connection: duckdb.DuckDBPyConnection, attached: str, rows: str, kept: Iterable[str], decimals: list[str], table: str) -> str:
    """The relation that holds `kept` of `rows` (what stands after FROM in PostgreSQL's SQL), with the values of `decimals` as
    they are. They are put aside first, in the temporary table `table`: how many digits there are is known once all have been seen.
    """
    asked = ", ".join(f"CAST({name(one)} AS TEXT) AS {name(one)}" if one in decimals else name(one) for one in kept)
    query = f"SELECT {asked} FROM {rows}"  # noqa: S608 (quoted names, and the recipe's own query)
    connection.execute(f"CREATE TEMP TABLE {name(table)} AS FROM postgres_query({text(attached)}, {text(query)})")
    digits = ", ".join(
        f"max(length(split_part(ltrim({name(one)}, '-'), '.', 1))), max(length(split_part({name(one)}, '.', 2))),"
        f" coalesce(bool_and(regexp_full_match({name(one)}, '-?[0-9]+([.][0-9]+)?')), true)"
        for one in decimals
    )
    found = connection.execute(f"SELECT {digits} FROM {name(table)}").fetchone() or ()  # noqa: S608 (quoted names)
    values = {one: _value(one, *found[3 * at : 3 * at + 3]) for at, one in enumerate(decimals)}
    typed = ", ".join(f"{values[one]} AS {name(one)}" if one in values else name(one) for one in kept)
    return f"(SELECT {typed} FROM {name(table)})"  # noqa: S608 (quoted names)


def _value(column: str, before: int | None, behind: int | None, finite: bool) -> str:
    """NaN and the infinities are no decimals either."""
    value = exp.column(column, quoted=True)
    fits = finite and (before or 0) <= _BEFORE and (behind or 0) <= _BEHIND
    return (of_text(value, _BEFORE + (behind or 0), behind or 0, strict=True) if fits else exp.cast(value, "DOUBLE")).sql("duckdb")
