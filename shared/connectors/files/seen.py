"""A file as a listing shows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Seen:
    """`modified_ns`: since 1970, as the place says it. `etag`: changes with the content. `checksum`: is the same for the same content."""

    path: str
    size: int
    modified_ns: int | None
    etag: str | None = None
    checksum: str | None = None

    @property
    def version(self) -> str:
        return f"{self.size}:{self.modified_ns if self.modified_ns is not None else ''}:{self.etag or ''}"
