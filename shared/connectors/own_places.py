"""Penstock's own files, which no connector of a recipe reads or writes: the state folder, what is staged, keys, and what the kernel tells
of processes.

Whoever may write a connector could else name the state folder, and so have the first admin's token, the master key, or the rows that
other namespaces have staged. Asked of each connector before a driver is given its config (`check`), and of each path under its root
(`entered`). Everything else that the worker's account may read and write is the operator's to divide (docs/guides/access.md).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from shared.connectors.errors import Denied

# In the state folder; what lies in it as a file is ours too. Other folders there are people's (the demo's).
FOLDERS = ("definitions", "logs", "pids", "postgres", "python", "recipes.git", "redis", "scratch", "staging")
_SAID = ("PENSTOCK_DEFINITIONS_FOLDER", "PENSTOCK_GIT_REPOSITORY", "PENSTOCK_KEYSTORE", "PENSTOCK_SCRATCH", "PENSTOCK_STAGING_URL")
_KERNEL = ("/proc", "/sys")
_BUCKET = "s3://"


def check(reference: str, config: Mapping[str, Any]) -> None:
    """Raises Denied for a config, secrets in place, whose folder or file is Penstock's own."""
    for field in ("root", "path"):
        said = config.get(field)
        if not isinstance(said, str):
            continue
        own = _staged_in_bucket(said) if said.startswith(_BUCKET) else said.startswith("/") and _is_own(Path(said).resolve())
        if own:
            raise Denied(f"connector {reference} names {said}, where Penstock keeps files of its own; name another {field}")


def entered(base: Path, target: Path) -> bool:
    """Whether a path, resolved like `base`, leads from there into a place of Penstock's own. What is laid out for an attempt has such a
    place for its root.
    """
    return _is_own(target) and not (_is_own(base) and target.is_relative_to(base))


def _is_own(path: Path) -> bool:
    home, places = _ours()
    if home is not None and path.parent == home and not path.is_dir():
        return True
    return any(path.is_relative_to(place) for place in places)


def _staged_in_bucket(root: str) -> bool:
    staging = os.environ.get("PENSTOCK_STAGING_URL", "")
    return staging.startswith(_BUCKET) and f"{root.rstrip('/')}/".startswith(f"{staging.rstrip('/')}/")


@cache
def _ours() -> tuple[Path | None, tuple[Path, ...]]:
    """The state folder, if this process has one, and all places of ours, resolved."""
    said = os.environ.get("PENSTOCK_HOME")
    home = Path(said).resolve() if said else None
    keys = [value for name, value in os.environ.items() if name.startswith("PENSTOCK_") and name.endswith("_FILE")]
    named = [value.removeprefix("file://") for value in (*(os.environ.get(name, "") for name in _SAID), *keys)]
    places = [*_KERNEL, *(value for value in named if value.startswith("/")), *(str(home / name) for name in FOLDERS if home is not None)]
    return home, tuple(Path(place).resolve() for place in places)
