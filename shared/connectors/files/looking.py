"""files: is the root there, and what is in it."""

from __future__ import annotations

import glob
from collections.abc import Mapping
from typing import Any

from shared.connectors.errors import NotFound
from shared.connectors.files.roots import root_of
from shared.connectors.looking import MOST_OBJECTS, Found, Tried, tried
from shared.connectors.protocols import Driver
from shared.errors import PenstockError

EVERY = "**/*"


def check(config: Mapping[str, Any]) -> list[Tried]:
    def listed() -> str:
        there = len(_files(config))
        return f"{config['root']} can be listed and holds {there if there else 'no'} files"

    return tried((("list", listed),))


def discover(config: Mapping[str, Any], driver: Driver) -> tuple[list[Found], bool]:
    files = _files(config)
    return [_found(driver, path) for path in files[:MOST_OBJECTS]], len(files) > MOST_OBJECTS


def _found(driver: Driver, path: str) -> Found:
    try:
        # A name may hold what would be a pattern in a recipe.
        survey = driver.survey("source", {"path": glob.escape(path)})
    except PenstockError as error:
        return Found(path, failed=error.message)
    return Found(path, tuple((column, None) for column in survey.columns), rows=survey.rows)


def _files(config: Mapping[str, Any]) -> list[str]:
    root = root_of(config)
    try:
        return [root.relative(file) for file in root.matching(EVERY)]
    except NotFound as error:
        # A root without a file is a root all the same; one that is not there says so.
        if EVERY in error.message:
            return []
        raise
