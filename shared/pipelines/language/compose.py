"""From libyaml's events to plain data with a place for every key and value, guarded at each step.

Events rather than libyaml's own composer, since that one recurses in C and shares what an alias names: here depth, copies and keys are
bounded before anything is built. What is wrong but can be read past is noted and reading goes on; what cannot ends it by `Unreadable`.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

import yaml

from shared.pipelines.language.pointers import below
from shared.pipelines.language.scalars import NotANumber, resolve
from shared.pipelines.language.spelling import Source
from shared.pipelines.language.templates import quoted_line
from shared.pipelines.model import Place, Places, Problem

MAX_DEPTH = 100
# Values that aliases may add to a document; far above any recipe, far below what hurts.
MAX_ALIASED = 10_000


class Unreadable(Exception):
    """Reading cannot go on; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class _Unfinished:
    """Stands for an anchor whose value is still being read: an alias to it would hold itself."""


class Composer:
    """Reads one document's events. `values` and `keys` hold places with offsets into the whole text; `problems` what is wrong."""

    def __init__(self, events: Iterator[Any], source: Source) -> None:
        self._events = events
        self._source = source
        self._anchors: dict[str, Any] = {}
        self._aliased = 0
        self.keys: dict[str, Place] = {}
        self.values: dict[str, Place] = {}
        self.problems: list[Problem] = []

    def document(self) -> Any:
        """The value of the document whose start event was just read."""
        value = self._value(next(self._events), "", 1)
        next(self._events)
        return value

    def places(self, offset: int) -> Places:
        """The places, with offsets counted from `offset`."""

        def moved(places: dict[str, Place]) -> dict[str, Place]:
            if not offset:
                return places
            return {path: Place(p.line, p.column, p.start - offset, p.end - offset) for path, p in places.items()}

        return Places(moved(self.keys), moved(self.values))

    def _place(self, event: Any, *, scalar: bool = False) -> Place:
        mark = event.start_mark
        return self._source.place(mark.index, event.end_mark.index if scalar else mark.index, mark.line, mark.column)

    def _note(self, code: str, message: str, path: str, place: Place, suggestion: str | None = None) -> Problem:
        problem = Problem(code, message, path, place.line, place.column, suggestion=suggestion)
        self.problems.append(problem)
        return problem

    def _value(self, event: Any, path: str, depth: int) -> Any:
        place = self._place(event, scalar=isinstance(event, yaml.ScalarEvent))
        self.values[path] = place
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event.anchor, path, place, depth)
        if depth > MAX_DEPTH:
            raise _too_deep(path, place)
        if event.tag is not None:
            self._note("explicit_tag", f"the tag {_tag(event.tag)} is not read; write the value without it", path, place)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Unfinished
        if isinstance(event, yaml.ScalarEvent):
            self._check_text(event.value, path, place)
            value = self._scalar(event, path, place)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self._list(path, depth)
        else:
            value = self._mapping(event, path, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = value
        return value

    def _check_text(self, text: str, path: str, place: Place) -> None:
        if "\x00" in text:
            self._note("nul_byte", "this text holds a NUL character (\\0), which no database or file name can; take it out", path, place)

    def _scalar(self, event: yaml.ScalarEvent, path: str, place: Place) -> Any:
        if event.style or not event.implicit[0]:
            return event.value
        try:
            return resolve(event.value)
        except NotANumber as error:
            self._note("invalid_number", str(error), path, place)
            return event.value

    def _list(self, path: str, depth: int) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._value(event, below(path, len(items)), depth + 1))
        return items

    def _mapping(self, start: Any, path: str, depth: int) -> Any:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if isinstance(event, yaml.MappingStartEvent) and _index(event) == _index(start) + 1:
                return self._template(event, path, depth)
            key = self._key(event, path, depth)
            if key is None:
                self._skip(path, depth)
                continue
            below_path = below(path, key)
            place = self._place(event, scalar=True)
            if key in found:
                first = self.keys[below_path].line
                self._note(
                    "duplicate_key", f"the key '{key}' is written twice here, first in line {first}; keep one of them", below_path, place
                )
                self._skip(below_path, depth)
                continue
            if key == "<<":
                self._note(
                    "merge_key", "merge keys (<<) are not part of YAML 1.2 and are not read; write the settings out", below_path, place
                )
            self.keys[below_path] = place
            found[key] = self._value(next(self._events), below_path, depth + 1)
        return found

    def _key(self, event: Any, path: str, depth: int) -> str | None:
        """The text of a key; None, once it is noted, for one that is not text."""
        if isinstance(event, yaml.ScalarEvent) and event.tag is None:
            self._check_text(event.value, path, self._place(event, scalar=True))
            if event.anchor is not None:
                self._anchors[event.anchor] = event.value
            return event.value
        place = self._place(event)
        self._note("key_not_text", "a key must be plain text; is a quote or a ':' missing?", path, place)
        if not isinstance(event, yaml.ScalarEvent | yaml.AliasEvent):
            self._skip(path, depth, event)
        return None

    def _skip(self, path: str, depth: int, event: Any = None) -> None:
        """Reads past one value; places inside it are not kept."""
        keys, values = self.keys, self.values
        self.keys, self.values = {}, {}
        self._value(event if event is not None else next(self._events), path, depth + 1)
        self.keys, self.values = keys, values

    def _template(self, inner: Any, path: str, depth: int) -> str:
        """`{{x}}` without quotes, which YAML reads as a mapping whose key is a mapping. The rest of both is read past."""
        problems = self.problems
        self.problems = []
        self._skip(path, depth, inner)
        self._skip(path, depth)
        event: Any = next(self._events)
        while not isinstance(event, yaml.MappingEndEvent):
            self._skip(path, depth, event)
            event = next(self._events)
        self.problems = problems
        place = self.values[path]
        written = self._source.text[place.start : self._source.offset(_index(event) + 1)]
        self.problems.append(template_not_quoted(self._source, place.start, path))
        return written

    def _alias(self, anchor: str | None, path: str, place: Place, depth: int) -> Any:
        if anchor is None or anchor not in self._anchors:
            message = f"the alias *{anchor} names an anchor that is not there; write &{anchor} before its value"
            self._note("unknown_alias", message, path, place)
            return None
        value = self._anchors[anchor]
        if value is _Unfinished:
            self._note("recursive_alias", f"the alias *{anchor} stands inside its own value; write the value out", path, place)
            return None
        size, height = _measure(value, MAX_ALIASED - self._aliased)
        self._aliased += size
        if self._aliased > MAX_ALIASED:
            message = f"aliases repeat more than {MAX_ALIASED} values; write fewer of them"
            raise Unreadable(Problem("alias_explosion", message, path, place.line, place.column))
        if depth + height - 1 > MAX_DEPTH:
            raise _too_deep(path, place)
        return copy.deepcopy(value)


def template_not_quoted(source: Source, offset: int, path: str = "") -> Problem:
    """The problem for an unquoted template at an offset of the text."""
    line, column = source.at(offset)
    text = source.text[source.text.rfind("\n", 0, offset) + 1 :].split("\n", 1)[0].rstrip("\r")
    right = quoted_line(text)
    message = f"a template must stand in quotes, since {{ begins a mapping in YAML: {right}"
    return Problem("template_not_quoted", message, path, line, column, suggestion=right)


def _too_deep(path: str, place: Place) -> Unreadable:
    return Unreadable(Problem("too_deep", f"more than {MAX_DEPTH} levels deep; flatten this", path, place.line, place.column))


def _index(event: Any) -> int:
    index: int = event.start_mark.index
    return index


def _measure(value: Any, most: int) -> tuple[int, int]:
    """How many values there are in `value`, itself included, and how many levels; stops counting soon after `most`."""
    size = height = 0
    level = [value]
    while level and size <= most:
        size += len(level)
        height += 1
        level = [entry for one in level if isinstance(one, dict | list) for entry in (one.values() if isinstance(one, dict) else one)]
    return size, height


def _tag(tag: str) -> str:
    return re.sub("^tag:yaml.org,2002:", "!!", tag)
