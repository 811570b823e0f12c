"""What was wrong with a row stands in one column, whoever said something of it before."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.support.inprocess import make_pipeline, run

NODES = """    - {id: sales, type: connector_source, config: {connector: files, path: sales.csv}}
    - {id: checked, type: validate, config: {rules: [{name: some, type: RANGE, column: qty, min: 1}]}}
    - {id: computed, type: expression, config: {columns: [{name: share, expression: 10 / id}]}}
    - {id: bad, type: connector_sink, config: {connector: files, path: bad.csv, writeMode: OVERWRITE}}
    - {id: good, type: connector_sink, config: {connector: files, path: good.csv, writeMode: OVERWRITE}}
"""
EDGES = "{from: sales, to: checked}, {from: checked.invalid, to: computed}, {from: computed, to: good}, {from: computed.error, to: bad}"


@pytest.mark.parametrize("staging", ["auto", "all"])
def test_a_row_that_fails_twice_carries_the_last_message_once(tmp_path: Path, staging: str) -> None:
    (tmp_path / "sales.csv").write_text("id,qty\n0,0\n5,0\n7,2\n")
    run(tmp_path, make_pipeline(NODES, EDGES, f"  staging: {staging}\n"))
    with (tmp_path / "bad.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [["id", "qty", "error_message"], ["0", "0", "share: division by zero"]]
    with (tmp_path / "good.csv").open(newline="") as file:
        assert list(csv.DictReader(file)) == [{"id": "5", "qty": "0", "error_message": "some: qty is not at least 1", "share": "2"}]
