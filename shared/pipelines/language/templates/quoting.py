"""How a line looks once the templates in it that stand without quotes are quoted."""

from __future__ import annotations

import re

_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^']|'')*'")
# The value of a block mapping or list entry that begins with a template, up to a comment.
_ENTRY = re.compile(r"(?P<before>\s*(?:- +)*(?:[^\s\[\]{},#'\"][^:#]*:\s+)?)(?P<value>\{\{.*?)(?P<after>\s*(?:\s#.*)?)")
# A template in the middle of a flow list or mapping, with what is glued to it.
_FLOW = re.compile(r"\{\{.*?\}\}[^\s,\]}]*")


def has_bare_template(line: str) -> bool:
    """Whether a `{{` stands in the line outside quotes, where YAML reads it as the start of a mapping."""
    return "{{" in _QUOTED.sub("", line)


def quoted_line(line: str) -> str:
    """The line with its unquoted templates quoted, without indentation: what should have been written."""
    entry = _ENTRY.fullmatch(line)
    if entry:
        return f"{entry['before']}{_quoted(entry['value'])}{entry['after']}".strip()
    parts = []
    at = 0
    for literal in _QUOTED.finditer(line):
        parts += [_FLOW.sub(lambda found: _quoted(found[0]), line[at : literal.start()]), literal[0]]
        at = literal.end()
    return "".join([*parts, _FLOW.sub(lambda found: _quoted(found[0]), line[at:])]).strip()


def _quoted(value: str) -> str:
    if '"' not in value and "\\" not in value:
        return f'"{value}"'
    return "'" + value.replace("'", "''") + "'"
