"""The nearest right word, and values in words."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The one of `known` that a person who wrote `word` most likely meant; None when nothing is near. Case does not count."""
    by_folded = {one.casefold(): one for one in known}
    # get_close_matches is quadratic in the length; nobody misspells a word of 100 letters.
    found = get_close_matches(word.casefold()[:100], by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def hint(near: str | None, known: Iterable[str]) -> str:
    """The end of a sentence about a word that is not known: the nearest one, or which there are."""
    if near is not None:
        return f": did you mean '{near}'?"
    there = sorted(known)
    if not there:
        return ""
    more = f" and {len(there) - 10} more" if len(there) > 10 else ""
    return f"; there is {', '.join(there[:10])}{more}"


def described(value: object) -> str:
    """What a value is, for a sentence that says it is the wrong one."""
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"the text '{value}'" if len(value) <= 40 else f"the text '{value[:37]}...'"
    if isinstance(value, int | float):
        return f"the number {value}"
    return "a list" if isinstance(value, list) else "a mapping"
