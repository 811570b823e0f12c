"""What a person asks of a connector before any recipe names it: does it work (`check`), what is there (`discover`)."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from shared.connectors.errors import NotFound
from shared.datasets import Column
from shared.errors import PenstockError
from shared.sql.table_names import part, split

# Of tables or files that a discovery lists; `more` then says that there are others.
MOST_OBJECTS = 200


@dataclass(frozen=True, slots=True)
class Tried:
    """One thing that a check tried; `said` is a sentence, whether it went well or not."""

    what: str
    ok: bool
    said: str

    def to_json(self) -> dict[str, Any]:
        return {"what": self.what, "ok": self.ok, "said": self.said}


@dataclass(frozen=True, slots=True)
class Found:
    """A table or file, named as a recipe names it. `columns`: with the vendor's own word for each type, None where it has none.

    `failed`: why nothing more is known of it.
    """

    name: str
    columns: tuple[tuple[Column, str | None], ...] = ()
    keys: tuple[tuple[str, ...], ...] = ()
    rows: int | None = None
    failed: str | None = None

    def to_json(self) -> dict[str, Any]:
        columns = [{"name": c.name, "type": c.type, "vendorType": said, "nullable": c.nullable} for c, said in self.columns]
        return {"name": self.name, "columns": columns, "keys": [list(k) for k in self.keys], "rows": self.rows, "failed": self.failed}


class LookingDriver(Protocol):
    def check(self) -> list[Tried]:
        """Stops at the first thing that fails."""
        ...

    def discover(self) -> tuple[list[Found], bool]:
        """In the order of their names; True: there are more."""
        ...


def tried(steps: Iterable[tuple[str, Callable[[], str]]]) -> list[Tried]:
    """Each step returns its sentence; what it raises in our words is the sentence of its failure, and the last."""
    done = []
    for what, step in steps:
        try:
            done.append(Tried(what, True, step()))
        except PenstockError as error:
            done.append(Tried(what, False, error.message))
            break
    return done


def table_name(schema: str | None, table: str) -> str:
    """As `shared.sql.table_names` reads it."""
    return f"{part(schema)}.{part(table)}" if schema else part(table)


def no_table(wanted: str, there: Sequence[str], where: str) -> NotFound:
    """`there`: the tables that `where` has, of which the nearest is named."""
    near = difflib.get_close_matches(split(wanted)[1], there, 1, 0.6)
    hint = f"did you mean {near[0]}?" if near else "correct the name, or make it"
    return NotFound(f"table {wanted} is not in {where}; {hint}")


_SECRETS = (
    "password", "passwd", "pwd", "secret", "token", "apikey", "credential", "privatekey", "accesskey", "cvv", "cvc", "pin", "ssn", "pesel",
    "iban", "cardnumber", "creditcard", "cardno", "passport", "haslo",
)  # fmt: skip
MASK = "***"


def looks_secret(column: str) -> bool:
    """By its name: one of the words above, whole or joined to others (user_password, apiKey2)."""
    plain = "".join(sign for sign in column.lower() if sign.isalnum())
    words = {"".join(filter(str.isalpha, word)) for word in column.lower().replace("-", "_").split("_")}
    return any(secret in words or (len(secret) > 3 and secret in plain) for secret in _SECRETS)


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: MASK if value is not None and looks_secret(name) else value for name, value in row.items()}
