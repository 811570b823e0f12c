"""What is wrong with a piece of SpEL that a person wrote."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from shared.sql.errors import SqlProblem

_MOST_LISTED = 25


class SpelError(SqlProblem):
    """`position` is an offset into the text, from 0; `suggestion` the nearest right word for a wrong one.

    A SqlProblem, so that whoever answers for SQL answers for SpEL too.
    """

    code = "bad_spel"

    def __init__(self, message: str, position: int | None = None, *, suggestion: str | None = None) -> None:
        super().__init__(message, position)
        self.suggestion = suggestion


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The one of `known` that was most likely meant; case does not count."""
    by_folded = {one.casefold(): one for one in known}
    found = get_close_matches(word.casefold()[:100], by_folded, 1, 0.6)
    return by_folded[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a sentence about a name that is not there: the nearest one, else which there are if they are few."""
    there = sorted(set(known))
    near = nearest(word, there)
    if near:
        return f"; did you mean {near}?"
    return f"; there is {', '.join(there)}" if 0 < len(there) <= _MOST_LISTED else ""
