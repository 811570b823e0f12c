"""`penstock doctor`: what must hold, what does not, and the remedy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def lines(examined: dict[str, Any]) -> Iterator[str]:
    """What is off comes with what was found and what to do; what holds is one line."""
    signs = {True: "good", False: "OFF ", None: "?   "}
    for check in examined["checks"]:
        yield f"{signs[check['ok']]}  {check['name']}: {check['holds']}{' (the API cannot look there)' if check['ok'] is None else ''}"
        if check["ok"] is False:
            for one in check["found"]:
                yield f"        {'run ' + one['run'] + ': ' if one['run'] else ''}{one['detail']}"
            if check["count"] > len(check["found"]):
                yield f"        … and {check['count'] - len(check['found'])} more"
            yield f"      do: {check['remedy']}"
