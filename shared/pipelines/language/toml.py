"""TOML: the same documents in another spelling, with the same places and the same guards.

The standard library reads the values and refuses what is no TOML; the scan beside it finds where each key and value stands, and what
must not be handed to a recursive reader: deep nesting, keys written twice. Dates stay the text they are written as, as in YAML.
"""

from __future__ import annotations

import math
import re
import tomllib
from bisect import bisect_right
from datetime import date, datetime, time
from typing import Any

from shared.pipelines.language.compose import MAX_DEPTH
from shared.pipelines.language.pointers import below
from shared.pipelines.language.templates import has_bare_template, quoted_line
from shared.pipelines.model import Place, Places, Problem

_PART = r"(?:[A-Za-z0-9_-]+|\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*')"
_KEY = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
# What the first line that says something looks like, in TOML and in nothing else that is a recipe.
_FIRST = re.compile(rf"(?:[ \t]*(?:#[^\n]*)?\r?\n)*[ \t]*(?:\[\[?[ \t]*{_KEY}[ \t]*\]\]?[ \t]*(?:#[^\n]*)?\r?(?:\n|\Z)|{_KEY}[ \t]*=)")
_BLANK = re.compile(r"[ \t]*")
_BETWEEN = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_ONE_PART = re.compile(_PART)
_STRING = re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'', re.DOTALL)
_SCALAR = re.compile(r"[^\s,\]}#]+(?: [0-9][^\s,\]}#]*)?")
_WHERE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_LONGEST_NUMBER = 100


def is_toml(text: str) -> bool:
    return _FIRST.match(text) is not None


class _Stop(Exception):
    """The scan cannot go on. `problem` None: what is wrong is for the reader to say."""

    def __init__(self, problem: Problem | None = None) -> None:
        super().__init__()
        self.problem = problem


def read(text: str, lines_before: int = 0) -> tuple[Any, Places, list[Problem]]:
    """Tree, places and problems of one document; an empty tree where it cannot be read. Lines count on from `lines_before`."""
    scan = _Scan(text, lines_before)
    try:
        scan.document()
    except _Stop as stop:
        if stop.problem is not None:
            return {}, scan.places(), [stop.problem]
    if scan.problems:
        return {}, scan.places(), scan.problems
    try:
        tree = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        return {}, scan.places(), [_problem(error, text, scan)]
    return _plain(tree, "", text, scan), scan.places(), scan.problems


class _Scan:
    """Finds places in text that is TOML; in text that is not it stops somewhere, and never fails otherwise."""

    def __init__(self, text: str, lines_before: int) -> None:
        self._text = text
        self._at = 0
        self._before = lines_before
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._tables: dict[str, int] = {}
        self._written: set[str] = set()
        self.keys: dict[str, Place] = {}
        self.values: dict[str, Place] = {}
        self.problems: list[Problem] = []

    def places(self) -> Places:
        return Places(self.keys, self.values)

    def place(self, start: int, end: int) -> Place:
        line = bisect_right(self._starts, start) - 1
        return Place(line + 1 + self._before, start - self._starts[line] + 1, start, end)

    def document(self) -> None:
        self.values[""] = self.place(0, 0)
        table = ""
        while self._skip(_BETWEEN) < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table, 1)
            self._skip(_BLANK)
            if self._at < len(self._text) and self._text[self._at] not in "\r\n#":
                raise _Stop

    def _skip(self, pattern: re.Pattern[str]) -> int:
        found = pattern.match(self._text, self._at)
        if found is not None:
            self._at = found.end()
        return self._at

    def _take(self, sign: str) -> bool:
        if not self._text.startswith(sign, self._at):
            return False
        self._at += len(sign)
        return True

    def _header(self) -> str:
        start = self._at
        many = self._take("[[")
        if not many:
            self._take("[")
        path, place = self._key("", 0)
        if not self._take("]]" if many else "]"):
            raise _Stop
        if many:
            self._tables[path] = self._tables.get(path, -1) + 1
            self.values.setdefault(path, self.place(start, start))
            path = below(path, self._tables[path])
        elif path in self._written:
            self._twice(path, place)
        else:
            self._written.add(path)
        self.values.setdefault(path, self.place(start, start))
        return path

    def _key(self, path: str, depth: int) -> tuple[str, Place]:
        """The pointer that a key leads to from `path`, and the place of its last part."""
        while True:
            self._skip(_BLANK)
            start = self._at
            if self._skip(_ONE_PART) == start:
                raise _Stop
            depth += 1
            place = self.place(start, self._at)
            if depth > MAX_DEPTH:
                raise _too_deep(path, place)
            path = below(path, _name(self._text[start : self._at]))
            self.keys.setdefault(path, place)
            self._skip(_BLANK)
            if not self._take("."):
                return path, place
            self.values.setdefault(path, place)
            if path in self._tables:
                # What comes behind a list of tables belongs to the last of them.
                path = below(path, self._tables[path])

    def _pair(self, table: str, depth: int) -> None:
        path, place = self._key(table, depth)
        if path in self._written:
            self._twice(path, place)
        self._written.add(path)
        if not self._take("="):
            raise _Stop
        self._skip(_BLANK)
        self._value(path, depth + 1)

    def _value(self, path: str, depth: int) -> None:
        start = self._at
        if depth > MAX_DEPTH:
            raise _too_deep(path, self.place(start, start))
        if self._take("["):
            self._list(path, depth)
        elif self._take("{"):
            self._inline(path, depth)
        else:
            pattern = _STRING if self._text[start : start + 1] in ("'", '"') else _SCALAR
            if self._skip(pattern) == start:
                raise _Stop
            self.values[path] = self.place(start, self._at)
            return
        self.values[path] = self.place(start, start)

    def _list(self, path: str, depth: int) -> None:
        number = 0
        self._skip(_BETWEEN)
        while not self._take("]"):
            self._value(below(path, number), depth + 1)
            number += 1
            self._skip(_BETWEEN)
            if not self._take(",") and not self._text.startswith("]", self._at):
                raise _Stop
            self._skip(_BETWEEN)

    def _inline(self, path: str, depth: int) -> None:
        self._skip(_BLANK)
        while not self._take("}"):
            self._pair(path, depth)
            self._skip(_BLANK)
            if not self._take(",") and not self._text.startswith("}", self._at):
                raise _Stop
            self._skip(_BLANK)

    def _twice(self, path: str, place: Place) -> None:
        first = self.keys[path].line
        message = f"the key '{path.rpartition('/')[2]}' is written twice here, first in line {first}; keep one of them"
        self.problems.append(Problem("duplicate_key", message, path, place.line, place.column))


def _too_deep(path: str, place: Place) -> _Stop:
    return _Stop(Problem("too_deep", f"more than {MAX_DEPTH} levels deep; flatten this", path, place.line, place.column))


def _name(part: str) -> str:
    if part[:1] == "'":
        return part[1:-1]
    if part[:1] != '"' or "\\" not in part:
        return part.strip('"')
    try:
        return next(iter(tomllib.loads(f"{part} = 0")))
    except ValueError:
        raise _Stop from None


def _plain(value: Any, path: str, text: str, scan: _Scan) -> Any:
    """The tree as YAML would have given it: dates as text; no numbers that cannot be kept."""
    if isinstance(value, dict):
        return {key: _plain(entry, below(path, key), text, scan) for key, entry in value.items()}
    if isinstance(value, list):
        return [_plain(entry, below(path, at), text, scan) for at, entry in enumerate(value)]
    place = scan.values.get(path, Place(1, 1, 0, 0))
    if isinstance(value, date | datetime | time):
        return text[place.start : place.end] or value.isoformat()
    if (isinstance(value, float) and not math.isfinite(value)) or (isinstance(value, int) and abs(value) >= 10**_LONGEST_NUMBER):
        message = "this is no number that can be kept; write a finite one of at most 100 digits, or quote it to mean the text"
        scan.problems.append(Problem("invalid_number", message, path, place.line, place.column))
        return text[place.start : place.end]
    return value


def _problem(error: Exception, text: str, scan: _Scan) -> Problem:
    if isinstance(error, RecursionError):
        return Problem("too_deep", f"more than {MAX_DEPTH} levels deep; flatten this", line=scan.place(0, 0).line)
    where = _WHERE.search(str(error))
    told = _WHERE.sub("", str(error))
    place = scan.place(len(text.rstrip()), len(text))
    line, column = (int(where[1]) + scan.place(0, 0).line - 1, int(where[2])) if where and where[1] else (place.line, place.column)
    written = text.split("\n")[line - scan.place(0, 0).line].rstrip("\r")
    if has_bare_template(written):
        right = quoted_line(written)
        message = f"a template must stand in quotes: {right}"
        return Problem("template_not_quoted", message, "", line, written.index("{{") + 1, suggestion=right)
    return Problem("toml_syntax", f"this is not TOML: {told[:1].lower()}{told[1:]}", line=line, column=column)
