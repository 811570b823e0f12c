"""Each pass of the planner by itself: what goes in and what comes out, in tests/golden/planning, and that a fault would be seen there.

PENSTOCK_GOLDEN=write writes the pairs anew; read what changed like code.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
import yaml

from shared.errors import PenstockError
from shared.planning.passes import PASSES, Pass, through
from tests.differential.planner_faults import PLANNER_FAULTS
from tests.support.drafts import GOLDEN, SHOWN, given, held_recipes, seen

NAMES = [one.__name__ for one in PASSES]


def pair(name: str, title: str, fault: Pass = lambda draft: draft) -> dict[str, Any]:
    """What a pass is given and makes of a recipe, with a fault in it."""
    at = NAMES.index(name)
    reads, puts = SHOWN[name]
    before = through(PASSES[:at], given(title))
    return {"in": seen(before, reads), "out": seen(fault(PASSES[at](before)), puts)}


def shown_at(name: str) -> list[str]:
    return [title for title, recipe in held_recipes().items() if name in recipe["shows"]]


def held(name: str) -> Any:
    return yaml.safe_load((GOLDEN / f"{name}.yaml").read_text())


def seen_in(name: str, fault: Pass) -> str | None:
    """The first golden pair that a fault in a pass would change, or break."""
    expected = held(name)

    def differs(title: str) -> bool:
        try:
            return pair(name, title, fault) != expected[title]
        except (PenstockError, LookupError):
            return True

    return next((title for title in shown_at(name) if differs(title)), None)


@pytest.mark.parametrize("name", NAMES)
def test_a_pass_makes_what_the_golden_pairs_have(name: str) -> None:
    made = {title: pair(name, title) for title in shown_at(name)}
    if os.environ.get("PENSTOCK_GOLDEN") == "write":
        (GOLDEN / f"{name}.yaml").write_text(yaml.safe_dump(made, sort_keys=False, allow_unicode=True, width=150))
    assert made == held(name)


@pytest.mark.parametrize("name", NAMES)
def test_each_pass_has_a_few_pairs(name: str) -> None:
    assert 3 <= len(held(name)) <= 7


def test_each_pass_has_a_fault_to_be_sown_in_it() -> None:
    assert list(PLANNER_FAULTS) == NAMES


@pytest.mark.parametrize(("name", "fault"), [(name, fault) for name, faults in PLANNER_FAULTS.items() for fault in faults])
def test_a_fault_sown_in_a_pass_is_seen_in_its_golden_pairs(name: str, fault: str) -> None:
    assert seen_in(name, PLANNER_FAULTS[name][fault]) is not None
