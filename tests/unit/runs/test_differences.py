"""Why a run was different: causes before what came of them, and nothing made of what is not known."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.runs.differences import Node, Side, differences, surprise

READ = Node("read", "connector_source", "COMPLETED", "duckdb", ("read", "write"), {"rowsOut": 100, "durationMs": 2000}, {"id": "BIGINT"})
WRITE = Node("write", "connector_sink", "COMPLETED", "duckdb", ("read", "write"), {"rowsIn": 100, "rowsOut": 100, "rowsRejected": 0})
BEFORE = Side("a", 3, "SUCCEEDED", {"day": "2026-03-01"}, (READ, WRITE), took_ms=5000)


def told(after: Side, before: Side = BEFORE) -> list[tuple[str, str | None]]:
    return [(one.kind, one.node) for one in differences(before, after)]


def changed(node: Node, **figures: int | None) -> Node:
    return replace(node, figures={**node.figures, **figures})


def test_two_alike_differ_in_nothing() -> None:
    assert differences(BEFORE, replace(BEFORE, id="b", took_ms=5100)) == []


def test_what_was_changed_stands_above_what_came_of_it() -> None:
    after = replace(
        BEFORE, version=4, parameters={"day": "2026-03-02"}, nodes=(READ, changed(WRITE, rowsIn=50, rowsOut=50, rowsRejected=0))
    )  # fmt: skip
    assert told(after) == [("version", None), ("parameters", None), ("rows", "write"), ("rows", "write")]


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        (1, 100, "1 and is 100"),
        (True, False, "true and is false"),
        (1, True, "1 and is true"),
        (None, "ann", 'null and is "ann"'),
        ("2026-03-01", "zażółć", '"2026-03-01" and is "zażółć"'),
        (["a"], [], '["a"] and is []'),
    ],
)
def test_parameters_are_told_as_they_are_given(was: object, now: object, told: str) -> None:
    (one,) = differences(replace(BEFORE, parameters={"p": was}), replace(BEFORE, parameters={"p": now}))
    assert (one.told, one.before, one.after) == (f"parameter p was {told}", was, now)
    (one,) = differences(replace(BEFORE, parameters={}), replace(BEFORE, parameters={"p": None}))
    assert one.told == "parameter p was not there and is null"


def test_columns_that_came_went_and_changed_are_named() -> None:
    before = replace(BEFORE, nodes=(replace(READ, columns={"id": "BIGINT", "old": "TEXT", "at": "DATE"}), WRITE))
    after = replace(BEFORE, nodes=(replace(READ, columns={"id": "TEXT", "at": "DATE", "new": "TEXT"}), WRITE))
    (one,) = differences(before, after)
    assert one.told == "read reads other columns: new is new, old is gone, id was BIGINT and is TEXT"


def test_a_rejected_row_where_there_was_none_is_as_surprising_as_can_be() -> None:
    after = replace(BEFORE, nodes=(READ, changed(WRITE, rowsRejected=1)))
    (one,) = differences(BEFORE, after)
    assert (one.kind, one.figure, one.surprise) == ("rows", "rowsRejected", 1.0)


def test_what_is_not_known_of_one_is_no_difference() -> None:
    assert told(replace(BEFORE, nodes=(changed(READ, rowsOut=None), replace(WRITE, figures={}, engine=None)), took_ms=None)) == []
    assert told(replace(BEFORE, nodes=(replace(READ, columns=None), WRITE))) == []


@pytest.mark.parametrize(("took_ms", "tells"), [(900, False), (20_000, True)])
def test_short_times_are_not_told(took_ms: int, tells: bool) -> None:
    found = told(replace(BEFORE, took_ms=took_ms), replace(BEFORE, took_ms=300))
    assert found == ([("duration", None)] if tells else [])


def test_nodes_that_came_went_and_moved_are_told() -> None:
    moved = replace(READ, engine="database", together=("read",))
    extra = Node("check", "validate", "COMPLETED", "duckdb", ("check",))
    found = [one.told for one in differences(BEFORE, replace(BEFORE, nodes=(moved, extra)))]
    assert found == [
        "read was computed in database instead of duckdb",
        "check is new",
        "write is not there any more",
    ]


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_surprise_lies_between_nothing_and_one_and_grows_with_the_distance(a: int, b: int) -> None:
    assert 0.0 <= surprise(a, b) <= 1.0
    assert surprise(a, b) == surprise(b, a)
    assert (surprise(a, b) == 0.0) == (a == b) or min(a, b) / max(a, b) == 1.0
    assert surprise(a, a + b) <= surprise(a, a + 2 * b)
