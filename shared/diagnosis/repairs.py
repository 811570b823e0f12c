"""Recipes corrected at one line: a setting set, a name changed. People's own text is kept; nothing is written anew but what changes.

What comes out is read and validated like any recipe that is sent; where that finds an error, there is no fix.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlglot import TokenType
from sqlglot.errors import SqlglotError
from sqlglot.tokens import Tokenizer

from shared.diagnosis.case import Recipe
from shared.diagnosis.findings import Fix
from shared.pipelines.language import read_documents, toml
from shared.pipelines.model import Document, Place
from shared.pipelines.validation import validate

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*\Z")
_SQL_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
# What YAML would read as something else than a text.
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
Edit = Callable[[Document], str | None]


def yaml_fix(recipe: Recipe | None, edit: Edit, applies: str) -> Fix | None:
    """The recipe with that edit. None where it cannot be made, changes nothing, or does not pass validation."""
    if recipe is None:
        return None
    text = edit(recipe.document)
    if text is None or text == recipe.document.text or not valid(text, recipe):
        return None
    return Fix("yaml", text, applies, differing(recipe.document.text, text))


def valid(text: str, recipe: Recipe) -> bool:
    """One document, of the same kind and name, without an error that the recipe did not have."""
    documents = read_documents(text)
    if len(documents) != 1:
        return False
    of = documents[0]
    if (of.kind, of.namespace, of.name) != (recipe.document.kind, recipe.document.namespace, recipe.document.name):
        return False
    return not any(problem.severity == "error" for problem in validate(documents, recipe.known))


def differing(old: str, new: str) -> tuple[int, ...]:
    """Lines of `new`, from 1, that `old` does not have there."""
    before, after = old.splitlines(), new.splitlines()
    head = 0
    while head < min(len(before), len(after)) and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < min(len(before), len(after)) - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    of = range(head, len(after) - tail)
    if len(before) == len(after):
        return tuple(at + 1 for at in of if before[at] != after[at])
    return tuple(at + 1 for at in of)


def setting(path: str, key: str, value: Any) -> Edit:
    """Sets `key` of the mapping at a JSON pointer, whether it is there already or not."""

    def edit(document: Document) -> str | None:
        place = document.places.values.get(f"{path}/{key}")
        if place is not None:
            if place.end <= place.start:
                return None
            return f"{document.text[: place.start]}{scalar(value, _quotes(document))}{document.text[place.end :]}"
        return _added(document, path, key, value)

    return edit


def several(*edits: Edit) -> Edit:
    """One after the other, each on what the last one made."""

    def edit(document: Document) -> str | None:
        text: str | None = None
        for one in edits:
            text = one(document)
            if text is None:
                return None
            (document,) = read_documents(text)[:1]
        return text

    return edit


def renamed(old: str, new: str, source: str | None = None) -> Edit:
    """A column's new name wherever nodes name the old one: as a whole value, as a key, or as a name in their SQL. `source`: the node
    through which it enters; it and those behind it, up to one that makes a column of that name itself. None: all nodes.
    """

    def edit(document: Document) -> str | None:
        text = document.text
        nodes = _behind(document, source, old) if source is not None else None
        spans: dict[int, tuple[int, str]] = {}
        for path, place in (*document.places.values.items(), *_column_keys(document, old)):
            parts = path.split("/")
            if parts[:3] != ["", "spec", "nodes"] or parts[4:5] != ["config"] or place.end <= place.start or _names_no_column(path):
                continue
            written = text[place.start : place.end]
            if (nodes is None or int(parts[3]) in nodes) and (instead := _with_name(written, old, new)) != written:
                spans[place.start] = (place.end, instead)
        for start in sorted(spans, reverse=True):
            end, instead = spans[start]
            text = f"{text[:start]}{instead}{text[end:]}"
        return text

    return edit


# Mappings of a node's config whose keys are columns.
_BY_COLUMN = ("rename", "schema")


def _column_keys(document: Document, old: str) -> list[tuple[str, Place]]:
    return [(path, at) for path, at in document.places.keys.items() if path.split("/")[-1] == old and path.split("/")[-2] in _BY_COLUMN]


def _behind(document: Document, source: str, column: str) -> set[int]:
    """Places, among the nodes of a valid recipe, of those that get the column as it enters through a node."""
    spec = document.tree["spec"]
    places = {node["id"]: at for at, node in enumerate(spec["nodes"])}
    reached, left = set(), [source]
    while left:
        node = left.pop()
        if node not in places or places[node] in reached:
            continue
        reached.add(places[node])
        if not _makes(spec["nodes"][places[node]].get("config") or {}, column):
            left += [edge["to"] for edge in spec.get("edges", ()) if str(edge["from"]).partition(".")[0] == node]
    return reached


def _makes(config: Mapping[str, Any], column: str) -> bool:
    """What goes on under that name is the node's own column, or has another name by then."""
    made = [one.get("name") for key in ("columns", "aggregations") for one in config.get(key) or () if isinstance(one, Mapping)]
    return column in made or column in (config.get("rename") or {})


def scalar(value: Any, quotes: bool = False) -> str:
    """As YAML that stands in a flow mapping as well as on a line of its own. `quotes`: as JSON, which YAML and TOML read, too."""
    if quotes:
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(key)}: {scalar(one)}" for key, one in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(scalar(one) for one in value)}]"
    text = str(value)
    return text if _PLAIN.match(text) and text.lower() not in _WORDS else json.dumps(text, ensure_ascii=False)


def _quotes(document: Document) -> bool:
    """Its texts stand in quotes: it is JSON or TOML."""
    return document.text.lstrip().startswith("{") or toml.is_toml(document.text)


def _added(document: Document, path: str, key: str, value: Any) -> str | None:
    """The entry put into a mapping: at its beginning, in braces or on a line of its own."""
    place, text, quotes = document.places.values.get(path), document.text, _quotes(document)
    entry = f"{scalar(key, quotes)}: {scalar(value, quotes)}"
    if place is None:
        return None
    if text[place.start : place.start + 1] == "{":
        rest = text[place.start + 1 :].lstrip()
        return f"{text[: place.start + 1]}{entry}{'' if rest.startswith('}') else ', '}{text[place.start + 1 :]}"
    keys = [at for name, at in document.places.keys.items() if name.rpartition("/")[0] == path]
    if not keys:
        return None
    first = min(keys, key=lambda at: at.start)
    indent = " " * (first.column - 1)
    # Behind a first entry that is one line, so that `- id: x` stays the first of its node.
    of_first = next((name for name, at in document.places.keys.items() if at == first), "")
    value = document.places.values.get(of_first)
    if value is not None and value.end > value.start and "\n" not in text[first.start : value.end]:
        end = text.find("\n", value.end)
        end = len(text) if end < 0 else end
        return f"{text[:end]}\n{indent}{entry}{text[end:]}"
    return f"{text[: first.start]}{entry}\n{indent}{text[first.start :]}"


# Settings of a node's config that name other things than columns.
_OTHER = ("connector", "table", "path", "format", "function", "joinType", "writeMode", "type", "language", "prefix", "left", "right")


def _names_no_column(path: str) -> bool:
    parts = path.split("/")
    key = parts[-1]
    # keys: [{left: a, right: b}] of a joiner are columns; its own left and right are nodes.
    if key in ("left", "right"):
        return "keys" not in parts
    return key in _OTHER or (parts[-2].isdecimal() and key == "name")


def _with_name(written: str, old: str, new: str) -> str:
    """`written`: a scalar as it stands, quotes and all."""
    quote = written[0] if written[:1] in "\"'" and written[:1] == written[-1:] and len(written) > 1 else ""
    inner = written[1:-1] if quote else written
    if inner == old:
        return f"{quote}{new}{quote}" if quote or _PLAIN.match(new) else scalar(new)
    # An escape would make offsets in the text others than in the value.
    if old.lower() not in inner.lower() or (quote == '"' and "\\" in inner) or (quote == "'" and "''" in inner):
        return written
    try:
        tokens = Tokenizer().tokenize(inner)
    except SqlglotError:
        return written
    names = [one for one in tokens if one.token_type in (TokenType.VAR, TokenType.IDENTIFIER) and one.text.lower() == old.lower()]
    for one in reversed(names):
        was = inner[one.start : one.end + 1]
        if was.startswith('"'):
            instead = f'"{new}"'
        elif _SQL_PLAIN.match(new):
            instead = new
        elif quote == '"':
            return written
        else:
            instead = f'"{new}"'
        inner = f"{inner[: one.start]}{instead}{inner[one.end + 1 :]}"
    return f"{quote}{inner}{quote}"
