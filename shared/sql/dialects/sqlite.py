"""SQLite: doubles in place of decimals, texts in place of dates; both stay here."""

from __future__ import annotations

from shared.sql.dialects.dialect import Dialect, Features
from shared.sql.rewrites.averages import AVERAGES
from shared.sql.rewrites.distinct_from import DISTINCT_FROM
from shared.sql.rewrites.extremes import EXTREMES
from shared.sql.rewrites.filters import FILTERS
from shared.sql.rewrites.full_join import FULL_JOIN
from shared.sql.rewrites.likes import GLOBS
from shared.sql.rewrites.null_order import NULL_ORDER
from shared.sql.rewrites.qualify import QUALIFY
from shared.sql.rewrites.real_division import REAL_DIVISION
from shared.sql.rewrites.whole_division import SLASH_TRUNCATES

SQLITE = Dialect(
    name="sqlite",
    title="SQLite",
    writes="sqlite",
    passes=(
        QUALIFY,
        FULL_JOIN,
        FILTERS,
        AVERAGES,
        EXTREMES,
        DISTINCT_FROM,
        NULL_ORDER,
        REAL_DIVISION,
        SLASH_TRUNCATES,
        GLOBS,
    ),
    # https://www.sqlite.org/lang_select.html, lang_aggfunc.html (FILTER), lang_with.html (hints), releaselog/3_39_0.html.
    features=Features(
        booleans=True,
        filter=False,
        full_join=False,
        merge=False,
        regex=False,
        null_order=False,
        nulls="small",
        windows=False,
        snapshot=True,
        name_case="exact",
        longest_name=1000,
    ),
    since=(
        ("3.25", {"windows": True}),
        ("3.30", {"filter": True, "null_order": True}),
        ("3.35", {"materialised": True}),
        ("3.39", {"full_join": True, "distinct_from": True}),
    ),
)
