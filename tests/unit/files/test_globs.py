"""Patterns of paths: what they mean, and that none takes for ever, whoever names the files."""

from __future__ import annotations

import random
import re
import time
from itertools import pairwise

import pytest

from shared.connectors.errors import Misconfigured
from shared.connectors.files.objects import regex

PIECES = {"*": "[^/]*", "?": "[^/]", "a": "a", "b": "b", "/": "/", "**/": "(?:.*/)?", "[ab]": "[ab]", "[!a]": "[^/a]"}


def test_a_pattern_means_what_it_would_if_everything_were_tried() -> None:
    draw = random.Random(7)
    met = 0
    for _ in range(1_500):
        drawn = draw.choices([*PIECES], k=draw.randint(1, 7))
        if any(one == "*" and after[0] == "*" for one, after in pairwise(drawn)):
            # Two that would be read as one.
            continue
        path = "".join(draw.choices("ab/", k=draw.randint(0, 9)))
        try:
            found = bool(re.fullmatch(regex("".join(drawn)), path))
        except Misconfigured:
            continue
        assert found == bool(re.fullmatch("".join(PIECES[piece] for piece in drawn), path)), ("".join(drawn), path)
        met += found
    assert met > 50


@pytest.mark.parametrize(("pattern", "path"), [("*a" * 14 + "*b.csv", "a" * 250 + ".csv"), ("**/a/" * 8 + "b.csv", "a/" * 500 + "c.csv")])
def test_no_pattern_takes_for_ever(pattern: str, path: str) -> None:
    """Six stars took minutes, of a slot of a worker, every ten seconds."""
    began = time.process_time()
    assert re.fullmatch(regex(pattern), path) is None
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize("pattern", ["a**/b.csv", "**a", "a/**.csv"])
def test_two_stars_have_a_part_of_the_path_to_themselves(pattern: str) -> None:
    with pytest.raises(Misconfigured, match="a part of the path to itself"):
        regex(pattern)
