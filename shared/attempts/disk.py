"""What lies in a folder, as the disk counts it."""

from __future__ import annotations

import os
from pathlib import Path

_BLOCK = 512


def used(folder: Path) -> int:
    """Bytes that the files under it take up on the disk; those that come and go meanwhile are counted or not. 0 where it is not there."""
    total, waiting = 0, [str(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    try:
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append(entry.path)
                        else:
                            total += entry.stat(follow_symlinks=False).st_blocks * _BLOCK
                    except FileNotFoundError:
                        continue
        except (FileNotFoundError, NotADirectoryError):
            continue
    return total
