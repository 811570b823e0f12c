"""What a database is trusted with, as a limit on what is drawn: an expression too many would keep the whole recipe away from it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from sqlglot import exp

from shared.datasets import Column
from shared.sql.constructs import constructs, family_of
from shared.sql.division import written_out
from shared.sql.parse import expression
from shared.sql.row_errors import guard
from shared.sql.trust import LEVELS, level_of, lowest
from shared.sql.typing import named_type, resolve
from tests.differential.expressions import CONSTANTS
from tests.differential.tables import KINDS

_USES = ("group key", "distinct key", "order key")


class Palette:
    """What all of some databases are trusted with: (dialect, version) of each. Kinds are those of `tables.py`, and "id"."""

    def __init__(self, *databases: tuple[str, str]) -> None:
        self._databases = databases
        self._known: dict[tuple[str, str], bool] = {}

    def trusts(self, text: str, kinds: Mapping[str, str], *, aggregates: bool = False) -> bool:
        """`kinds`: column -> kind. With the guards that a node puts around what may fail."""
        used = [column.name for column in expression(text, aggregates=aggregates).find_all(exp.Column)]
        columns = tuple(Column(name, _type(kinds[name]), True) for name in dict.fromkeys(used))
        tree = written_out(resolve(expression(text, aggregates=aggregates), {"t": columns}))
        safe, error = guard(tree, "x") if not aggregates else (tree, None)
        made = [safe] if error is None else [safe, error]
        return all(lowest(constructs(each), *database).at_least("documented") for each in made for database in self._databases)

    def holds(self, template: str, kind: str) -> bool:
        """Whether an expression of that kind of column is trusted whatever stands in its places."""
        if (template, kind) not in self._known:
            text = template.replace("{x}", kind).replace("{y}", f"{kind}_null").replace("{c}", CONSTANTS[kind][0])
            self._known[template, kind] = self.trusts(text, {f"{of}{null}": of for of in KINDS for null in ("", "_null")})
        return self._known[template, kind]

    def compares(self, kind: str) -> bool:
        """Whether rows can be grouped, told apart and ordered by such a column."""
        family = family_of(named_type(_type(kind)))
        return all(level_of(use, (family,), *database)[0] != LEVELS[0] for use in _USES for database in self._databases)


@cache
def _type(kind: str) -> str:
    return "BIGINT" if kind == "id" else KINDS[kind].type
