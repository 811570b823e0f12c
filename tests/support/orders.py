"""A large file of orders, a small one of shops, and the recipe over them.

For the benchmarks, and wherever a file must be larger than a worker's memory.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

SHOPS = 500
_BYTES_A_ROW = 72


def write_orders(path: Path, rows: int, *, wider_by: int = 0) -> None:
    """About 75 bytes a row and `wider_by`, the same bytes each time. One order in 50 has no amount, one in 40 was refunded."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute(
            f"""COPY (
                SELECT i AS id, (i * 7919) % {SHOPS + 10} AS shop, (i * 104729) % 250000 AS customer,
                       CASE WHEN i % 50 <> 0 THEN ((i * 31) % 100000) / 100.0::DECIMAL(12, 2) END AS amount,
                       CASE WHEN i % 40 = 0 THEN 'refunded' WHEN i % 3 = 0 THEN 'open' ELSE 'paid' END AS status,
                       DATE '2024-01-01' + (i % 366)::INTEGER AS day, 'order number ' || i || ' of the year{"." * wider_by}' AS note
                FROM range({rows}) AS t(i)) TO '{partial}' (HEADER)"""
        )
    partial.replace(path)


def write_at_least(path: Path, size_bytes: int, *, wider_by: int = 0) -> int:
    """Writes a file no smaller than that; returns its rows."""
    rows = size_bytes // (_BYTES_A_ROW + wider_by)
    write_orders(path, rows, wider_by=wider_by)
    while path.stat().st_size < size_bytes:
        rows = rows * 11 // 10
        write_orders(path, rows, wider_by=wider_by)
    return rows


def write_shops(path: Path) -> None:
    """Orders name ten shops more than there are, so that the join loses some rows."""
    lines = [f"{number},shop {number},{'NSEW'[number % 4]}" for number in range(SHOPS)]
    path.write_text("\n".join(["shop,shop_name,region", *lines]) + "\n")


def recipe(name: str, orders: str, *, connector: str = "files", out: str = "out", latest: str = "note") -> str:
    """CSV through filter with rejects, expression, join, aggregate, sort, to Parquet. `latest`: the column whose maximum is taken."""
    return f"""
apiVersion: penstock/v1
kind: Pipeline
metadata: {{name: {name}}}
spec:
  nodes:
    - {{id: orders, type: connector_source, config: {{connector: {connector}, path: {orders}}}}}
    - {{id: shops, type: connector_source, config: {{connector: {connector}, path: shops.csv}}}}
    - {{id: sold, type: filter, config: {{condition: "status <> 'refunded'"}}}}
    - id: priced
      type: expression
      config:
        columns:
          - {{name: net, expression: "amount * 0.77"}}
          - {{name: month, expression: "EXTRACT(MONTH FROM day)", type: INTEGER}}
    - {{id: placed, type: joiner, config: {{joinType: INNER, left: priced, right: shops, keys: [{{left: shop, right: shop}}]}}}}
    - id: totals
      type: aggregator
      config:
        groupBy: [region, customer, month]
        aggregations:
          - {{name: orders, function: count}}
          - {{name: net, function: sum, column: net}}
          - {{name: last_{latest}, function: max, column: {latest}}}
    - {{id: ordered, type: sorter, config: {{by: [{{column: region}}, {{column: customer}}, {{column: month}}]}}}}
    - {{id: result, type: connector_sink, config: {{connector: {connector}, path: {out}/totals.parquet, writeMode: OVERWRITE}}}}
    - {{id: refunds, type: connector_sink, config: {{connector: {connector}, path: {out}/refunds.parquet, writeMode: OVERWRITE}}}}
  edges:
    - {{from: orders, to: sold}}
    - {{from: sold, to: priced}}
    - {{from: priced, to: placed}}
    - {{from: shops, to: placed}}
    - {{from: placed, to: totals}}
    - {{from: totals, to: ordered}}
    - {{from: ordered, to: result}}
    - {{from: sold.rejected, to: refunds}}
"""
