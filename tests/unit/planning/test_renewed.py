"""Checks of a run that goes on, with rule sets that were changed since it was planned."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from shared.engines.program import THIS, CheckProgram, Read
from shared.pipelines.language import read_documents, rule_set
from shared.pipelines.model import RuleSet
from shared.planning.renewed import renewed
from shared.runs.restart import CannotRestart

THERE = "{name: there, type: NOT_NULL, column: n, blockPipeline: true}"
WARNS = "{name: there, type: NOT_NULL, column: n}"
BIG = "{name: big, type: RANGE, column: n, min: 7, onFail: reject_rows}"
ONCE = "{name: once, type: UNIQUE, column: id, blockPipeline: true}"


def rules(*said: str) -> RuleSet:
    head = "apiVersion: penstock/v1\nkind: DataQualityRuleSet\nmetadata: {name: checks}\n"
    return rule_set(read_documents(f"{head}spec: {{dataset: {{pipeline: p, node: put}}, rules: [{', '.join(said)}]}}\n")[0])


def planned(*said: str, gate: bool = True, destination: bool = False) -> CheckProgram:
    """As the store gives it back."""
    reads = [Read(THIS, "put", (), datasets=((1, "put"),))]
    if destination:
        reads.append(Read("once.destination", "put", (), "default/db", {"table": "t"}))
    found = tuple({**rule, "destination": True} if destination and rule["type"] == "UNIQUE" else dict(rule) for rule in rules(*said).rules)
    program = CheckProgram("default/db:t", tuple(reads), found, "checks", gate=gate)
    return CheckProgram.from_json(json.loads(json.dumps(program.to_json())))


def test_a_rule_that_is_mended_lets_the_run_go_on() -> None:
    now = renewed(planned(THERE, BIG), rules(WARNS, BIG))
    assert (now.gate, [rule["name"] for rule in now.rules]) == (False, ["there", "big"])
    assert renewed(planned(THERE), rules(THERE.replace("column: n", "column: m"))).gate


@pytest.mark.parametrize(
    ("then", "now"),
    [
        ([THERE], [THERE.replace("blockPipeline: true", "onFail: reject_rows")]),
        ([THERE], [THERE, BIG]),
        ([THERE, BIG], [THERE, BIG.replace("7", "8")]),
        ([THERE, BIG], [THERE, BIG.replace(", onFail: reject_rows", "")]),
    ],
)
def test_rows_are_set_aside_as_the_plan_says_or_the_run_does_not_go_on(then: list[str], now: list[str]) -> None:
    with pytest.raises(CannotRestart, match=r"rule (there|big) of rule set checks rejects rows otherwise than .* start a new run"):
        renewed(planned(*then), rules(*now))


def test_what_was_planned_without_a_gate_gets_none() -> None:
    with pytest.raises(
        CannotRestart, match="rule there of rule set checks holds the data back now, and this run was planned without a gate"
    ):
        renewed(planned(WARNS, gate=False), rules(THERE), waited=False)
    assert not renewed(planned(WARNS, gate=False), rules(THERE), waited=False, ahead=False).gate, "the rows are out"
    where_it_is = planned(WARNS, gate=False)
    where_it_is = replace(where_it_is, reads=(replace(where_it_is.this, datasets=(), connector="default/db"),))
    assert renewed(where_it_is, rules(THERE), waited=False).gate


def test_a_unique_rule_looks_at_the_destination_where_that_was_planned() -> None:
    now = renewed(planned(ONCE, destination=True), rules(ONCE.replace("once", "single")), inserts=True)
    assert [read.table for read in now.reads] == ["this", "single.destination"]
    assert now.rules[0]["destination"] is True
    with pytest.raises(CannotRestart, match="rule once of rule set checks is to know what is in the destination"):
        renewed(planned(THERE), rules(THERE, ONCE), inserts=True)
    assert len(renewed(planned(THERE), rules(THERE, ONCE)).reads) == 1
