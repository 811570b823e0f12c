"""What lies under a connector's root, wherever that is: which files a path means, whether they changed, and their bytes."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO, Any, Protocol

import duckdb

from shared.connectors.files import paths
from shared.connectors.files.access import access_of
from shared.connectors.files.objects import Objects
from shared.connectors.files.places import is_remote
from shared.connectors.files.remote import Remote
from shared.datasets.buckets import SCHEME


class Root(Protocol):
    """`location`: the root as the connector says it. Files are named by absolute paths or URLs, which is how engines open them."""

    # Whether engines can open the files by their names; else they are given copies (`local`).
    in_place: bool

    @property
    def location(self) -> str: ...

    def matching(self, path: str) -> list[str]:
        """The files a path or glob names, sorted. Raises NotFound, naming the nearest file, and Denied for what leaves the root."""
        ...

    def marker(self, files: list[str]) -> str:
        """Changes when one of them does."""
        ...

    def settled(self, files: list[str]) -> bool:
        """No file can change from now on without its marker. One that was written a moment ago could, by clocks that tick slowly."""
        ...

    def open(self, file: str) -> AbstractContextManager[IO[bytes]]:
        """Its bytes as they lie there; the stream can seek."""
        ...

    def relative(self, file: str) -> str: ...

    def reached_by(self, connection: duckdb.DuckDBPyConnection) -> AbstractContextManager[None]:
        """While inside, the engine can open the files by their names."""
        ...


class Folder:
    """A folder on this machine."""

    in_place = True

    def __init__(self, root: str) -> None:
        self.location = root

    def matching(self, path: str) -> list[str]:
        return paths.matching(self.location, path)

    def marker(self, files: list[str]) -> str:
        return paths.marker(files)

    def settled(self, files: list[str]) -> bool:
        return paths.settled(files)

    def open(self, file: str) -> AbstractContextManager[IO[bytes]]:
        return Path(file).open("rb")

    def relative(self, file: str) -> str:
        return str(Path(file).relative_to(Path(self.location).resolve()))

    def reached_by(self, connection: duckdb.DuckDBPyConnection) -> AbstractContextManager[None]:
        return nullcontext()


def readable(root: Root, files: list[str]) -> list[str]:
    """The files as engines can open them: themselves, or copies that last as long as `root` does."""
    return [str(root.local(file)) for file in files] if isinstance(root, Remote) else files


def root_of(config: Mapping[str, Any]) -> Root:
    """The root of a files connector; connects only when it is used."""
    root = str(config["root"])
    if is_remote(root):
        return Remote(config)
    return Objects(root, access_of(config)) if root.startswith(SCHEME) else Folder(root)
