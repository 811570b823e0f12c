"""Line ends of delimited files. One may hold several kinds (put together of others, or edited elsewhere), where engines take one."""

from __future__ import annotations

import mmap
import re
from pathlib import Path
from typing import IO

from shared.formats.options import CsvDialect

_BLOCK_BYTES = 1 << 20
# What is looked at before a file is read: a few milliseconds, whatever its size. A kind that comes later is an error of the engine's.
LOOKED_AT_BYTES = 4 << 20


def may_differ(stream: IO[bytes], encoding: str) -> bool:
    r"""Whether there is more than one of \n, \r\n and \r in the first LOOKED_AT_BYTES, inside quotes or between records."""
    if encoding.startswith("utf-16"):
        return False
    kinds: set[bytes] = set()
    left, before = LOOKED_AT_BYTES, b""
    while left > 0 and (block := stream.read(min(left, _BLOCK_BYTES))):
        left -= len(block)
        block, before = before + block, b""
        if block.endswith(b"\r"):
            block, before = block[:-1], b"\r"
        if b"\r" not in block:
            kinds |= {b"\n"} if b"\n" in block else set()
        else:
            both = block.count(b"\r\n")
            found = {b"\r\n": both, b"\n": block.count(b"\n") - both, b"\r": block.count(b"\r") - both}
            kinds |= {kind for kind, count in found.items() if count}
        if len(kinds) > 1:
            return True
    return before == b"\r" and bool(kinds - {b"\r"})


def made_alike(source: Path, target: IO[bytes], dialect: CsvDialect) -> None:
    r"""Writes a plain file in a one-byte-a-sign encoding or utf-8 anew: each record ends with \n; what is in quotes stays as it is."""
    if not source.stat().st_size:
        return
    record = _record(dialect)
    with source.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as text:
        at = 0
        while found := record.match(text, at):
            target.write(found[1])
            target.write(b"\n")
            at = found.end()
        target.write(text[at:])


def _record(dialect: CsvDialect) -> re.Pattern[bytes]:
    """A record in group 1, and its line end after it. A quote that nothing closes is a sign like any other."""
    delimiter, quote, escape = (re.escape(sign.encode()) for sign in (dialect.delimiter, dialect.quote, dialect.escape))
    plain = rb"(?:(?!" + delimiter + rb")[^\r\n])*+"
    if not quote:
        field = plain
    elif escape in (quote, b""):
        field = rb"(?:" + quote + rb"(?:[^" + quote + rb"]|" + quote * 2 + rb")*+" + quote + rb")?+" + plain
    else:
        field = rb"(?:" + quote + rb"(?:[^" + quote + escape + rb"]|" + escape + rb".)*+" + quote + rb")?+" + plain
    return re.compile(rb"(" + field + rb"(?:" + delimiter + field + rb")*+)(?:\r\n|\r|\n)", re.DOTALL)
