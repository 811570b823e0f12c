"""Conditional saves: refused unless the resource is still what the caller last saw."""

from __future__ import annotations

from flask import request

from services.api.problems import Refused, brief
from shared.store import resources
from shared.store.database import Tx
from shared.store.resources import Saved


def still(tx: Tx, kind: str, namespace: str, name: str) -> None:
    """If-Match (RFC 9110, 13.1.1): Refused(409) unless the current version is one the caller has seen. `*`: any that there is.

    Holds the resource until the transaction ends, so that nobody saves between the look and the save.
    """
    if "If-Match" not in request.headers:
        return
    version = resources.hold(tx, kind, namespace, name)
    # Weak tags too: proxies that compress weaken them, and a version number is exact either way.
    if version is None or not request.if_match.contains_weak(str(version)):
        stands = f"is at version {version} now" if version is not None else "does not exist"
        raise _moved(f"{kind} {namespace}/{name} {stands}, not at {brief(request.headers['If-Match'])}; read it and save again", version)


def first(saved: Saved) -> None:
    """If-None-Match: * (13.1.2): Refused(409), and with it the save undone, where there was a version already."""
    if "If-None-Match" in request.headers and request.if_none_match.star_tag and not saved.created:
        version = saved.version - saved.changed
        raise _moved(f"this exists, at version {version}; read it, and save with If-Match", version)


def _moved(detail: str, current: int | None) -> Refused:
    return Refused(409, detail, errors=[{"path": "/version", "message": detail, "currentVersion": current or 0}], kind="version-conflict")
