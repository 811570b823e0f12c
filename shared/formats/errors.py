"""What can be wrong with what is said about a file, or with the file's own shape."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from shared.errors import ConfigurationError, DataError


class UnknownFormat(ConfigurationError):
    code = "format_unknown"


class BadOptions(ConfigurationError):
    """Format options that contradict the file or one another."""

    code = "format_options"


class UnreadableFile(DataError):
    """The bytes are not what the format promises."""

    code = "format_unreadable"


@contextmanager
def reading(path: str) -> Iterator[None]:
    """An unreadable file says which one it is, once."""
    try:
        yield
    except UnreadableFile as error:
        if path in error.message:
            raise
        raise UnreadableFile(f"{path}: {error.message}") from error


class UnfitRows(DataError):
    """Rows that the format cannot hold."""

    code = "format_rows"
