"""Conditional saves: refused unless the resource is still what the caller last saw."""

from __future__ import annotations

from flask import request

from services.api.problems import Refused, brief
from shared.store import resources
from shared.store.database import Tx


def still(tx: Tx, kind: str, namespace: str, name: str) -> None:
    """If-Match, and If-None-Match: * for what must not be there yet (RFC 9110, 13.1): Refused(409) with the current version.

    Holds the resource until the transaction ends, so that nobody saves between the look and the save.
    """
    wanted, absent = (request.headers.get(header) for header in ("If-Match", "If-None-Match"))
    if wanted is None and absent is None:
        return
    current = resources.hold(tx, kind, namespace, name)
    # Weak tags too: proxies that compress weaken them, and a version number is exact either way.
    if wanted is not None and not (current and request.if_match.contains_weak(str(current))):
        stands = f"is at version {current} now" if current else "does not exist"
        raise _moved(f"{kind} {namespace}/{name} {stands}, not at {brief(wanted)}; read it and save again", current)
    if absent is not None and current and request.if_none_match.contains_weak(str(current)):
        raise _moved(f"{kind} {namespace}/{name} exists, at version {current}; read it, and save with If-Match", current)


def _moved(detail: str, current: int) -> Refused:
    return Refused(409, detail, errors=[{"path": "/version", "message": detail, "currentVersion": current}], kind="version-conflict")
