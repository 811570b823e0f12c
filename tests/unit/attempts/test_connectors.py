"""Which connectors a stage needs."""

from __future__ import annotations

from shared.attempts.connectors import named_in
from shared.engines.program import Program, Read, Sink, SurveyProgram


def test_a_work_stage_needs_those_of_its_reads_and_sinks_once_each() -> None:
    program = Program(
        reads=(Read("a", "a", (), connector="ns/files"), Read("b", "b", (), datasets=((1, "b"),)), Read("c", "c", (), connector="ns/wh")),
        sinks=(Sink("s", "ns/wh", "SELECT 1", (), "t", "INSERT"),),
    )
    assert named_in("work", program.to_json()) == ("ns/files", "ns/wh")


def test_a_survey_needs_its_own() -> None:
    assert named_in("survey", SurveyProgram("k", "ns/wh", "source", {}).to_json()) == ("ns/wh",)


def test_a_check_needs_none() -> None:
    assert named_in("check", {"input": [1, "a"]}) == ()
