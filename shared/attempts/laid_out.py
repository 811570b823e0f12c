"""A folder of a slot's own for what the store holds and a child reads as files."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def laid_out(scratch: Path, name: str) -> Iterator[Path]:
    """Empty at first, whatever an attempt before left in it, and gone afterwards."""
    folder = scratch / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
