"""Texts become decimals in DuckDB as its own cast makes them, and short ones much sooner."""

from __future__ import annotations

import duckdb
import pytest
from sqlglot import exp

from shared.sql.rewrites.text_decimals import of_text

TEXTS = (
    *("0", "-0.00", "1.5", "+7", ".5", "5.", "2.345", "-2.355", "99999999.99999999995", "1e3", "12.5E-2", " 4 ", "", "-", "x", "1_000"),
    *("9999999999999999.99", "123456789012345678", "-12345678901234567.8", "1234567890123456789.25", "12345678901234567890123456789.1"),
    # Longer than 18 signs, with an exponent: in 18 digits DuckDB would lose the last ones.
    *("452532090972084.3534043209e2", "+499180854.2522040533E+10", "34374356.320951339449E5", None),
)


@pytest.mark.parametrize(("digits", "scale"), [(12, 2), (19, 0), (30, 2), (38, 10), (38, 30)])
def test_a_text_becomes_the_decimal_that_duckdb_makes_of_it(digits: int, scale: int) -> None:
    ours = of_text(exp.column("t"), digits, scale).sql("duckdb")
    found = duckdb.execute(f"SELECT t, {ours}, TRY_CAST(t AS DECIMAL({digits}, {scale})) FROM (SELECT unnest($1) AS t)", [list(TEXTS)])
    for text, read, meant in found.fetchall():
        assert read == meant, text


def test_what_is_no_decimal_of_that_size_is_an_error_where_it_must_be_one() -> None:
    for text in ("x", "12345678901234567890123456789.1"):
        with pytest.raises(duckdb.ConversionException):
            duckdb.execute(f"SELECT {of_text(exp.column('t'), 30, 2, strict=True).sql('duckdb')} FROM (SELECT $1 AS t)", [text])
