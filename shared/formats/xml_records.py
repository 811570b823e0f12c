"""The records of an XML document, one by one, by expat: memory holds one record, whatever the size of the file.

A record is an element at the path said, or, where none is said, each element in the root. Its attributes are named @name; a child of
which there is one is its text, or an object where it has attributes or children of its own; several of one name are a list. Text beside
children or attributes is named #text. Blank around texts is left out; an element with xsi:nil="true" is NULL. Names keep their prefix.

Entities beside the five of XML itself are refused, so that no document can grow while it is read, nor read other files.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any
from xml.parsers import expat

from shared.formats.errors import UnreadableFile
from shared.formats.json_records import steps

_BLOCK_BYTES = 1 << 18
_DEEPEST = 100
_NIL = ("xsi:nil", "nil")


@dataclass(slots=True)
class _Element:
    name: str
    attributes: dict[str, str]
    children: dict[str, Any] = field(default_factory=dict)
    text: list[str] = field(default_factory=list)

    def value(self) -> Any:
        own = {f"@{name}": value for name, value in self.attributes.items() if name not in _NIL and not name.startswith("xmlns")}
        text = "".join(self.text).strip()
        if not own and not self.children:
            return None if any(self.attributes.get(name) in ("true", "1") for name in _NIL) else text
        return {**own, **self.children, **({"#text": text} if text else {})}

    def add(self, name: str, value: Any) -> None:
        if name not in self.children:
            self.children[name] = value
        elif isinstance(self.children[name], list):
            self.children[name].append(value)
        else:
            self.children[name] = [self.children[name], value]


class _Reader:
    def __init__(self, path: str | None) -> None:
        self._path = steps(path) if path else None
        self._open: list[str] = []
        self._record: list[_Element] = []
        self.records: list[Any] = []
        self.found = False

    def _is_record(self) -> bool:
        return len(self._open) == 2 if self._path is None else self._open == self._path

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._open.append(name)
        if len(self._open) > _DEEPEST:
            raise UnreadableFile(f"the document is more than {_DEEPEST} elements deep; that is no file of records")
        if self._record or self._is_record():
            self._record.append(_Element(name, attributes))

    def end(self, name: str) -> None:
        self._open.pop()
        if not self._record:
            return
        done = self._record.pop()
        if self._record:
            self._record[-1].add(name, done.value())
            return
        self.found = True
        value = done.value()
        self.records.append(value if isinstance(value, dict) else {"#text": value})

    def text(self, text: str) -> None:
        if self._record:
            self._record[-1].text.append(text)


def _refuse_entity(name: str, *_: Any) -> None:
    raise UnreadableFile(f"the document declares the entity {name}, and entities are not expanded; take its DOCTYPE out")


def records(stream: IO[bytes], path: str | None) -> Iterator[str]:
    """Each as a line of JSON, values as texts. Raises UnreadableFile, after the records before that, for what is no XML, or when the path
    leads nowhere.
    """
    reader = _Reader(path)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = reader.start, reader.end, reader.text
    parser.EntityDeclHandler = _refuse_entity
    last = False
    while not last:
        block = stream.read(_BLOCK_BYTES)
        last = not block
        try:
            parser.Parse(block, last)
        except expat.ExpatError as error:
            yield from _lines(reader)
            raise UnreadableFile(f"the file is not XML: {error}") from error
        yield from _lines(reader)
    if path and not reader.found:
        raise UnreadableFile(f"the document holds no element at {path}; correct recordsPath")


def _lines(reader: _Reader) -> Iterator[str]:
    done, reader.records = reader.records, []
    for record in done:
        yield json.dumps(record, ensure_ascii=False)
