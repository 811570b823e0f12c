"""What lies under a connector's root, wherever that is: which files a path means, whether they changed, and their bytes."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any, Protocol

from shared.connectors.files import paths


class Root(Protocol):
    """`location`: the root as the connector says it. Files are named by absolute paths or URLs, which is how engines open them."""

    @property
    def location(self) -> str: ...

    def matching(self, path: str) -> list[str]:
        """The files a path or glob names, sorted. Raises NotFound, naming the nearest file, and Denied for what leaves the root."""
        ...

    def marker(self, files: list[str]) -> str:
        """Changes when one of them does."""
        ...

    def open(self, file: str) -> AbstractContextManager[IO[bytes]]:
        """Its bytes as they lie there; the stream can seek."""
        ...

    def relative(self, file: str) -> str: ...


class Folder:
    """A folder on this machine."""

    def __init__(self, root: str) -> None:
        self.location = root

    def matching(self, path: str) -> list[str]:
        return paths.matching(self.location, path)

    def marker(self, files: list[str]) -> str:
        return paths.marker(files)

    def open(self, file: str) -> AbstractContextManager[IO[bytes]]:
        return Path(file).open("rb")

    def relative(self, file: str) -> str:
        return str(Path(file).relative_to(Path(self.location).resolve()))


def root_of(config: Mapping[str, Any]) -> Root:
    """The root of a files connector; connects only when it is used."""
    return Folder(str(config["root"]))
