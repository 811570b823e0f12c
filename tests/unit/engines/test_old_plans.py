"""Plans that an older release stored run on this one, whatever settings programs were given since.

A file for each format, as the first release that wrote it did: never changed, only added to. Who changes what a program means, or drops a
format, sees it here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shared.engines.control import Control
from shared.engines.duckdb import driver
from shared.engines.program import FORMAT, FORMATS, CheckProgram, SurveyProgram
from shared.engines.work import Job, Limits, ResolvedConnector

STORED = Path(__file__).parents[2] / "golden/upgrade"


def stored(number: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((STORED / f"program-{number}.json").read_text())
    return found


def test_every_format_that_is_read_has_a_plan_that_was_stored_in_it() -> None:
    assert FORMAT in FORMATS
    assert {stored(number)["format"] for number in FORMATS} == FORMATS


@pytest.mark.parametrize("number", sorted(FORMATS))
def test_a_stage_that_an_older_release_planned_does_what_it_was_planned_to_do(tmp_path: Path, number: int) -> None:
    (tmp_path / "old.csv").write_text("id,name\n1,a\n2,b\nx,c\n3,d\n")
    (tmp_path / "scratch").mkdir()
    connectors = {"default/files": ResolvedConnector("default/files", "files", {"root": str(tmp_path)})}
    limits = Limits(2_000_000_000, 1, str(tmp_path / "scratch"))
    outcome = driver.run(Job("default", "run", 1, 1, "work", stored(number), connectors, {}, str(tmp_path / "staging"), limits), Control())
    assert (tmp_path / "new.csv").read_text().splitlines() == ["id,name", "2,b", "3,d"]
    assert {node: counted["rowsOut"] for node, counted in outcome.figures.items()} == {"in": 3, "few": 2, "out": 2}
    assert [(file.node, file.rows) for file in outcome.rejects] == [("in", 1)]


def test_surveys_and_checks_that_an_older_release_planned_are_read() -> None:
    survey = {"format": 1, "key": "k", "connector": "default/db", "role": "source", "options": {"table": "t"}}
    assert SurveyProgram.from_json(survey).connector == "default/db"
    check = {"format": 1, "dataset": "d", "ruleSet": "r", "input": [1, "out"], "rules": [{"name": "one"}], "scope": "batch"}
    assert CheckProgram.from_json(check).this.datasets == ((1, "out"),)
