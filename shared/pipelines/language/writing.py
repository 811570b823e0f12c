"""A tree as YAML that reads back as the same tree: for programs that make recipes (Studio, flows); people's own text is kept as it is."""

from __future__ import annotations

import re
from typing import Any

import yaml

from shared.pipelines.language.scalars import NotANumber, resolve

# The signs that libyaml refuses in a text, though YAML would take them as escapes or not at all.
_PLAIN = re.compile(r"[\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]*\Z")


class _Writer(yaml.SafeDumper):
    """Plain scalars are those that the core schema of YAML 1.2 reads as what they are; anchors and aliases are never made."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(writer: _Writer, value: str) -> yaml.ScalarNode:
    return writer.represent_scalar("tag:yaml.org,2002:str", value, style=None if _is_plain(value) else '"')


def _is_plain(value: str) -> bool:
    try:
        return _PLAIN.match(value) is not None and resolve(value) == value and isinstance(resolve(value), str)
    except NotANumber:
        return False


_Writer.add_representer(str, _text)


def written(tree: Any) -> str:
    """YAML of plain data: mappings with text as keys, lists, text, finite numbers, true, false and None. Keys keep their order."""
    text: str = yaml.dump(tree, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=120, default_flow_style=False)
    return text
