"""Several files as one text of documents, and back from a line of that text to the file and its own line."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Place = Callable[[dict[str, Any]], dict[str, Any]]


def joined(files: Sequence[Path]) -> tuple[bytes, Place]:
    """The text, and what puts `file` and that file's `line` into a problem."""
    texts = [file.read_bytes().rstrip(b"\n") + b"\n" for file in files]
    # Each file but the first comes after a line of its own that divides documents.
    starts = [1]
    for text in texts[:-1]:
        starts.append(starts[-1] + text.count(b"\n") + 1)

    def place(problem: dict[str, Any]) -> dict[str, Any]:
        number = bisect_right(starts, problem["line"]) - 1
        return {**problem, "file": str(files[number]), "line": problem["line"] - starts[number] + 1}

    return b"---\n".join(texts), place
