"""Conditional saves: refused unless the resource is still what the caller last saw."""

from __future__ import annotations

from flask import request

from services.api.problems import Refused
from shared.store import resources
from shared.store.database import Tx


def still(tx: Tx, kind: str, namespace: str, name: str) -> None:
    """Holds the resource until the transaction's end, if the call has a condition (If-Match, If-None-Match: *).

    Raises Refused(409) with the current version (0: there is none) where it is another than expected.
    """
    wanted, absent = request.headers.get("If-Match"), request.headers.get("If-None-Match")
    if wanted is None and absent is None:
        return
    current = resources.hold(tx, kind, namespace, name)
    if wanted is not None and current not in _versions(wanted, current):
        raise _moved(f"{kind} {namespace}/{name} is at version {current} now, not at {wanted}; read it, and save again", current)
    if absent is not None and current:
        raise _moved(f"{kind} {namespace}/{name} is there already, at version {current}; read it, and save with If-Match", current)


def _versions(header: str, current: int) -> set[int]:
    """Those that an If-Match of entity tags names (RFC 9110, 13.1.1); `*`: any that is there."""
    tags = (tag.strip().removeprefix("W/").strip('"') for tag in header.split(","))
    return {current if tag == "*" else int(tag) for tag in tags if tag.isdecimal() or (tag == "*" and current)}


def _moved(detail: str, current: int) -> Refused:
    return Refused(409, detail, errors=[{"path": "/version", "message": detail, "currentVersion": current}], kind="version-conflict")
