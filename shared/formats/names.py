"""Which format a file has: as the recipe names it, else by its ending."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from shared.formats.errors import UnknownFormat

# name -> the endings that mean it; the first is the one that new files get.
FORMATS: dict[str, tuple[str, ...]] = {
    "csv": (".csv",),
    "tsv": (".tsv", ".tab"),
    "json": (".json",),
    "jsonl": (".jsonl", ".ndjson"),
    "parquet": (".parquet", ".pq"),
    "avro": (".avro",),
    "xlsx": (".xlsx", ".xlsm"),
    "xml": (".xml",),
}
# Read only.
NOT_WRITTEN = frozenset({"xml"})
COMPRESSIONS: dict[str, str] = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}
# These say their columns' types themselves; of all others the types are inferred, and can be pinned.
TYPED = ("parquet", "avro")
# These compress inside.
PACKED_INSIDE = (*TYPED, "xlsx")


@dataclass(frozen=True, slots=True)
class FileFormat:
    """`compression` is of the file as a whole: gzip, zstd, bz2 or None. What compresses inside (Parquet, Avro, Excel) never has one."""

    name: str
    compression: str | None = None

    @property
    def delimited(self) -> bool:
        return self.name in ("csv", "tsv")

    @property
    def typed(self) -> bool:
        return self.name in TYPED

    @property
    def ending(self) -> str:
        """What the name of a new file of this format ends in."""
        packed = next((ending for ending, name in COMPRESSIONS.items() if name == self.compression), "")
        return FORMATS[self.name][0] + packed


def file_format(path: str, named: str | None = None) -> FileFormat:
    """The format of `path`; `named` wins over the ending. Raises UnknownFormat when neither says it."""
    endings = [suffix.lower() for suffix in PurePath(path).suffixes]
    compression = COMPRESSIONS.get(endings[-1]) if endings else None
    if named is not None:
        if named not in FORMATS:
            raise UnknownFormat(f"format '{named}' is not known: use one of {', '.join(FORMATS)}")
        return FileFormat(named, None if named in PACKED_INSIDE else compression)
    if compression:
        endings.pop()
    for name, known in FORMATS.items():
        if endings and endings[-1] in known:
            return FileFormat(name, None if name in PACKED_INSIDE else compression)
    raise UnknownFormat(f"'{path}' does not say which format it has: set format to one of {', '.join(FORMATS)}")
