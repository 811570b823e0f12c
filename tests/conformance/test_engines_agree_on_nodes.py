"""pandas and Dask give the rows that DuckDB gives, node type by node type, on every port, with the same figures."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conformance.engines import difference, ran, sink, source

CASES: dict[str, dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "nodes.yaml").read_text())


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_node_does_the_same_on_every_engine(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Parts of a few rows, so that Dask has something to bring together.
    monkeypatch.setenv("PENSTOCK_DASK_PART_BYTES", "1000")
    case = CASES[name]
    ports = case.get("ports", ["out"])
    nodes = source("left", case.get("source", "left"))
    nodes += source("right", "right") if "from: right" in case["edges"] else ""
    nodes += textwrap.indent(case["nodes"], "    ") + "".join(sink(f"o-{port}") for port in ports)
    edges = ", ".join([case["edges"], *(f"{{from: v, to: o-{port}, output: {port}}}" for port in ports)])
    expected, *others = (ran(tmp_path, mode, nodes, edges) for mode in ("duckdb", "pandas", "dask"))
    for found, mode in zip(others, ("pandas", "dask"), strict=True):
        assert {stage.engine for stage in found.plan.stages} == {mode}
        for port in ports:
            rows = [one.rows(f"o-{port}.parquet") for one in (found, expected)]
            assert difference(*rows, ordered=case.get("ordered", False)) is None, (mode, port)
        assert found.figures == expected.figures, mode
