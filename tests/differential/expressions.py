"""Expressions by kind and by the kind of column they are over: what the coverage table counts.

A kind is a table of templates. `{x}` is the column that is counted, `{y}` another of the same kind of column, `{c}` a constant of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from tests.differential.tables import KINDS

WHOLE = ("int", "big")
EXACT = ("money", "long")
NUMBERS = (*WHOLE, *EXACT, "real")
TIMES = ("day", "at", "zoned")
ALL = tuple(KINDS)
ORDERED = tuple(kind for kind in ALL if kind != "flag")


@dataclass(frozen=True)
class Template:
    """`result`: the kind of column that comes out, or a type's name where there is no such kind; "same" is that of `{x}`."""

    text: str
    result: str = "same"


def _of(*texts: str, result: str = "same") -> tuple[Template, ...]:
    return tuple(Template(text, result) for text in texts)


CONSTANTS: Mapping[str, tuple[str, ...]] = {
    "int": ("1", "-2", "7", "100"),
    "big": ("1", "-5", "1000003"),
    "edge": ("0", "9223372036854775807", "-2147483649"),
    "money": ("0.50", "-2.50", "10"),
    "long": ("0.3333333333", "2.5", "-1"),
    "real": ("0.5", "-2.5", "3"),
    # Twice what is a value to some and none to others, and the same word with blanks and without.
    "text": ("''", "''", "'a'", "'ab '", "'ab'", "'Łódź'", "'it''s'", "'10'"),
    "flag": ("TRUE", "FALSE"),
    "day": ("DATE '2024-02-29'", "DATE '1970-01-01'"),
    "at": ("TIMESTAMP '2024-02-29 12:30:45.123456'", "TIMESTAMP '1970-01-01 00:00:00'"),
    "zoned": ("TIMESTAMPTZ '2026-03-29 01:00:00+00:00'", "TIMESTAMPTZ '2026-10-25 02:30:00+01:00'"),
}

# kind of expression -> kind of column -> what it may look like.
EXPRESSIONS: Mapping[str, Mapping[str, tuple[Template, ...]]] = {
    "arithmetic": {
        **{k: _of("{x} + {y}", "{x} - {c}", "{x} * {c}", "-{x}", "({x} - {y}) * 2") for k in WHOLE},
        "money": _of("{x} + {y}", "{x} * {c}", "-{x}", "{x} * (1 - {y})", "{x} - int", result="NUMERIC"),
        "long": _of("{x} + {y}", "{x} - {c}", "-{x}", "{x} * 2", result="NUMERIC"),
        "real": _of("{x} + {y}", "{x} * {c}", "-{x}", "{x} - int"),
    },
    "division": {
        **{k: _of("{x} / {y}", "{x} / {c}", "{c} / {x}", "-{x} / 2") for k in WHOLE},
        "money": _of("{x} / {y}", "{x} / {c}", "{x} / 4", "{x} / int", result="quotient"),
        "long": _of("{x} / {c}", "{x} / 4", result="quotient"),
        "real": _of("{x} / {y}", "{x} / {c}", "{x} / 4"),
    },
    "modulo": {
        **{k: _of("{x} % {y}", "{x} % 7", "-{x} % 3", "MOD({x}, 5)") for k in WHOLE},
        "money": _of("{x} % 7", "{x} % {y}", result="NUMERIC"),
    },
    "comparison": {k: _of("{x} = {y}", "{x} <> {c}", "{x} < {y}", "{x} >= {c}", "{x} > {c}", "{x} <= {y}", result="flag") for k in ALL},
    "mixed": {
        "int": _of("{x} < money", "{x} = big", "{x} + 0.5 > real", result="flag"),
        "big": _of("{x} = edge", "{x} < long", "{x} >= real", result="flag"),
        "money": _of("{x} > int", "{x} = long", "{x} < 0.1", result="flag"),
        "day": _of("{x} < at", "{x} = CAST(at AS DATE)", result="flag"),
        "at": _of("{x} >= day", "{x} < DATE '2024-02-29'", result="flag"),
    },
    "between": {k: _of("{x} BETWEEN {y} AND {c}", "{x} NOT BETWEEN {c} AND {y}", result="flag") for k in ORDERED},
    "in": {k: _of("{x} IN ({c}, {c})", "{x} NOT IN ({c}, {y})", "{x} IN ({y}, {c})", result="flag") for k in ALL},
    "null test": {k: _of("{x} IS NULL", "{x} IS NOT NULL", result="flag") for k in ALL},
    "distinct from": {k: _of("{x} IS DISTINCT FROM {y}", "{x} IS NOT DISTINCT FROM {c}", result="flag") for k in ALL},
    "coalesce": {k: _of("COALESCE({x}, {y})", "COALESCE({x}, {c})") for k in ALL},
    "nullif": {k: _of("NULLIF({x}, {y})", "NULLIF({x}, {c})") for k in ALL},
    "case": {
        k: _of(
            "CASE WHEN {x} = {c} THEN {y} ELSE {x} END",
            "CASE WHEN {x} IS NULL THEN {c} WHEN {y} = {c} THEN {y} END",
            "CASE {x} WHEN {c} THEN {y} ELSE {c} END",
        )
        for k in ALL
    },
    "logic": {"flag": _of("{x} AND {y}", "{x} OR {y}", "NOT {x}", "NOT ({x} OR {y}) AND {y}", "{x} IS TRUE", "{x} IS NOT FALSE")},
    "concat": {"text": _of("{x} || {y}", "{x} || '-' || {c}", "CONCAT({x}, {y})"), "int": _of("CAST({x} AS TEXT) || '!'", result="text")},
    "upper, lower": {"text": _of("UPPER({x})", "LOWER({x})")},
    "length": {"text": _of("LENGTH({x})", result="int")},
    "part of text": {"text": _of("SUBSTRING({x} FROM 2 FOR 2)", "SUBSTRING({x}, 1, 1)", "LEFT({x}, 2)", "RIGHT({x}, 2)")},
    "trim": {"text": _of("TRIM({x})", "LTRIM({x})", "RTRIM({x})", "TRIM(BOTH 'a' FROM {x})")},
    "replace": {"text": _of("REPLACE({x}, 'a', 'bb')", "REPLACE({x}, ' ', '')")},
    "position": {"text": _of("POSITION('b' IN {x})", "STRPOS({x}, 'a')", result="int")},
    "like": {
        "text": _of(
            "{x} LIKE 'a%'",
            "{x} LIKE '%b_'",
            "{x} NOT LIKE '%a%'",
            "{x} ILIKE 'A%'",
            "{x} ILIKE '%B%'",
            "{x} LIKE '10\\%'",
            "{x} LIKE ''",
            "{x} LIKE 'a\\_b'",
            result="flag",
        )
    },
    "rounding": {
        "money": _of("ROUND({x})", "ROUND({x}, 1)", "FLOOR({x})", "CEIL({x})", "TRUNC({x})", result="NUMERIC"),
        "long": _of("ROUND({x}, 2)", "FLOOR({x})", "CEIL({x})", result="NUMERIC"),
        "real": _of("FLOOR({x})", "CEIL({x})", "ROUND({x})"),
    },
    "absolute": {k: _of("ABS({x})") for k in NUMBERS},
    "greatest, least": {k: _of("GREATEST({x}, {y})", "LEAST({x}, {y}, {c})") for k in ORDERED},
    "part of time": {
        k: _of(*(f"EXTRACT({part} FROM {{x}})" for part in parts), result="NUMERIC")
        for k, parts in (
            ("day", ("YEAR", "MONTH", "DAY", "DOW", "DOY", "QUARTER", "WEEK", "ISODOW")),
            ("at", ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "DOW", "SECOND")),
            ("zoned", ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE")),
        )
    },
    "truncated time": {
        k: _of("DATE_TRUNC('month', {x})", "DATE_TRUNC('year', {x})", "DATE_TRUNC('week', {x})", result="at") for k in ("at",)
    },
    "time and span": {
        "day": _of("{x} + 30", "{x} - 1", "{x} - {y}", result="span"),
        "at": _of("{x} + INTERVAL '1 day'", "{x} - INTERVAL '1 month'", "{x} + INTERVAL '90 minutes'"),
    },
    "to text": {k: _of("CAST({x} AS TEXT)", result="text") for k in ("int", "big", "edge", "money", "long", "text", "flag", "day", "at")},
    "from text": {
        "text": (
            *_of("CAST({x} AS INTEGER)", result="int"),
            *_of("CAST({x} AS BIGINT)", result="big"),
            *_of("CAST({x} AS NUMERIC(10, 2))", result="NUMERIC"),
            *_of("CAST({x} AS DATE)", result="day"),
            *_of("CAST({x} AS BOOLEAN)", result="flag"),
        )
    },
    "between numbers": {
        "int": (
            *_of("CAST({x} AS BIGINT)", result="big"),
            *_of("CAST({x} AS NUMERIC(10, 2))", result="NUMERIC"),
            *_of("CAST({x} AS DOUBLE PRECISION)", result="real"),
        ),
        "big": _of("CAST({x} AS INTEGER)", "CAST({x} AS SMALLINT)", result="int"),
        "edge": _of("CAST({x} AS INTEGER)", result="int"),
        "money": (
            *_of("CAST({x} AS INTEGER)", result="int"),
            *_of("CAST({x} AS NUMERIC(6, 1))", result="NUMERIC"),
            *_of("CAST({x} AS DOUBLE PRECISION)", result="real"),
        ),
        "long": (*_of("CAST({x} AS BIGINT)", result="big"), *_of("CAST({x} AS NUMERIC(20, 2))", result="NUMERIC")),
        "real": (*_of("CAST({x} AS INTEGER)", result="int"), *_of("CAST({x} AS BIGINT)", result="big")),
    },
    "between times": {
        "day": _of("CAST({x} AS TIMESTAMP)", result="at"),
        "at": _of("CAST({x} AS DATE)", result="day"),
        "zoned": _of("CAST({x} AS TIMESTAMP)", result="at"),
    },
}

# Over the rows of a group. Averages and spreads of exact numbers are compared as doubles: a quotient's digits are no engine's business.
AGGREGATES: Mapping[str, tuple[Template, ...]] = {
    **{k: _of("COUNT({x})", "COUNT(DISTINCT {x})", result="big") for k in ALL},
    **{k: (*_of("COUNT({x})", "COUNT(DISTINCT {x})", result="big"), *_of("MIN({x})", "MAX({x})")) for k in ALL if k != "flag"},
    **{
        k: (
            *_of("COUNT({x})", "COUNT(DISTINCT {x})", result="big"),
            *_of("MIN({x})", "MAX({x})"),
            *_of("SUM({x})", "SUM(DISTINCT {x})", result="NUMERIC"),
            *_of("AVG({x})", "STDDEV({x})", "VARIANCE({x})", result="quotient"),
        )
        for k in NUMBERS
    },
}


def drawn(rng: Random, template: str, kind: str, x: str, others: list[str]) -> str:
    """A template with its places filled: `others` are further columns of the kind."""
    text = template.replace("{x}", x).replace("{y}", rng.choice(others))
    while "{c}" in text:
        text = text.replace("{c}", rng.choice(CONSTANTS[kind]), 1)
    return text
