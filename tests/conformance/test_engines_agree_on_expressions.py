"""pandas and Dask give the rows that DuckDB gives, expression by expression: the same values, the same rejected rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from shared.engines.dataframe.expressions import TABLE
from shared.engines.dataframe.known import EXPRESSIONS
from shared.sql.dialects.frames import WHOLE_DIVISION
from tests.conformance.engines import Rows, difference, ran, sink, source

KINDS: dict[str, list[str]] = yaml.safe_load((Path(__file__).parent / "expressions.yaml").read_text())


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_an_expression_means_the_same_on_every_engine(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Parts of half the rows.
    monkeypatch.setenv("PENSTOCK_DASK_PART_BYTES", "2000")
    nodes, edges = source("in", "left"), []
    for at, expression in enumerate(KINDS[kind]):
        # Each in a node of its own, so that a row that fails in one is still seen in the others.
        column = json.dumps([{"name": "v", "expression": expression}])
        nodes += f"    - {{id: e{at}, type: expression, config: {{keep: all, columns: {column}}}}}\n" + sink(f"o{at}")
        edges += [f"{{from: in, to: e{at}}}", f"{{from: e{at}, to: o{at}, columns: [id, v]}}"]
    expected, *others = (ran(tmp_path, engine, nodes, ", ".join(edges)) for engine in ("duckdb", "pandas", "dask"))
    for found, mode in zip(others, ("pandas", "dask"), strict=True):
        wrong = {}
        for at, expression in enumerate(KINDS[kind]):
            rows: list[Rows] = [one.rows(f"o{at}.parquet") for one in (found, expected)]
            rejected = [
                sorted((record["id"], message) for record, message, _ in one.rejects.get(f"e{at}", [])) for one in (found, expected)
            ]
            if (told := difference(*rows)) is not None or rejected[0] != rejected[1]:
                wrong[expression] = told or f"{rejected[0][:3]} instead of {rejected[1][:3]}"
        assert wrong == {}, mode
        assert found.figures == expected.figures, mode


def test_planning_knows_exactly_what_the_engine_can_compute() -> None:
    computed = {kind.__name__ for kind in TABLE} - {"Anonymous", "Alias"} | {"IntDiv", "Case", "Coalesce"}
    assert {kind.__name__ for kind in EXPRESSIONS} == computed, WHOLE_DIVISION
