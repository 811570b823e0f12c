"""What pandas and Dask modes cannot do with some rows is told in a sentence, and loudly: never a wrong value."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from shared.engines.duckdb.errors import RowsDoNotFit
from tests.support.inprocess import Ran, make_pipeline, run

ROWS = """
SELECT 2147483647::INTEGER AS i, 99999999.99::DECIMAL(10, 2) AS p, 9223372036854775807::BIGINT AS b, 0::DOUBLE AS x, [1, 2] AS l,
  TIME '10:00:00' AS t, 'c5ac9b1e-0b3e-4b43-9f0a-6a3f7f0b8f11'::UUID AS u, '{"a": 1}'::JSON AS j, 'ab'::BLOB AS y, INTERVAL 1 DAY AS v
"""


def through(folder: Path, mode: str, node: str) -> Ran:
    duckdb.execute(f"COPY ({ROWS}) TO '{folder}/in.parquet'")
    nodes = f"""
    - {{id: in, type: connector_source, config: {{connector: files, path: in.parquet}}}}
    - {node}
    - {{id: out, type: connector_sink, config: {{connector: files, path: out.parquet, writeMode: OVERWRITE}}}}"""
    return run(folder, make_pipeline(nodes, "{from: in, to: it}, {from: it, to: out}", f"  processingMode: {mode}\n"))


def computed(expression: str) -> str:
    return f'{{id: it, type: expression, config: {{keep: listed, columns: [{{name: v, expression: "{expression}"}}]}}}}'


@pytest.mark.parametrize("expression", ["i + 1", "b * 2", "-b - 2", "b + b", "i * i", "ln(x)", "sqrt(x - 1)"])
def test_what_overflows_or_lies_outside_fails_the_node_on_each_engine(tmp_path: Path, expression: str) -> None:
    for mode in ("duckdb", "pandas", "dask"):
        with pytest.raises(RowsDoNotFit) as told:
            through(tmp_path, mode, computed(expression))
        assert told.value.node in {"it", "out"}


def test_values_of_types_that_nobody_computes_with_go_through_as_they_are(tmp_path: Path) -> None:
    node = '{id: it, type: filter, config: {condition: "i > 0 AND u IS NOT NULL"}}'
    wanted = None
    for mode in ("duckdb", "pandas"):
        done = through(tmp_path, mode, node)
        described = [(name, kind) for name, kind, *_ in duckdb.sql(f"DESCRIBE SELECT * FROM '{tmp_path}/out.parquet'").fetchall()]
        wanted = wanted or (described, done.rows("out.parquet"))
        assert (described, done.rows("out.parquet")) == wanted


def test_a_type_that_an_engine_cannot_compute_with_is_told(tmp_path: Path) -> None:
    with pytest.raises(RowsDoNotFit, match="processingMode: duckdb"):
        through(tmp_path, "pandas", "{id: it, type: aggregator, config: {groupBy: [l], aggregations: [{name: n, function: count}]}}")
