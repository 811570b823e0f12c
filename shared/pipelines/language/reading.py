"""Text to documents: YAML, JSON or TOML. Nothing that can be sent makes this raise: what is wrong becomes problems with a place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import yaml

from shared.pipelines.language import toml
from shared.pipelines.language.compose import Composer, Unreadable, template_not_quoted
from shared.pipelines.language.spelling import Source, missing_quotes, source, with_quotes
from shared.pipelines.language.templates import has_bare_template
from shared.pipelines.model import Document, Places, Problem

MAX_BYTES = 1_000_000
MAX_DOCUMENTS = 1000
_MOST_QUOTED = 50

# The marker of a document that begins on the next line is no part of that document's own text.
_DIVIDER = re.compile(r"(?m:^)---[ \t]*(?:\r?\n|\Z)")
_MARKER = re.compile(r"---[ \t]*\r?\n")

# libyaml's words that a person who has not read its source cannot act on.
_WORDS = {
    "did not find expected key": "this does not continue the lines above; check its indentation, and that the line before it is complete",
    "did not find expected '-' indicator": "a list goes on with '- '; check the indentation",
    "mapping values are not allowed in this context": "a ': ' cannot stand here; quote the value, or check the indentation",
    "found character that cannot start any token": "a value cannot begin with this character; quote it (and indent with blanks, not tabs)",
    "did not find expected ',' or ']'": "a list in brackets is not closed; put ',' between its items and ']' at its end",
    "did not find expected ',' or '}'": "a mapping in braces is not closed; put ',' between its entries and '}' at its end",
    "did not find expected node content": "a value is missing here, or begins with a character that must be quoted",
    "could not find expected ':'": "a key needs a ':' and a blank after it",
    "did not find expected alphabetic or numeric character": "a value that begins with * or & must be quoted, such as '*/5 * * * *'",
    "found unexpected end of stream": "a quote is opened here and never closed",
    "control characters are not allowed": "this control character cannot stand in YAML; write it as an escape in double quotes",
    "found a tab character that violates indentation": "indent with blanks, not tabs",
    "did not find expected <document start>": "this does not belong to the document above; divide documents by a line ---",
}


def read_documents(text: str | bytes, *, max_bytes: int = MAX_BYTES) -> tuple[Document, ...]:
    """The documents of a YAML, JSON or TOML text, in order; at least one.

    Never raises: a text that cannot be read to its end gives the documents before that place and a last one, without kind and name,
    whose problem says why. Documents that hold nothing are left out. Lines and columns count in the whole text, offsets in each
    document's own.
    """
    sent = source(text, max_bytes)
    if isinstance(sent, Problem):
        # Without the part that is no text, so that what is stored or shown can be encoded.
        shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text.encode("utf-8", "replace").decode("utf-8")
        return (Document("", "", "", {}, shown, (sent,)),)
    nothing = Problem("empty", "there is no document here; a recipe begins with apiVersion and kind")
    return tuple(_spelt(sent)) or (Document("", "", "", {}, sent.text, (nothing,)),)


def _spelt(sent: Source) -> Iterator[Document]:
    """Documents in YAML, JSON and TOML, which lines of --- divide in TOML too."""
    parts = _DIVIDER.split(sent.text)
    if len(parts) > MAX_DOCUMENTS:
        problem = Problem("too_large", f"the text holds more than {MAX_DOCUMENTS} documents; divide it into several files")
        yield Document("", "", "", {}, sent.text, (problem,))
        return
    if not any(toml.is_toml(part) for part in parts):
        yield from _documents(sent)
        return
    begin = lines = 0
    for part in parts:
        if toml.is_toml(part):
            tree, places, problems = toml.read(part, lines)
            yield made(tree, part, problems, places)
        else:
            yield from _documents(Source(part, part, lines_before=lines))
        divider = _DIVIDER.match(sent.text, begin + len(part))
        begin += len(part) + (len(divider[0]) if divider else 0)
        lines += part.count("\n") + 1


def _quoted(sent: Source) -> tuple[Source, list[Problem]]:
    """The text read on past templates without quotes that make it no YAML, and the problems that those are."""
    problems: list[Problem] = []
    quotes: dict[int, str] = {}
    reading = sent
    # Each is found by reading anew from the beginning: enough of them for a recipe, and bounded for a large text.
    while sent.readable == sent.text and len(problems) < _MOST_QUOTED and len(problems) * len(sent.text) < MAX_BYTES:
        try:
            for _ in yaml.parse(reading.readable, Loader=yaml.CSafeLoader):
                pass
            break
        except yaml.YAMLError as error:
            problem = _problem(error, reading)
        if problem.code != "template_not_quoted" or problem.suggestion is None:
            break
        missing = missing_quotes(sent.text, _line_start(sent, problem), problem.suggestion)
        if not missing or missing.keys() & quotes.keys():
            break
        quotes |= missing
        problems.append(problem)
        reading = with_quotes(sent, quotes)
    return reading, problems


def _documents(sent: Source) -> Iterator[Document]:
    """Each document once the place where the next begins is known, since that is where its text ends."""
    unquoted: list[Problem] = []
    if "{{" in sent.text and any(has_bare_template(line) for line in sent.text.split("\n") if "{{" in line):
        sent, unquoted = _quoted(sent)
    for document in _composed(sent):
        first = document.places.values[""].line if document.places.values else 0
        last = first + document.text.count("\n")
        own = [problem for problem in unquoted if problem.line <= last]
        unquoted = unquoted[len(own) :]
        yield replace(document, problems=(*document.problems, *own)) if own else document


def _composed(sent: Source) -> Iterator[Document]:
    events: Iterator[Any] = yaml.parse(sent.readable, Loader=yaml.CSafeLoader)
    composer: Composer | None = None
    finished, tree, begin = False, None, 0
    try:
        for event in events:
            if not isinstance(event, yaml.DocumentStartEvent):
                continue
            start = sent.offset(_index(event))
            if composer is not None:
                yield from _document(sent, composer, tree, begin, start)
                marker = _MARKER.match(sent.text, start)
                begin = marker.end() if marker else start
            finished, composer = False, Composer(events, sent)
            tree = composer.document()
            finished = True
    except Unreadable as unreadable:
        problem = unreadable.problem
    except yaml.YAMLError as error:
        problem = _problem(error, sent)
    else:
        if composer is not None:
            yield from _document(sent, composer, tree, begin, len(sent.text))
        return
    if composer is not None and finished:
        rest = max(begin, _line_start(sent, problem))
        yield from _document(sent, composer, tree, begin, rest)
        begin = rest
    noted = composer.problems if composer is not None and not finished else []
    # A template without quotes may be met twice: as the mapping it looks like, and by what stands behind it in its line.
    kept = (one for one in noted if (one.code, one.line) != (problem.code, problem.line))
    yield Document("", "", "", {}, sent.text[begin:], (*kept, problem))


def _document(sent: Source, composer: Composer, tree: Any, begin: int, end: int) -> Iterator[Document]:
    if tree is None and not composer.problems:
        return
    text = sent.text[begin:end]
    places: Places = composer.places(begin)
    if not isinstance(tree, dict) or not (tree or composer.problems):
        place = composer.values[""]
        wrong = Problem("not_a_mapping", "a document must be a mapping that begins with apiVersion and kind", "", place.line, place.column)
        yield Document("", "", "", {}, text, (*composer.problems, wrong), places)
        return
    yield made(tree, text, composer.problems, places)


def made(tree: dict[str, Any], text: str, problems: Iterable[Problem], places: Places) -> Document:
    """The document of a tree, with kind and name as far as they can be read."""
    kind = tree.get("kind")
    metadata = tree.get("metadata")
    named = metadata if isinstance(metadata, dict) else {}
    name, namespace = named.get("name"), named.get("namespace", "default")
    return Document(
        kind if isinstance(kind, str) else "",
        namespace if isinstance(namespace, str) and isinstance(metadata, dict) else "",
        name if isinstance(name, str) else "",
        tree,
        text,
        tuple(problems),
        places,
    )


def _problem(error: yaml.YAMLError, sent: Source) -> Problem:
    if isinstance(error, yaml.reader.ReaderError):
        # libyaml counts bytes here, characters everywhere else.
        offset = len(sent.readable.encode("utf-8")[: error.position].decode("utf-8", "replace"))
        line, column = sent.at(sent.offset(offset))
        return Problem("yaml_syntax", _WORDS.get(error.reason, str(error.reason)), line=line, column=column)
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return Problem("yaml_syntax", f"this is not YAML: {error}")
    mark = error.problem_mark
    # An end that is missing is best shown where its beginning stands.
    if error.context_mark is not None and error.problem == "found unexpected end of stream":
        mark = error.context_mark
    place = sent.place(mark.index, mark.index, mark.line, mark.column)
    lines = sent.text.split("\n")
    line_text = lines[mark.line] if mark.line < len(lines) else ""
    if has_bare_template(line_text) and "{{" in line_text[: place.column + 1]:
        return template_not_quoted(sent, place.start - (place.column - 1) + line_text.index("{{"))
    message = _WORDS.get(error.problem or "", f"this is not YAML: {error.problem}")
    if error.context_mark is not None and error.context in ("while parsing a flow mapping", "while parsing a flow sequence"):
        message = f"{message} (it begins in line {error.context_mark.line + 1 + sent.lines_before})"
    # What is missed at the end is shown behind the last thing that is there.
    end = len(sent.text.rstrip())
    line, column = sent.at(end) if place.start >= end else (place.line, place.column)
    return Problem("yaml_syntax", message, line=line, column=column)


def _index(event: Any) -> int:
    index: int = event.start_mark.index
    return index


def _line_start(sent: Source, problem: Problem) -> int:
    at = 0
    for _ in range(problem.line - 1 - sent.lines_before):
        at = sent.text.find("\n", at) + 1
    return at
