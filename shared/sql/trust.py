"""How far a database's answer to a piece of SQL can be trusted to be PostgreSQL's.

Two tables ship as data beside this module, and docs/trust.md is made from both:

- `trust_table.json`, kept by hand: its `rows` are {construct, types, trust}. `construct` as `shared/sql/constructs.py` names it;
  `types` one family (or several with `|`, or a name from `families`) for each argument, `*` where types do not matter; `trust` names of
  dialects (several with a blank between, `name>=8` from a version on, `*` for all others) -> level, with a reason after a colon where that
  is `unsupported`. A construct's first row whose types fit holds. What stands in no row, or for which a row names no level, is unsupported.
- `trust_proven.json`, written by the differential suite: {dialect: {level: {version: {construct: [types, …]}}}}, level `proven` or
  `emulated`, version the major one ("18"; MariaDB's and SQLite's "10.11", "3.40"; "*" for all), types exact families ("integer, integer";
  "" for none). It lifts what is documented; what is unsupported stays so, whatever was seen once.

Nothing is proven at run time. An unknown construct is unsupported, and so is an unknown type where types matter.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from sqlglot import exp

from shared.sql.constructs import Construct, constructs
from shared.sql.dialects import dialect as dialect_of
from shared.sql.dialects.dialect import numbers

LEVELS = ("unsupported", "documented", "emulated", "proven")


@dataclass(frozen=True, slots=True)
class Trust:
    """`level`: one of LEVELS, the lowest among all that the tree is made of. `why`: a sentence that names what is lowest."""

    level: str
    why: str

    def at_least(self, level: str) -> bool:
        return LEVELS.index(self.level) >= LEVELS.index(level)


def trust(tree: exp.Expr, dialect: str, version: str | None = None) -> Trust:
    """`tree` is typed (`shared.sql.typing.annotated` for a whole select); `version` as the server tells it."""
    return lowest(constructs(tree), dialect, version)


def lowest(found: Iterable[Construct], dialect: str, version: str | None = None) -> Trust:
    """As `trust`, of constructs."""
    target = dialect_of(dialect, version)
    worst = Trust(LEVELS[-1], f"nothing here differs between databases, {target.title} too")
    for one in dict.fromkeys(found):
        level, reason = level_of(one.name, one.types, target.name, version)
        if LEVELS.index(level) < LEVELS.index(worst.level):
            worst = Trust(level, _sentence(one, level, reason, target.title))
        if level == LEVELS[0]:
            break
    return worst


def level_of(name: str, types: tuple[str, ...], dialect: str, version: str | None) -> tuple[str, str]:
    """(level, reason) of one construct; the reason is empty where there is none."""
    for patterns, levels in _table().get(name, ()):
        if not _fits(types, patterns):
            continue
        level, _, reason = _said(levels, dialect, version).partition(": ")
        if level == LEVELS[0]:
            return level, reason
        lifted = next((each for each in LEVELS[:1:-1] if _seen(each, name, types, dialect, version)), level)
        return lifted, reason
    if "unknown" in types and name in _table():
        return LEVELS[0], "its type is not known"
    return LEVELS[0], ""


def rows() -> Iterator[tuple[str, str, Mapping[str, str]]]:
    """(construct, types as they are written, levels by dialect) of the table that is kept by hand, in its order."""
    for row in _read("trust_table.json")["rows"]:
        yield row["construct"], row["types"], _by_dialect(row["trust"])


def lifted(dialect: str, construct: str) -> tuple[tuple[str, str], ...]:
    """(level, version) in which a construct was seen to give PostgreSQL's rows, of some types at least; the highest level first."""
    seen = _proven().get(dialect, {})
    return tuple((level, version) for level in LEVELS[:1:-1] for version, found in seen.get(level, {}).items() if construct in found)


def _said(levels: Mapping[str, str], dialect: str, version: str | None) -> str:
    """`name>=8` holds from that version on, and nothing before it."""
    if dialect in levels:
        return levels[dialect]
    later = {key.partition(">=")[2]: level for key, level in levels.items() if key.startswith(f"{dialect}>=")}
    for first, level in later.items():
        if version is not None and numbers(version) >= numbers(first):
            return level
    if later:
        return f"{LEVELS[0]}: it came with version {next(iter(later))}"
    return levels.get("*", LEVELS[0])


def _by_dialect(trust: Mapping[str, str]) -> dict[str, str]:
    return {dialect: level for names, level in trust.items() for dialect in names.split()}


def major(version: str | None) -> tuple[str, ...]:
    """The spellings under which a version may stand in the table of what was proven."""
    parts = [str(part) for part in numbers(version)] if version is not None else []
    return ("*", *(".".join(parts[:count]) for count in range(1, min(2, len(parts)) + 1)))


def _sentence(one: Construct, level: str, reason: str, title: str) -> str:
    named = f"{one.name} of {' and '.join(one.types)}" if one.types else one.name
    if level == LEVELS[0]:
        return f"{one.shown} stays here: {named} is not trusted in {title}{f', since {reason}' if reason else ''}"
    told = {"documented": "by the vendor's manual only", "emulated": "on an emulation", "proven": "by test"}[level]
    return f"{one.shown}: {named} is known in {title} {told}"


def _fits(types: tuple[str, ...], patterns: tuple[frozenset[str], ...] | None) -> bool:
    if patterns is None:
        return True
    # A NULL is of whatever type it is compared with.
    return len(types) == len(patterns) and all(of in pattern or of == "null" for of, pattern in zip(types, patterns, strict=True))


def _seen(level: str, name: str, types: tuple[str, ...], dialect: str, version: str | None) -> bool:
    by_version = _proven().get(dialect, {}).get(level, {})
    return any(", ".join(types) in by_version.get(spelling, {}).get(name, ()) for spelling in major(version))


Row = tuple[tuple[frozenset[str], ...] | None, Mapping[str, str]]


@cache
def _table() -> Mapping[str, tuple[Row, ...]]:
    read = _read("trust_table.json")
    families = {name: frozenset(of.split()) for name, of in read["families"].items()}
    found: dict[str, list[Row]] = {}
    for row in read["rows"]:
        found.setdefault(row["construct"], []).append((_patterns(row["types"], families), _by_dialect(row["trust"])))
    return {name: tuple(rows) for name, rows in found.items()}


def _patterns(written: str, families: Mapping[str, frozenset[str]]) -> tuple[frozenset[str], ...] | None:
    if written == "*":
        return None
    return tuple(
        frozenset().union(*(families.get(one, {one}) for one in argument.split("|"))) for argument in written.split(", ") if argument
    )


@cache
def _proven() -> Mapping[str, Any]:
    read: Mapping[str, Any] = _read("trust_proven.json")
    return read


def _read(name: str) -> Any:
    return json.loads(files("shared.sql").joinpath(name).read_text(encoding="utf-8"))
