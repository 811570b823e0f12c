"""Where the texts of definitions are kept: of recipes and the other documents, and of datasets, whose versions are their schema's history.

One small protocol, two stores. Rows are PostgreSQL's with either: which versions there are, whose, when, and their commits. The store
decides where a version's text lies: in its row, or as a file in a folder that every host shares. A text is kept once and never changed, so
versions of both kinds stand side by side, and a store that is changed for the other loses nothing.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from shared.errors import ConfigurationError, UnavailableError


class DefinitionMissing(ConfigurationError):
    """A version is recorded, and its text is not where it was kept."""

    code = "definition_missing"


class DefinitionsUnwritable(UnavailableError):
    """The folder cannot be written; nothing was saved."""

    code = "definitions_unwritable"


@dataclass(frozen=True, slots=True)
class Place:
    """Which version of what, and the SHA-256 of its text in hexadecimal."""

    kind: str
    namespace: str
    name: str
    version: int
    digest: str

    def __str__(self) -> str:
        return f"version {self.version} of {self.kind} {self.namespace}/{self.name}"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class Definitions(Protocol):
    def keep(self, place: Place, text: str) -> str | None:
        """Keeps the text, before the transaction that records the version commits; what its row is to hold."""
        ...

    def text(self, place: Place, held: str | None) -> str:
        """What was kept; `held` is what its row holds. Raises DefinitionMissing."""
        ...


class InRows:
    def keep(self, place: Place, text: str) -> str | None:
        return text

    def text(self, place: Place, held: str | None) -> str:
        if held is None:
            raise DefinitionMissing(f"{place} is kept in a folder; set PENSTOCK_DEFINITIONS=local, and PENSTOCK_DEFINITIONS_FOLDER to that")
        return held


class InFolder:
    """`{namespace}/{kind}/{name}/{version}-{digest}.yaml`, as written.

    The digest keeps the file of a save that was rolled back from being taken for that of the next one, which has its number.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, place: Place, text: str) -> str | None:
        path = self._path(place)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
            with partial.open("wb") as file:
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except OSError as error:
            raise DefinitionsUnwritable(
                f"{place} cannot be kept in {path} ({error}); nothing was saved: mend PENSTOCK_DEFINITIONS_FOLDER, and save again"
            ) from error
        return None

    def text(self, place: Place, held: str | None) -> str:
        if held is not None:
            return held
        path = self._path(place)
        try:
            found = path.read_bytes().decode()
        except (OSError, UnicodeDecodeError) as error:
            raise DefinitionMissing(f"{place} is not in {path} ({error}); bring the file back, or save another version") from error
        if digest(found) != place.digest:
            raise DefinitionMissing(
                f"{place} was changed in {path}, and versions do not change; bring the file back, or save another version"
            )
        return found

    def _path(self, place: Place) -> Path:
        names = (_safe(name) for name in (place.namespace, place.kind, place.name))
        return self._folder.joinpath(*names, f"{place.version}-{place.digest[:16]}.yaml")


def _safe(name: str) -> str:
    """Percent-encoded, so that no name leaves the folder, or hides in it."""
    quoted = quote(name, safe="")
    return f"%2E{quoted[1:]}" if quoted.startswith(".") else quoted


def of(folder: Path | None) -> Definitions:
    """The store that the settings name; None: the database."""
    return InFolder(folder) if folder is not None else InRows()
