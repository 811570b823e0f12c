"""Values as Python has them, as JSON that DuckDB and PostgreSQL read back: every digit of a number stays."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from math import isfinite, isnan
from typing import Any


def record(names: Sequence[str], values: Sequence[Any]) -> str:
    """A row as an object; its columns may be called anything."""
    return (
        "{" + ",".join(f"{json.dumps(name, ensure_ascii=False)}:{json_of(value)}" for name, value in zip(names, values, strict=True)) + "}"
    )


def json_of(value: Any) -> str:
    """What JSON has no word for is text in PostgreSQL's spelling; bytes in DuckDB's."""
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else json.dumps(str(value))
    if isinstance(value, float) and not isfinite(value):
        return '"NaN"' if isnan(value) else '"Infinity"' if value > 0 else '"-Infinity"'
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value)
    if isinstance(value, bytes):
        return json.dumps("".join(f"\\x{byte:02X}" for byte in value))
    if isinstance(value, list):
        return f"[{','.join(json_of(one) for one in value)}]"
    if isinstance(value, dict):
        return record([str(key) for key in value], list(value.values()))
    return json.dumps(str(value), ensure_ascii=False)
