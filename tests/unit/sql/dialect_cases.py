"""The golden queries of tests/golden/dialects as typed trees, what each dialect says for them, and the rows of their tables."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from sqlglot import exp
from sqlglot.optimizer.qualify_columns import qualify_columns
from sqlglot.optimizer.qualify_tables import qualify_tables
from sqlglot.schema import MappingSchema

from shared.datasets import Column
from shared.sql.dialects import DIALECTS, dialect
from shared.sql.division import written_out
from shared.sql.query import query
from shared.sql.render import rewritten
from shared.sql.trust import trust
from shared.sql.typing import annotated

GOLDEN = Path(__file__).parents[2] / "golden" / "dialects"
QUERIES: dict[str, str] = {one["name"]: one["query"] for one in yaml.safe_load((GOLDEN / "queries.yaml").read_text())}
_DATA = yaml.safe_load((GOLDEN / "rows.yaml").read_text())
TYPES: dict[str, str] = _DATA["columns"]
COLUMNS = tuple(Column(name, type_, True) for name, type_ in TYPES.items())
INPUTS = {"t": COLUMNS, "u": COLUMNS}
SHOWN = sorted(set(DIALECTS) - {"frames", "frames_dask"})
# The newest of each that this release was made against.
VERSIONS = {"postgres": "18.6", "sqlite": "3.40", "mariadb": "10.11.19-MariaDB", "mysql": "8.4", "oracle": "19", "sqlserver": "16.0"}
# A server that does not tell is taken for the oldest that is supported.
OLDEST = None


def said(title: str, name: str, version: str | None, lost: str | None = None) -> str:
    """A query in a dialect, without one of its rewrites where `lost` names it; what is not trusted there is never sent."""
    found = trust(tree(title), name, version)
    if not found.at_least("documented"):
        return f"stays: {found.why}"
    target = dialect(name, version)
    less = replace(target, passes=tuple(one for one in target.passes if one.name != lost))
    return rewritten(tree(title), less).sql(dialect=less.writes)


def changed_without(name: str, lost: str) -> str | None:
    """A golden query that a dialect says otherwise without one of its rewrites, in its newest version or its oldest."""
    asked = ((title, version) for title in QUERIES for version in (VERSIONS.get(name), OLDEST))
    return next((title for title, version in asked if said(title, name, version, lost) != _sound(title, name, version)), None)


@cache
def _sound(title: str, name: str, version: str | None) -> str:
    return said(title, name, version)


@cache
def _tree(name: str) -> exp.Query:
    schema = MappingSchema(dict.fromkeys(INPUTS, TYPES), dialect="postgres", normalize=False)
    tree = qualify_columns(qualify_tables(query(QUERIES[name]), dialect="postgres"), schema)
    for identifier in tree.find_all(exp.Identifier):
        identifier.set("quoted", True)
    return written_out(annotated(tree, INPUTS))  # type: ignore[return-value]


def tree(name: str) -> exp.Query:
    return _tree(name).copy()


def rows(table: str) -> list[list[Any]]:
    """As Python's values."""
    read = {"NUMERIC": Decimal, "DATE": date.fromisoformat, "TIMESTAMP": datetime.fromisoformat}

    def value(raw: Any, type_: str) -> Any:
        convert = read.get(type_.partition("(")[0])
        return raw if raw is None or convert is None else convert(str(raw))

    return [[value(raw, type_) for raw, type_ in zip(row, TYPES.values(), strict=True)] for row in _DATA[table]]


def held(name: str, blocks: dict[str, str]) -> dict[str, str]:
    """The blocks of a golden file, each under a line `-- name`; written anew first where PENSTOCK_GOLDEN=write."""
    path = GOLDEN / name
    if os.environ.get("PENSTOCK_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n\n".join(f"-- {title}\n{text}" for title, text in blocks.items()) + "\n")
    found = re.split(r"^-- (.+)\n", path.read_text(), flags=re.M)[1:]
    return {title: text.strip() for title, text in zip(found[::2], found[1::2], strict=True)}
