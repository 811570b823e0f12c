"""A whole Penstock of a benchmark's own, in a temporary folder, at the default times."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.stack import Stack, running


@contextmanager
def penstock(**settings: str) -> Iterator[Stack]:
    with tempfile.TemporaryDirectory(prefix="penstock-bench-") as folder, running(Path(folder) / "home", **settings) as stack:
        stack.connectors()
        yield stack
