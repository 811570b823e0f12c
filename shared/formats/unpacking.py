"""A file's bytes as its format means them: unpacked, as a stream. The whole of it is never held."""

from __future__ import annotations

import bz2
import gzip
import io
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, cast

from shared.formats.names import FileFormat

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BUFFER_BYTES = 1 << 18


def unpacked(stream: IO[bytes], file: FileFormat) -> IO[bytes]:
    """Over the bytes of the file as they lie there; closing it is for whoever closes `stream`. For zstd this loads Arrow: only worker and
    quality can.
    """
    if file.compression == "gzip":
        return cast("IO[bytes]", gzip.GzipFile(fileobj=stream))
    if file.compression == "bz2":
        return cast("IO[bytes]", bz2.BZ2File(stream))
    if file.compression == "zstd":
        import pyarrow

        return io.BufferedReader(Blocks(pyarrow.CompressedInputStream(pyarrow.PythonFile(stream, mode="r"), "zstd").read), BUFFER_BYTES)
    return stream


class Blocks(io.RawIOBase):
    """A stream over a function that gives the next bytes, at most so many, and none at the end."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        block = self._read(len(view))
        view[: len(block)] = block
        return len(block)
