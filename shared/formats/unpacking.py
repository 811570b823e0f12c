"""A file's bytes as its format means them: unpacked, as a stream. The whole of it is never held."""

from __future__ import annotations

import bz2
import gzip
import io
import zlib
from collections.abc import Callable
from typing import IO, TYPE_CHECKING

from shared.formats.errors import UnreadableFile
from shared.formats.names import FileFormat

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BUFFER_BYTES = 1 << 18


def unpacked(stream: IO[bytes], file: FileFormat) -> IO[bytes]:
    """Over the bytes of the file as they lie there; closing it is for whoever closes `stream`. For zstd this loads Arrow: only worker and
    quality can.
    """
    if file.compression is None:
        return stream
    return io.BufferedReader(Blocks(_told(_unpacking(stream, file.compression), file.compression)), BUFFER_BYTES)


def check_whole(stream: IO[bytes], file: FileFormat) -> None:
    """Raises UnreadableFile for packed bytes that break off or are damaged: engines take what comes before for all there is."""
    if file.compression is not None:
        whole = unpacked(stream, file)
        while whole.read(BUFFER_BYTES):
            pass


def _unpacking(stream: IO[bytes], compression: str) -> Callable[[int], bytes]:
    if compression == "gzip":
        return gzip.GzipFile(fileobj=stream).read
    if compression == "bz2":
        return bz2.BZ2File(stream).read
    import pyarrow

    read: Callable[[int], bytes] = pyarrow.CompressedInputStream(pyarrow.PythonFile(stream, mode="r"), "zstd").read
    return read


def _told(read: Callable[[int], bytes], compression: str) -> Callable[[int], bytes]:
    def told(count: int) -> bytes:
        try:
            return read(count)
        except (EOFError, zlib.error, OSError) as error:
            # What a disk or a network says has a number; what an unpacker says of the bytes has none.
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise UnreadableFile(
                f"its {compression} data breaks off or is damaged ({error}); write the file anew, or correct its ending or format"
            ) from error

    return told


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
