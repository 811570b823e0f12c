"""The trust table as a page, docs/trust.md. A test fails while that is not what the tables say; `PENSTOCK_GOLDEN=write` writes it anew."""

from __future__ import annotations

from collections.abc import Iterator

from shared.sql.dialects import DIALECTS
from shared.sql.trust import lifted, rows

# Data frames have no server and no versions; what comes from outside has a page of its own.
SHOWN = (
    "postgres",
    "duckdb",
    "sqlite",
    "mysql",
    "mariadb",
    "clickhouse",
    "snowflake",
    "sqlserver",
    "oracle",
    "teradata",
    "hana",
    "ase",
    "redshift",
    "databricks",
    "spark",
)
_INTRODUCTION = (
    "An expression is computed in a database when everything it is made of is trusted there, in PostgreSQL's sense",
    "([semantics](semantics.md)): **p** proven by the differential suite, **e** seen on an emulation, **d** by the vendor's manual and our",
    "golden text; **–** stays here; a number is a version. `pushDown.trust` is the lowest level that is pushed down (documented unless",
    "said); a plan shows each of them. Made from `shared/sql/trust_table.json` and `trust_proven.json`. Families: whole is SMALLINT",
    "to BIGINT, numeric a decimal of up to 18 digits, wide one of more; exact is all of these, number the doubles too.",
)
_SIGNS = {"documented": "d", "emulated": "e", "proven": "p", "unsupported": "–"}


def page() -> str:
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# What each database is trusted with"
    yield ""
    yield from _INTRODUCTION
    yield ""
    yield "| construct | of | " + " | ".join(DIALECTS[name].title for name in SHOWN) + " |"
    yield "|---|---|" + "---|" * len(SHOWN)
    reasons: dict[str, set[str]] = {}
    for construct, types, levels in rows():
        cells = []
        for name in SHOWN:
            since = next((key.partition(">=")[2] for key in levels if key.startswith(f"{name}>=")), "")
            said = levels.get(name) or (levels[f"{name}>={since}"] if since else levels.get("*", "unsupported"))
            level, _, reason = said.partition(": ")
            if reason:
                reasons.setdefault(reason, set()).add(DIALECTS[name].title)
            versions = lifted(name, construct) if level != "unsupported" else ()
            cells.append(
                _SIGNS[level]
                + (f" from {since}" if since else "")
                + (" " + ", ".join(f"{_SIGNS[seen]} {version}".removesuffix(" *") for seen, version in versions) if versions else "")
            )
        shown = "" if types == "*" else types.replace("|", " or ")
        yield f"| {construct} | {shown} | " + " | ".join(cells) + " |"
    yield ""
    yield "Why something stays here:"
    yield ""
    for reason, titles in sorted(reasons.items()):
        yield f"- {', '.join(sorted(titles))}: {reason}"
