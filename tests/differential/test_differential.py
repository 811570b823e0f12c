"""A bounded part of `make differential`: generated recipes on DuckDB and on PostgreSQL give the same rows, and sown faults are found."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import pytest

from tests.differential import tables
from tests.differential.compare import same
from tests.differential.engines import postgres
from tests.differential.faults import FAULTS, sown, without_pass
from tests.differential.planned import Workshop
from tests.differential.runner import Ran, Report, changes, drawn, first_difference, touched
from tests.differential.text import Text

SEED = 20
RECIPES = 70
MOST = 1000

# The recipes are run once for all of these tests; half a minute on two idle cores.
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    folder = tmp_path_factory.mktemp("differential")
    tables.write(tables.make(SEED), folder)
    place = ("files", {"root": str(folder)})
    return Workshop(folder, {"tables": place, "files": place})


@pytest.fixture(scope="module")
def recipes(shop: Workshop) -> list[Ran]:
    report = Report()
    found = list(drawn(shop, SEED, RECIPES, report))
    assert len(report.refused) * 20 <= len(found), report.refused
    return found


@pytest.fixture(scope="module")
def server(shop: Workshop) -> Iterator[Text]:
    with postgres(shop.folder, tables.make(SEED)) as engine:
        yield engine


def test_generated_recipes_give_the_same_rows_on_postgresql(recipes: list[Ran], server: Text) -> None:
    assert first_difference(recipes, server) is None


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_a_sown_fault_is_found(shop: Workshop, recipes: list[Ran], server: Text, name: str) -> None:
    """What few recipes have anything for is looked for in more of them."""
    fault, sound = FAULTS[name], server.write
    asked = chain((ran for ran in recipes if changes(ran, fault)), touched(shop, SEED, range(RECIPES, MOST), fault))
    server.write = sown(server, fault)
    try:
        assert first_difference(asked, server) is not None
    finally:
        server.write = sound


# The others change nothing that can be seen on a server whose texts are ordered by code points, or within the tolerance for quotients.
PASSES = ("guards",)


@pytest.mark.parametrize("name", PASSES)
def test_a_lost_pass_of_postgresqls_dialect_is_found(recipes: list[Ran], server: Text, name: str) -> None:
    sound = server.write
    server.write = without_pass(server, name)
    try:
        assert first_difference(recipes, server) is not None
    finally:
        server.write = sound


@pytest.mark.parametrize(("a", "b"), [("", None), ("a", "a "), (1, 2), (0, False), (0.5, 0.5000001), ("1", 1)])
def test_different_values_are_told_apart(a: object, b: object) -> None:
    assert not same(a, b)


@pytest.mark.parametrize(("a", "b"), [(1, 1.0), (None, None), (0.1, 0.1 + 1e-12)])
def test_equal_values_are_equal_however_they_are_held(a: object, b: object) -> None:
    assert same(a, b)


def test_a_recipe_of_a_number_is_the_same_each_time() -> None:
    from collections import Counter

    from tests.differential.cases import draw

    assert draw(3, SEED, Counter()) == draw(3, SEED, Counter())
