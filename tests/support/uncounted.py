"""Lines that run without being counted as covered. To count them doubles what a test costs, and most have been counted before."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncounted() -> Iterator[None]:
    """In this thread."""
    counts = sys.gettrace()
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(counts)
