"""What is wrong with a piece of SpEL that a person wrote."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from shared.sql.errors import SqlProblem


class SpelError(SqlProblem):
    """`position` is an offset into the text, from 0. A SqlProblem, so that whoever answers for SQL answers for SpEL too."""

    code = "bad_spel"


def did_you_mean(word: str, known: Iterable[str], *, listed: int = 12) -> str:
    """The end of a sentence about a name that is not there: the nearest one, else which there are."""
    there = sorted(set(known))
    near = get_close_matches(word.casefold()[:100], [one.casefold() for one in there], 1, 0.6)
    if near:
        return f"; did you mean {next(one for one in there if one.casefold() == near[0])}?"
    more = f" and {len(there) - listed} more" if len(there) > listed else ""
    return f"; there is {', '.join(there[:listed])}{more}" if there else ""
