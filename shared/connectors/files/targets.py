"""What a sink writes, wherever it writes it: one file in place of another, one more file in a folder, or one for each partition."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.connectors.errors import Misconfigured
from shared.connectors.protocols import AttemptKey, Rows, SinkWrite
from shared.formats import file_format
from shared.formats.names import FileFormat


@dataclass(frozen=True, slots=True)
class Target:
    """`whole`: the path is the file itself, not a folder. `part`: the name, without its ending, of a file in the folder. `replaces_folder`:
    what else is in it goes.
    """

    file: FileFormat
    whole: bool
    part: str
    partition_by: tuple[str, ...] = ()
    replaces_folder: bool = False


def target_of(write: SinkWrite, key: AttemptKey) -> Target:
    """Raises Misconfigured, and what `file_format` raises."""
    named = write.options.get("format")
    partition_by = tuple(write.options.get("partitionBy") or ())
    whole = write.write_mode == "OVERWRITE" and not partition_by
    if len(partition_by) == len(write.columns) and partition_by:
        raise Misconfigured(f"partitionBy of {write.node} names all columns; leave one out, so that there is something in the files")
    file = file_format(write.target if whole else f"part.{'parquet' if not named else 'any'}", named)
    return Target(
        file,
        whole,
        f"part-{key.committed_as}-{write.node}-{key.rerun}",
        partition_by,
        bool(partition_by) and write.write_mode == "OVERWRITE",
    )


def parts_of(folder: Path, write: SinkWrite, target: Target, rows: Rows) -> list[tuple[Path, str]]:
    """Writes the rows into files of `folder`; each with its name under the path of the sink ("" where the path is the file)."""
    options: dict[str, Any] = {**(write.options.get("options") or {}), "compression": target.file.compression}
    if not target.partition_by:
        path = folder / "0"
        rows.to_file(str(path), target.file.name, options)
        return [(path, "" if target.whole else f"{target.part}-0{target.file.ending}")]
    rows.to_partitions(str(folder), target.file.name, target.partition_by, options)
    made: dict[Path, int] = {}
    found = []
    for path in sorted(file for file in folder.rglob("*") if file.is_file()):
        under = path.parent.relative_to(folder)
        number = made[under] = made.get(under, -1) + 1
        found.append((path, f"{under}/{target.part}-{number}{target.file.ending}"))
    return found
