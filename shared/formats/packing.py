"""A text file written anew in another encoding, or packed in a way that the engine does not know."""

from __future__ import annotations

import bz2
import codecs
import gzip
import shutil
from pathlib import Path
from typing import IO, cast

from shared.formats.encodings import told
from shared.formats.errors import UnfitRows, UnreadableFile

_BLOCK_BYTES = 1 << 20


def rewrite(source: Path, target: Path, encoding: str, compression: str | None) -> None:
    """Of a file in utf-8. Raises UnfitRows for a character that the encoding does not have; `target` is no file to use then."""
    with source.open("rb") as plain, _packed(target, compression) as written:
        if encoding == "utf-8":
            shutil.copyfileobj(plain, written, _BLOCK_BYTES)
            return
        decode = codecs.getincrementaldecoder("utf-8")().decode
        encode = codecs.getincrementalencoder(encoding)().encode
        while block := plain.read(_BLOCK_BYTES):
            try:
                written.write(encode(decode(block)))
            except UnicodeEncodeError as error:
                text = error.object[error.start : error.end]
                raise UnfitRows(f"{encoding} has no character {text!r}; write the file in utf-8, or replace it before") from error


def copy_as_utf8(source: IO[bytes], target: IO[bytes], encoding: str, path: str) -> None:
    """Raises UnreadableFile for bytes that mean nothing in the encoding; `path` is the file to name."""
    if encoding == "utf-8":
        shutil.copyfileobj(source, target, _BLOCK_BYTES)
        return
    decode = codecs.getincrementaldecoder(encoding)().decode
    try:
        while block := source.read(_BLOCK_BYTES):
            target.write(decode(block).encode())
        target.write(decode(b"", True).encode())
    except UnicodeError as error:
        raise UnreadableFile(f"{path} cannot be read as {encoding} text ({error}); {told(error, encoding)}") from error


def _packed(target: Path, compression: str | None) -> IO[bytes]:
    if compression == "gzip":
        return cast("IO[bytes]", gzip.open(target, "wb", compresslevel=6))
    if compression == "bz2":
        return cast("IO[bytes]", bz2.open(target, "wb"))
    if compression == "zstd":
        import pyarrow

        return cast("IO[bytes]", pyarrow.output_stream(str(target), compression="zstd"))
    return target.open("wb")
