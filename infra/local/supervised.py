"""`python -m infra.local.supervised`: supervisord, which goes on where what it says cannot be written.

It tells of a log that cannot be written on standard error, which is a file of the same disk: one that is full for a moment would end it,
and with it everything that it is to start again.
"""

from __future__ import annotations

import runpy
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import TextIO


class Lossy:
    """A stream that drops what does not go through."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            pass
        return len(text)

    def flush(self) -> None:
        """Each write is through, or lost."""


def main() -> None:
    with redirect_stdout(Lossy(sys.stderr)) as lossy, redirect_stderr(lossy):
        runpy.run_module("supervisor.supervisord", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
