"""The documents of a project folder, as `penstock test` and `export` find them: files of the language, wherever they lie in it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from services.api.cli.servers import PROJECT_FILE
from shared.errors import ConfigurationError

_ENDINGS = {".yaml", ".yml", ".json", ".toml"}
# What begins every document of the language; other files of these endings are somebody else's.
_MARK = b"penstock/v1"
_LARGEST = 5_000_000
_MOST_FILES = 20_000
_NOT_OURS = {"node_modules", "__pycache__", "site-packages"}


class TooMuch(ConfigurationError):
    """A folder holds so many files that it can hardly be a project."""

    code = "too_many_files"


def root(of: Path) -> Path:
    """The project folder that a path lies in; without one the path itself, or the folder of a file."""
    here = of.resolve() if of.is_dir() else of.resolve().parent
    return next((folder for folder in (here, *here.parents) if (folder / PROJECT_FILE).exists()), here)


def documents_in(paths: Iterable[Path]) -> list[Path]:
    """The files themselves, and of folders those that hold documents, in order of name; each once. Raises TooMuch."""
    found: dict[Path, None] = {}
    for path in paths:
        for file in _below(path) if path.is_dir() else (path,):
            found.setdefault(file.resolve())
    return [_short(file) for file in found]


def _below(folder: Path) -> Iterator[Path]:
    seen = 0
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _NOT_OURS)
        seen += len(files)
        if seen > _MOST_FILES:
            raise TooMuch(f"{folder} holds more than {_MOST_FILES} files; name the project's folder, or the tests")
        for name in sorted(files):
            file = Path(here, name)
            if file.suffix in _ENDINGS and name != PROJECT_FILE and file.stat().st_size <= _LARGEST and _MARK in file.read_bytes():
                yield file


def _short(file: Path) -> Path:
    """As a person would name it."""
    return file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file
