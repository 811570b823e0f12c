"""Where templates stand in a text. Bounded: a text of nothing but braces costs no more than its length."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shared.pipelines.language.templates.problems import TemplateProblem

# Longer than any template that a person writes; it bounds what is looked at for each `{{`.
LONGEST = 1000
_BODY = re.compile(r"(?:[^\"'}]|\"[^\"]*\"|'[^']*'|\}(?!\}))*?(?=\}\})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Template:
    """`text[start:end]` is all of it, braces included; `body` what stands between them, without the blanks around it.

    `at`: where the body begins.
    """

    start: int
    end: int
    body: str
    at: int


def templates(text: str) -> list[Template]:
    """In order. Raises TemplateProblem for a `{{` that nothing closes."""
    found: list[Template] = []
    start = text.find("{{")
    while start >= 0:
        window = text[start + 2 : start + 2 + LONGEST]
        match = _BODY.match(window)
        # A quote that is not closed does not hide the end of the template.
        size = match.end() if match else window.find("}}")
        if size < 0:
            raise TemplateProblem("a template begins here with {{ and is not closed; write }} at its end", start)
        inside = window[:size]
        end = start + 2 + size + 2
        found.append(Template(start, end, inside.strip(), start + 2 + len(inside) - len(inside.lstrip())))
        start = text.find("{{", end)
    return found


def whole(text: str, found: list[Template]) -> Template | None:
    """The template that the text is nothing but, if it is."""
    if len(found) == 1 and not text[: found[0].start].strip() and not text[found[0].end :].strip():
        return found[0]
    return None
