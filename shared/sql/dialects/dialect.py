"""A dialect as a value: what a database can, by version, and the ordered rewrites that say our trees (PostgreSQL's meaning) to it.

Features tell the planner and the passes what is there; a pass asks them and never the dialect's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sqlglot import exp

Limit = Literal["limit", "fetch", "top", "rownum"]


@dataclass(frozen=True, slots=True)
class Temporary:
    """How a session makes a table of its own from a SELECT: `made`, with {name} and {select} in it. `prefix`: what such names begin with.

    The rows stay until the session ends, whatever is committed meanwhile.
    """

    made: str = "CREATE TEMPORARY TABLE {name} AS {select}"
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Features:
    """`limit`: LIMIT n OFFSET m; FETCH (Oracle, SQL Server); TOP n, which has no offset; ROWNUM of a subquery.

    `merge`: MERGE INTO … is understood. `guard`: a cast that gives NULL instead of failing can be written (TRY_CAST and the like).
    `null_order`: NULLS FIRST and NULLS LAST can be written; `nulls`: where they stand otherwise. `name_case`: what an unquoted name
    becomes; `longest_name`: of an identifier, in bytes (or characters, where the vendor counts those).
    `ctes`: WITH in front of a SELECT; `materialised`: AS MATERIALIZED and NOT MATERIALIZED. `temporary`: None where a session can keep no
    rows of its own. `transactions`: several statements commit as one; `snapshot`: and see one moment, and WITH stands in what they write.
    """

    booleans: bool = True
    filter: bool = False
    qualify: bool = False
    full_join: bool = True
    merge: bool = True
    regex: bool = True
    guard: bool = False
    null_order: bool = True
    nulls: Literal["large", "small", "last"] = "large"
    distinct_from: bool = False
    windows: bool = True
    ctes: bool = True
    materialised: bool = False
    temporary: Temporary | None = Temporary()
    transactions: bool = True
    snapshot: bool = False
    limit: Limit = "limit"
    empty_is_null: bool = False
    name_case: Literal["lower", "upper", "exact"] = "upper"
    longest_name: int = 128


@dataclass(frozen=True, slots=True)
class Pass:
    """One named rewrite. `of`: it is called only for trees that hold one of these kinds of nodes. It may change the tree it is given,
    and returns the tree to go on with."""

    name: str
    of: tuple[type[exp.Expr], ...]
    apply: Callable[[exp.Expr, Dialect], exp.Expr]


@dataclass(frozen=True, slots=True)
class Dialect:
    """`writes`: the name by which sqlglot writes it. `features` are those of the oldest version supported; `since`: what later ones
    have beside, oldest first. `session`: what a session says before anything else, so that the text means the same in all of them.
    """

    name: str
    title: str
    writes: str
    features: Features
    passes: tuple[Pass, ...] = ()
    since: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    session: tuple[str, ...] = field(default=())

    def at(self, version: str | None) -> Dialect:
        """With the features of a version as its server tells it; those of the oldest where it is not known."""
        if version is None or not self.since:
            return self
        mine, features = numbers(version), self.features
        for first, changes in self.since:
            if numbers(first) <= mine:
                features = replace(features, **changes)
        return replace(self, features=features) if features is not self.features else self


def numbers(version: str) -> tuple[int, ...]:
    """'10.11.19-MariaDB' -> (10, 11, 19); what has no numbers is older than everything."""
    found = re.search(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()
