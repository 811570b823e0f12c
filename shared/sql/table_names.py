"""The name of a table as a recipe writes it: `table` or `schema.table`, exactly as the database spells it.

A part that holds a dot of its own stands in double quotes, as in SQL: `sales."north.2026"`; values of parameters come so.
"""

from __future__ import annotations

import re

_PARTS = re.compile(r'(?:(?P<schema>"(?:[^"]|"")*"|[^".]*)\.)?(?P<table>"(?:[^"]|"")*")')


def split(written: str) -> tuple[str | None, str]:
    """(schema, table); the schema is None where none is written."""
    quoted = _PARTS.fullmatch(written)
    if quoted:
        return (_meant(quoted["schema"]) if quoted["schema"] else None), _meant(quoted["table"])
    schema, _, table = written.rpartition(".")
    return (_meant(schema) or None), table


def part(name: str) -> str:
    """A schema's or table's name as a part of what `split` reads: in quotes where it would be read otherwise."""
    return '"' + name.replace('"', '""') + '"' if "." in name or '"' in name else name


def _meant(part_: str) -> str:
    return part_[1:-1].replace('""', '"') if len(part_) > 1 and part_[0] == part_[-1] == '"' else part_
