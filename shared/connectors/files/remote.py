"""What lies under a root that no engine reads where it lies: each file is fetched once, into a scratch folder that goes with this value."""

from __future__ import annotations

import difflib
import re
import tempfile
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO, Any

import duckdb

from shared.connectors.errors import Denied, NotFound
from shared.connectors.files.objects import hidden, regex
from shared.connectors.files.places import place_of
from shared.connectors.files.seen import Seen


class Remote:
    """The files under sftp://host/folder, az://container/prefix or gs://bucket/prefix."""

    in_place = False

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.location = str(config["root"]).rstrip("/")
        self._place = place_of(config)
        self._scratch = tempfile.TemporaryDirectory(prefix="penstock-")
        self._fetched: dict[str, Path] = {}
        self._seen: dict[str, Seen] = {}

    def matching(self, path: str) -> list[str]:
        if path.startswith("/") or any(step in ("", ".", "..") for step in path.split("/")):
            raise Denied(f"{path!r} leaves {self.location}, the root of this connector; name a path below it")
        steps = path.split("/")
        signs = next((at for at, step in enumerate(steps) if any(sign in step for sign in "*?[")), len(steps) - 1)
        folder = "/".join(steps[:signs])
        pattern = re.compile(regex(path))
        there = list(self._place.listed(folder, None if "**" in path else len(steps) - 1 - signs))
        found = [one for one in there if pattern.fullmatch(one.path) and not hidden(one.path)]
        if not found:
            near = difflib.get_close_matches(path, [one.path for one in there[:1000]], 1, 0.5)
            hint = f"did you mean {near[0]}?" if near else "put the file there, or correct the path"
            raise NotFound(f"{path} is not in {self.location}; {hint}")
        self._seen |= {one.path: one for one in found}
        return sorted(f"{self.location}/{one.path}" for one in found)

    def marker(self, files: list[str]) -> str:
        """By what a listing says of them, now where it was asked before."""
        return ";".join(f"{file}:{self._version(self.relative(file))}" for file in files)

    def settled(self, files: list[str]) -> bool:
        """Nobody knows: servers may tell times in whole seconds."""
        return False

    def _version(self, path: str) -> str:
        if (seen := self._seen.pop(path, None)) is not None:
            return seen.version
        folder = path.rpartition("/")[0]
        return next((one.version for one in self._place.listed(folder, 0) if one.path == path), "")

    def open(self, file: str) -> AbstractContextManager[IO[bytes]]:
        return self.local(file).open("rb")

    def local(self, file: str) -> Path:
        if file not in self._fetched:
            # With its name's end, by which readers know formats.
            target = Path(self._scratch.name) / f"{len(self._fetched)}-{file.rpartition('/')[2][-100:]}"
            self._place.fetch(self.relative(file), target)
            self._fetched[file] = target
        return self._fetched[file]

    def relative(self, file: str) -> str:
        return file[len(self.location) + 1 :]

    def reached_by(self, connection: duckdb.DuckDBPyConnection) -> AbstractContextManager[None]:
        return nullcontext()
