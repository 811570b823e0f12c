"""Windows of sources that read what is new: where they begin, and under which name they are written."""

from __future__ import annotations

import pytest

from shared.pipelines.language import pipeline, read_documents
from shared.pipelines.model import Pipeline
from shared.planning.cursors import floor_of
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
