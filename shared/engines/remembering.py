"""Where what the next window has to know of a source's rows stands until it is recorded: with the outcome, or in a staged file."""

from __future__ import annotations

from dataclasses import replace

from shared.datasets.staging import StagingFolder
from shared.engines.work import Remembered

# So few stand in the marker itself, and are there however late it is found.
FEW = 4096
WIDTH = 16


def stored(node: str, remembered: Remembered, folder: StagingFolder) -> Remembered:
    """As it can stand in a marker: a staged file of the attempt where it is much."""
    if len(remembered.digests) <= FEW * WIDTH:
        return remembered
    file = f"remembered-{node}.bin"
    with folder.local(file) as path:
        path.write_bytes(remembered.digests)
    return replace(remembered, digests=b"", uri=folder.uri(file))
