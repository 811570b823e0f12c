"""A profile as a table on the terminal."""

from __future__ import annotations

from typing import Any

from rich.markup import escape
from rich.table import Table

from services.api.cli.answering import console

_MOST_VALUES = 3


def table(profile: dict[str, Any]) -> None:
    rows = profile["rows"]
    sample = f", of which {profile['sampledRows']} were looked at" if profile.get("sampledRows") is not None else ""
    shown = Table(title=f"{rows} rows{sample}")
    for name in ("column", "type", "nulls", "distinct", "min", "max", "mean", "most common"):
        shown.add_column(name)
    for column in profile["columns"]:
        about = "" if column.get("distinctExact", True) else "≈"
        common = ", ".join(f"{one['value']} ({one['rows']})" for one in (column.get("topValues") or ())[:_MOST_VALUES])
        shown.add_row(
            escape(column["name"]),
            column["type"],
            _said(column.get("nulls")),
            f"{about}{_said(column.get('distinct'))}",
            *(escape(_said(column.get(key))) for key in ("min", "max", "mean")),
            escape(common) or "–",
        )
    console().print(shown)


def _said(value: Any) -> str:
    return "–" if value is None else f"{value:,.6g}" if isinstance(value, float) else str(value)
