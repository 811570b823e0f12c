"""From what was sent to text that libyaml reads, and from libyaml's marks back to what was sent.

JSON is YAML but for two things that JSON encoders write every day. A character beyond the basic plane may be two \\u escapes, which libyaml
refuses: each pair becomes one \\U escape. And some characters that YAML refuses or takes for a line break may stand as they are: they
become \\u escapes. Places after them are moved back.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

from shared.pipelines.model import Place, Problem

# An even number of backslashes before it: the escape is one, not the end of an escaped backslash.
_PAIR = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
_ODD = re.compile(rf"{_PAIR.pattern}|(?P<raw>[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff])")


@dataclass(frozen=True, slots=True)
class Source:
    """`text` as it was sent, without a byte order mark; `readable` what libyaml is given.

    `moved`: where in `readable` the two drift apart, each with by how much what comes from there on stands further on in `text`.
    `lines_before`: of a part of what was sent, how many lines stand before it.
    """

    text: str
    readable: str
    moved: list[tuple[int, int]] = field(default_factory=list)
    lines_before: int = 0

    def offset(self, index: int) -> int:
        """The offset in `text` of a mark's index."""
        at = bisect_right(self.moved, (index, len(self.text)))
        return index + self.moved[at - 1][1] if at else index

    def place(self, start: int, end: int, line: int, column: int) -> Place:
        """A place from a mark's index, line and column, which count from 0."""
        if not self.moved:
            return Place(line + 1 + self.lines_before, column + 1, start, end)
        begin = self.offset(start)
        return Place(line + 1 + self.lines_before, begin - self.text.rfind("\n", 0, begin), begin, self.offset(end))

    def at(self, offset: int) -> tuple[int, int]:
        """Line and column, from 1, of an offset in `text`."""
        return self.text.count("\n", 0, offset) + 1 + self.lines_before, offset - self.text.rfind("\n", 0, offset)


def source(sent: str | bytes, max_bytes: int) -> Source | Problem:
    """What was sent, as text that libyaml can be given, or the one thing that makes it unreadable."""
    size = len(sent) if isinstance(sent, bytes) else len(sent.encode("utf-8", "surrogatepass"))
    if size > max_bytes:
        return Problem("too_large", f"the text has {size} bytes, more than the {max_bytes} that are read; divide it into several files")
    try:
        text = sent.decode("utf-8") if isinstance(sent, bytes) else sent.encode("utf-8").decode("utf-8")
    except UnicodeDecodeError as error:
        line, column = _line_of_bytes(error.object, error.start)
        return Problem("invalid_utf8", "the text is not UTF-8 from here on; save it as UTF-8", line=line, column=column)
    except UnicodeEncodeError as error:
        line, column = Source(error.object, "").at(error.start)
        return Problem("invalid_utf8", "the text holds half a character (a lone surrogate); save it as UTF-8", line=line, column=column)
    text = text.removeprefix("\ufeff")
    if "\0" in text:
        line, column = Source(text, "").at(text.index("\0"))
        return Problem("nul_byte", "the text holds a NUL byte; is this a text file?", line=line, column=column)
    return _json(text) if text.lstrip()[:1] in ("{", "[") else Source(text, text)


def _json(text: str) -> Source:
    # YAML takes no tab as indentation, JSON does; one blank for one tab moves nothing.
    start = len(text) - len(text.lstrip())
    text_in = text[:start].replace("\t", " ") + text[start:]
    moved: list[tuple[int, int]] = []

    further = 0

    def spelt(found: re.Match[str]) -> str:
        nonlocal further
        if found["raw"] is not None:
            new = f"\\u{ord(found['raw']):04x}"
        else:
            high, low = int(found[2], 16), int(found[3], 16)
            new = f"{found[1]}\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08x}"
        further += len(found[0]) - len(new)
        moved.append((found.end() - further, further))
        return new

    readable = _ODD.sub(spelt, text_in)
    return Source(text, readable, moved)


def missing_quotes(text: str, offset: int, quoted: str) -> dict[int, str] | None:
    """The quotes that the line at an offset lacks to be `quoted` (but for indentation): offset -> quote. None where more is different."""
    begin = text.rfind("\n", 0, offset) + 1
    written = text[begin:].split("\n", 1)[0]
    at = len(written) - len(written.lstrip())
    missing: dict[int, str] = {}
    for sign in quoted:
        if written[at : at + 1] == sign:
            at += 1
        elif sign in "'\"" and begin + at not in missing:
            missing[begin + at] = sign
        else:
            return None
    return missing if not written[at:].strip() else None


def with_quotes(sent: Source, quotes: dict[int, str]) -> Source:
    """The same text, read as if these quotes stood in it (offset in the text -> quote)."""
    parts: list[str] = []
    moved: list[tuple[int, int]] = []
    begin = 0
    for number, at in enumerate(sorted(quotes), start=1):
        parts += [sent.text[begin:at], quotes[at]]
        moved.append((at + number, -number))
        begin = at
    return Source(sent.text, "".join([*parts, sent.text[begin:]]), moved, sent.lines_before)


def _line_of_bytes(data: bytes, offset: int) -> tuple[int, int]:
    start = data.rfind(b"\n", 0, offset) + 1
    return data.count(b"\n", 0, offset) + 1, len(data[start:offset].decode("utf-8", "replace")) + 1
