"""Windows of sources that read what is new: where they begin, and under which name they are written."""

from __future__ import annotations

import pytest

from shared.pipelines.language import pipeline, read_documents
from shared.pipelines.model import Pipeline
from shared.planning.cursors import floor_of, published_as, windowed
from tests.support.inprocess import make_pipeline

BOUND = {"column": "at", "type": "BIGINT", "value": "110"}


def reading(mode: str, incremental: str) -> Pipeline:
    source = f"    - {{id: new, type: connector_source, config: {{connector: db, table: t, incremental: {{{incremental}}}}}}}\n"
    sink = f"    - {{id: out, type: connector_sink, config: {{connector: db, table: o, writeMode: {mode}}}}}\n"
    return pipeline(read_documents(make_pipeline(source + sink, "{from: new, to: out}"))[0])


@pytest.mark.parametrize(
    ("mode", "value", "floor", "expected"),
    [
        # What is remembered lies within the lag, and after what was read.
        ("INSERT", None, None, "100"),
        ("INSERT", "90", None, "80"),
        ("INSERT", "90", "85", "85"),
        # Rows that are written again do no harm, so that a longer lag reads all of it.
        ("'UPSERT', upsertKeys: [id]", None, None, "100"),
        ("'UPSERT', upsertKeys: [id]", "90", "70", "70"),
        ("'UPSERT', upsertKeys: [id]", "90", None, None),
    ],
)
def test_a_window_begins_no_earlier_than_what_is_known(mode: str, value: str | None, floor: str | None, expected: str | None) -> None:
    recipe = reading(mode, "cursorColumn: at, lag: 30, initialValue: 100")
    assert floor_of(recipe, "new", {"value": value, "floor": floor, "upto": "110"}, BOUND) == expected


SOURCE = "    - {id: %s, type: connector_source, config: {connector: db, table: %s, incremental: {cursorColumn: at}}}\n"
SINK = "    - {id: %s, type: connector_sink, config: {connector: db, table: %s, writeMode: %s}}\n"
UNION = "    - {id: both, type: union, config: {}}\n"


def name_of(recipe: Pipeline, windows: dict[str, str], *sinks: str) -> str | None:
    read = windowed(recipe, {node: {"value": None, "window": window} for node, window in windows.items()})
    return published_as(read, [node.id for node in read.nodes], sinks)


def test_rows_of_several_windows_are_written_under_a_name_that_changes_with_each_of_them() -> None:
    nodes = SOURCE % ("a", "a") + SOURCE % ("b", "b") + UNION + SINK % ("out", "o", "INSERT")
    recipe = pipeline(read_documents(make_pipeline(nodes, "{from: a, to: both}, {from: b, to: both}, {from: both, to: out}"))[0])
    first = name_of(recipe, {"a": "wa", "b": "wb"}, "out")
    assert first == name_of(recipe, {"b": "wb", "a": "wa"}, "out") is not None
    assert len({first, name_of(recipe, {"a": "wa", "b": "new"}, "out"), name_of(recipe, {"a": "new", "b": "wb"}, "out"), "wa", "wb"}) == 5


def test_a_window_that_is_written_alone_lends_its_own_name_and_others_in_its_transaction_count_too() -> None:
    nodes = SOURCE % ("a", "a") + SOURCE % ("b", "b") + SINK % ("into", "o", "INSERT") + SINK % ("over", "p", "'UPSERT', upsertKeys: [id]")
    recipe = pipeline(read_documents(make_pipeline(nodes, "{from: a, to: into}, {from: b, to: over}"))[0])
    windows = {"a": "wa", "b": "wb"}
    assert (name_of(recipe, windows, "into"), name_of(recipe, windows, "over")) == ("wa", None)
    # Written in one transaction, the rows of the one that need not be exact are found under that name too.
    assert name_of(recipe, windows, "into", "over") not in {"wa", "wb", None}
