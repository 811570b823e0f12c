"""Each pass of the planner by itself: what goes in and what comes out, in tests/golden/planning, and that a fault would be seen there.

PENSTOCK_GOLDEN=write writes the pairs anew; read what changed like code.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
import yaml

from shared.planning.passes import PASSES, Draft, Pass, through
from tests.differential.planner_faults import PLANNER_FAULTS
from tests.support.drafts import GOLDEN, SHOWN, given, held_recipes, seen

NAMES = [one.__name__ for one in PASSES]


def pairs(name: str, made_by: Pass) -> dict[str, Any]:
    """What a pass makes of each recipe that shows it; `made_by` stands in its place."""
    at = NAMES.index(name)
    reads, puts = SHOWN[name]
    found = {}
    for title, recipe in held_recipes().items():
        if name in recipe["shows"]:
            before = through(PASSES[:at], given(title))
            found[title] = {"in": seen(before, reads), "out": _seen_after(made_by, before, puts)}
    return found


def _seen_after(made_by: Pass, before: Draft, puts: tuple[str, ...]) -> dict[str, Any]:
    return seen(made_by(before), puts)


def held(name: str) -> Any:
    return yaml.safe_load((GOLDEN / f"{name}.yaml").read_text())


@pytest.mark.parametrize("name", NAMES)
def test_a_pass_makes_what_the_golden_pairs_have(name: str) -> None:
    made = pairs(name, PASSES[NAMES.index(name)])
    if os.environ.get("PENSTOCK_GOLDEN") == "write":
        (GOLDEN / f"{name}.yaml").write_text(yaml.safe_dump(made, sort_keys=False, allow_unicode=True, width=150))
    assert made == held(name)


@pytest.mark.parametrize("name", NAMES)
def test_each_pass_has_a_few_pairs(name: str) -> None:
    assert 3 <= len(held(name)) <= 6


def test_each_pass_has_a_fault_to_be_sown_in_it() -> None:
    assert list(PLANNER_FAULTS) == NAMES


@pytest.mark.parametrize(("name", "fault"), [(name, fault) for name, faults in PLANNER_FAULTS.items() for fault in faults])
def test_a_fault_sown_in_a_pass_is_seen_in_its_golden_pairs(name: str, fault: str) -> None:
    sound, wrong = PASSES[NAMES.index(name)], PLANNER_FAULTS[name][fault]
    assert pairs(name, lambda draft: wrong(sound(draft))) != held(name)
