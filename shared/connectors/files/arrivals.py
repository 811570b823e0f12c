"""What lies in a place at this moment, for triggers that wait for files: one listing, and what a pattern makes of it.

Paths are under the connector's root, as a source of the same connector names them. A worker's child calls this; no file is opened.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from shared.connectors import own_places
from shared.connectors.errors import Denied, NotFound, Unavailable
from shared.connectors.files.access import access_of
from shared.connectors.files.objects import regex
from shared.connectors.files.paths import HIDDEN
from shared.connectors.files.places import is_remote, place_of
from shared.connectors.files.seen import Seen
from shared.datasets.buckets import SCHEME, Bucket

# The store keeps paths in an index, and S3 has none that are longer.
LONGEST_PATH_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Arrivals:
    """`ready`: as in `files`, whether each has its done marker, or needs none. `odd`: paths that no row can hold."""

    files: tuple[Seen, ...]
    ready: tuple[bool, ...]
    odd: tuple[str, ...]


def arrivals(config: Mapping[str, Any], folder: str, glob: str, marker: str | None) -> Arrivals:
    """Files of `folder` under the root of a files connector. Raises ConnectorError."""
    return matching(listed(str(config["root"]), config, folder.strip("/"), glob), folder.strip("/"), glob, marker)


def matching(everything: Iterable[Seen], folder: str, glob: str, marker: str | None) -> Arrivals:
    """`glob`: under `folder`. `marker`: the name of a file's done marker, with {name} and {stem}.

    A marker counts for a file that is not younger than it: one that is left of the version before says nothing of this one.
    """
    pattern = re.compile(regex(f"{folder}/{glob}" if folder else glob))
    there = {one.path: one for one in everything if not any(step.startswith(HIDDEN) for step in one.path.split("/"))}
    markers = {path: _beside(path, marker) for path in there} if marker else {}
    signs = set(markers.values())
    found = [one for path, one in there.items() if path not in signs and pattern.fullmatch(path)]
    odd = tuple(one.path for one in found if not _keepable(one.path))
    files = tuple(one for one in found if _keepable(one.path))
    return Arrivals(files, tuple(not marker or _done(one, there.get(markers[one.path])) for one in files), odd)


def _beside(path: str, marker: str) -> str:
    file = PurePosixPath(path)
    return str(file.with_name(marker.replace("{name}", file.name).replace("{stem}", file.stem)))


def _done(file: Seen, marker: Seen | None) -> bool:
    return marker is not None and (file.modified_ns is None or marker.modified_ns is None or marker.modified_ns >= file.modified_ns)


def _keepable(path: str) -> bool:
    try:
        return len(path.encode()) <= LONGEST_PATH_BYTES and "\x00" not in path
    except UnicodeEncodeError:
        # A name that is no UTF-8.
        return False


def listed(root: str, config: Mapping[str, Any], folder: str, glob: str) -> Iterator[Seen]:
    """All files that the pattern could mean, and those beside them. Raises Denied for what leaves the root."""
    if ".." in f"{folder}/{glob}".split("/"):
        # Recipes of before could say it.
        raise Denied(f"{folder!r} leaves {root}, the root of this connector; name a folder below it")
    if root.startswith(SCHEME):
        return _objects(root, config, folder, glob)
    if is_remote(root):
        start = "/".join(part for part in (folder, fixed_part(glob)) if part)
        return place_of(config).listed(start, _depth(start, folder, glob))
    return _folder(root, folder, glob)


def fixed_part(glob: str) -> str:
    """The folders that a pattern names without any sign."""
    steps = glob.split("/")[:-1]
    signs = next((at for at, step in enumerate(steps) if any(sign in step for sign in "*?[")), len(steps))
    return "/".join(steps[:signs])


def _folder(root: str, folder: str, glob: str) -> Iterator[Seen]:
    base = Path(root).resolve()
    start = "/".join(part for part in (folder, fixed_part(glob)) if part)
    if not base.is_dir():
        raise NotFound(f"{root} is no folder on this machine; make it, or change the connector")
    if not (base / folder).is_dir():
        raise NotFound(f"{folder} is no folder in {root}; make it, or correct the trigger's folder")
    top = (base / start).resolve()
    if top != base and base not in top.parents:
        raise Denied(f"{start!r} leaves {root}, the root of this connector; name a folder below it")
    if own_places.entered(base, top):
        raise Denied(f"{start!r} leads to where Penstock keeps files of its own; name another folder")
    yield from _scanned(base, str(top), start, _depth(start, folder, glob))


def _depth(start: str, folder: str, glob: str) -> int | None:
    """How many folders below `start` there is something to find; None for **."""
    return None if "**" in glob else (f"{folder}/{glob}" if folder else glob).count("/") - (start.count("/") + 1 if start else 0)


def _scanned(base: Path, where: str, under: str, depth: int | None) -> Iterator[Seen]:
    try:
        entries = os.scandir(where)
    except FileNotFoundError:
        # It went while we looked, or is not there yet.
        return
    except OSError as error:
        raise Unavailable(f"{where} cannot be listed: {error.strerror}; give the worker the right to read it") from error
    with entries:
        for entry in entries:
            path = f"{under}/{entry.name}" if under else entry.name
            try:
                if entry.is_dir(follow_symlinks=False):
                    if (depth is None or depth > 0) and not own_places.entered(base, Path(entry.path)):
                        yield from _scanned(base, entry.path, path, None if depth is None else depth - 1)
                    continue
                if entry.is_symlink() and base not in Path(entry.path).resolve().parents:
                    continue
                found = entry.stat()
            except FileNotFoundError:
                continue
            if stat.S_ISREG(found.st_mode):
                yield Seen(path, found.st_size, found.st_mtime_ns)


def _objects(root: str, config: Mapping[str, Any], folder: str, glob: str) -> Iterator[Seen]:
    bucket = Bucket(root, access_of(config))
    start = "/".join(part for part in (bucket.prefix, folder, fixed_part(glob)) if part)
    under = f"{bucket.prefix}/" if bucket.prefix else ""
    for item in bucket.items(f"{start}/" if start else ""):
        if not item.key.endswith("/"):
            etag = item.etag.strip('"')
            # Of an object that came in parts, the tag is no checksum of its content.
            checksum = etag if re.fullmatch(r"[0-9a-f]{32}", etag) else None
            yield Seen(item.key.removeprefix(under), item.size_bytes, item.modified_ns, etag, checksum)
