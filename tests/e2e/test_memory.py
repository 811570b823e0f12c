"""A file three times larger than a worker may use goes through filter, join, aggregate and sort, and the worker stays within its limit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.support import orders
from tests.support.resident import Sampler
from tests.support.stack import SHORT, Stack, running

LIMIT_BYTES = 512_000_000
TIMES = 3

# By hand, from the same file: what `orders.recipe` says.
BY_HAND = """
    CREATE TABLE orders AS
    SELECT status <> 'refunded' AS sold, * EXCLUDE (status)
      FROM read_csv('{folder}/orders.csv', header = true, columns = {{'id': 'BIGINT', 'shop': 'BIGINT', 'customer': 'BIGINT',
                    'amount': 'DOUBLE', 'status': 'VARCHAR', 'day': 'DATE', 'note': 'VARCHAR'}});
    CREATE TABLE totals AS
    SELECT region, customer, CAST(EXTRACT(MONTH FROM day) AS INTEGER) AS month, count(*) AS orders, sum(amount * 0.77) AS net,
           max(day) AS last_day
      FROM orders JOIN read_csv('{folder}/shops.csv', header = true) AS shops USING (shop) WHERE sold GROUP BY ALL;
"""
# Amounts have two decimals and the factor too: sums in any order agree in the fourth.
TOTALS = "SELECT count(*), sum(orders), sum(hash(region, customer, month, orders, round(net, 4), last_day)) FROM {}"
REFUNDS = "SELECT count(*), sum(hash(id, shop, customer, amount, note)) FROM {}"
STEPS_BACK = """
    SELECT count(*) FROM (
        SELECT region, customer, month, lag(region) OVER () AS r, lag(customer) OVER () AS c, lag(month) OVER () AS m FROM '{}')
     WHERE r IS NOT NULL AND (r, c, m) > (region, customer, month)
"""


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Stack]:
    with running(tmp_path / "home", PENSTOCK_WORKER_MEMORY=str(LIMIT_BYTES), PENSTOCK_WORKER_SLOTS="1", **SHORT) as stack:
        stack.connectors()
        yield stack
        for file in stack.files.rglob("*"):
            # Not left for the next tests: they are gigabytes.
            if file.is_file():
                file.unlink()


@pytest.mark.stack
@pytest.mark.slow
def test_a_file_larger_than_the_workers_memory_goes_through_within_the_limit(small: Stack) -> None:
    rows = orders.write_at_least(small.files / "orders.csv", TIMES * LIMIT_BYTES, wider_by=75)
    orders.write_shops(small.files / "shops.csv")
    small.apply(orders.recipe("large", "orders.csv", latest="day"))

    with Sampler(small.pid("worker-1")) as sampler:
        ended = small.wait(small.start("large"), 120)

    assert ended["status"] == "SUCCEEDED", ended["error"]
    assert sampler.samples > 100
    assert sampler.peak_bytes <= LIMIT_BYTES
    assert {node["id"]: node["rowsOut"] for node in ended["nodes"]}["orders"] == rows
    _is_as_by_hand(small.files)


def _is_as_by_hand(folder: Path) -> None:
    with duckdb.connect(config={"temp_directory": str(folder / "spill")}) as connection:
        connection.execute(BY_HAND.format(folder=folder))

        def of(query: str, *relations: str) -> list[tuple[object, ...]]:
            return [connection.execute(query.format(relation)).fetchall()[0] for relation in relations]

        ours, by_hand = of(TOTALS, f"'{folder}/out/totals.parquet'", "totals")
        assert ours == by_hand
        ours, by_hand = of(REFUNDS, f"'{folder}/out/refunds.parquet'", "(FROM orders WHERE sold IS NOT TRUE)")
        assert ours == by_hand
        assert of(STEPS_BACK, f"{folder}/out/totals.parquet") == [(0,)]
