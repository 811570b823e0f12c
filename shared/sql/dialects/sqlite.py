"""SQLite: doubles in place of decimals, texts in place of dates; both stay here."""

from __future__ import annotations

from shared.sql.dialects.dialect import Dialect, Features

SQLITE = Dialect(
    name="sqlite",
    title="SQLite",
    writes="sqlite",
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
