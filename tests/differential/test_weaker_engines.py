"""A few recipes of what SQLite is trusted with, told to it as text, and the same recipes on pandas."""

from __future__ import annotations

import sqlite3
from contextlib import suppress

import pytest

from tests.differential import tables
from tests.differential.engines import ENGINES
from tests.differential.palette import Palette
from tests.differential.planned import Refused, Workshop
from tests.differential.runner import Ran, Report, drawn

SEED, RECIPES = 21, 12

# Seconds, where no one else computes.
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    folder = tmp_path_factory.mktemp("weaker")
    tables.write(tables.make(SEED), folder)
    place = ("files", {"root": str(folder)})
    return Workshop(folder, {"tables": place, "files": place})


@pytest.fixture(scope="module")
def recipes(shop: Workshop) -> list[Ran]:
    version = ".".join(sqlite3.sqlite_version.split(".")[:2])
    return list(drawn(shop, SEED, RECIPES, Report(), palettes=[Palette(("sqlite", version))]))


@pytest.mark.parametrize("name", ["sqlite", "pandas"])
def test_generated_recipes_give_the_same_rows(recipes: list[Ran], shop: Workshop, name: str) -> None:
    answered = 0
    with ENGINES[name](shop.folder, tables.make(SEED)) as engine:
        for ran in recipes:
            # What is not for this engine after all, a sum over a sequence say, is few.
            with suppress(Refused):
                why = ran.against(engine)
                assert why is None, f"{why}\n{ran.case.recipe(list(ran.kept))}"
                answered += 1
    assert answered * 2 >= len(recipes)
