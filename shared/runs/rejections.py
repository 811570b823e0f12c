"""How many rows a node may reject: its `onError: fail` and its `rejectLimit`. Pure; asked where an attempt is about to publish, so that a
node that rejects too much publishes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from shared.errors import DataError

# {fail: the first bad row is one too many; maxRows; maxPercent, which counts from minRows rows on}
Limit = Mapping[str, Any]


class TooManyRejects(DataError):
    """Of a node that is not to go on so. The rows are what they are: trying again would reject them again."""

    code = "too_many_rejects"


def check(limits: Mapping[str, Limit], figures: Mapping[str, Mapping[str, Any]], example: Callable[[str], str | None]) -> None:
    """Raises TooManyRejects, charged to the first node over its limit. `example(node)`: what was wrong with one of its rows, if known."""
    for node, limit in limits.items():
        rejected, rows = figures.get(node, {}).get("rowsRejected"), figures.get(node, {}).get("rowsIn")
        if rejected and (why := _exceeded(limit, rejected, rows)) is not None:
            of = "" if rows is None else f" of {rows}"
            said = f" (one of them: {told})" if (told := example(node)) else ""
            raise TooManyRejects(f"node {node} rejected {rejected}{of} rows; {why}{said}", node=node)


def _exceeded(limit: Limit, rejected: int, rows: int | None) -> str | None:
    if limit.get("fail"):
        return "onError: fail lets none go; correct the rows, or set onError: route"
    most = limit.get("maxRows")
    if most is not None and rejected > most:
        return f"its rejectLimit allows {most}; correct the rows, or raise maxRows"
    percent = limit.get("maxPercent")
    if percent is not None and rows and rows >= limit.get("minRows", 0) and 100 * rejected > percent * rows:
        return f"that is {100 * rejected / rows:.4g} %, and its rejectLimit allows {percent:g} %; correct the rows, or raise maxPercent"
    return None
