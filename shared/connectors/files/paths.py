"""Paths under a connector's root: resolved, symlinks included, and refused when they leave it."""

from __future__ import annotations

import difflib
import time
from pathlib import Path

from shared.connectors import own_places
from shared.connectors.errors import Denied, Misconfigured, NotFound

LONGEST_NAME = 255
# The slowest clock of a file system in use (FAT) ticks every two seconds.
SETTLED_S = 2.0
# What a sink is just writing, and its journals, are nobody's data.
HIDDEN = ".penstock"
JOURNALS = ".penstock"
# In it: commits that are begun and not done.
OPEN = "open"
# In it too: held by whoever replaces what is in a folder.
LOCK = "replacing.lock"


def inside(root: str, path: str) -> Path:
    """The absolute path of a file that may or may not be there. Raises Denied for one outside the root, or among Penstock's own."""
    base = Path(root).resolve()
    if any(len(part.encode()) > LONGEST_NAME for part in Path(path).parts):
        raise NotFound(f"{path[:60]!r}… holds a name of more than {LONGEST_NAME} bytes, which no file has; shorten it")
    target = (base / path).resolve()
    if target != base and base not in target.parents:
        raise Denied(f"{path!r} leaves {root}, the root of this connector; name a path below it")
    if own_places.entered(base, target):
        raise Denied(f"{path!r} leads to where Penstock keeps files of its own; name another path")
    return target


def matching(root: str, path: str) -> list[str]:
    """The files a path or glob names, sorted. Raises NotFound, naming the nearest file there is."""
    base = Path(root).resolve()
    if not base.is_dir():
        raise NotFound(f"{root}, the root of this connector, is no folder on this machine; make it, or change the connector")
    if any(sign in path for sign in "*?["):
        if path.startswith("/") or ".." in Path(path).parts:
            raise Denied(f"{path!r} leaves {root}, the root of this connector; name a path below it")
        hits = (hit for hit in _glob(base, path) if hit.is_file() and not any(p.startswith(HIDDEN) for p in hit.relative_to(base).parts))
        found = sorted(str(inside(root, str(hit.relative_to(base)))) for hit in hits)
    else:
        target = inside(root, path)
        found = [str(target)] if target.is_file() else []
    if not found:
        there = [str(file.relative_to(base)) for file in base.glob("*") if file.is_file() and not file.name.startswith(".")][:1000]
        near = difflib.get_close_matches(path, there, 1, 0.5)
        raise NotFound(f"{path} is not in {root}; " + (f"did you mean {near[0]}?" if near else "put the file there, or correct the path"))
    return found


def _glob(base: Path, path: str) -> list[Path]:
    try:
        return list(base.glob(path))
    except ValueError as error:
        raise Misconfigured(
            f"{path!r} is no pattern: ** stands for folders and has a part of the path to itself, as in a/**/b.csv"
        ) from error


def marker(paths: list[str]) -> str:
    """Changes when a file's size or one of its times does; the later of these no program can set."""
    return ";".join(f"{path}:{(stat := Path(path).stat()).st_size}:{stat.st_mtime_ns}:{stat.st_ctime_ns}" for path in paths)


def settled(paths: list[str]) -> bool:
    """All of them are as they were for longer than a file system's clock takes for a tick."""
    return max(Path(path).stat().st_mtime for path in paths) < time.time() - SETTLED_S
