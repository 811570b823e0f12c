"""Two databases on a stack's PostgreSQL, and the orders in the first of them that the database benchmarks read."""

from __future__ import annotations

import json

import duckdb
import psycopg

from shared.engines.duckdb.connection import load_extension
from tests.support.stack import Stack

CONNECTOR = """
apiVersion: penstock/v1
kind: Connector
metadata: {{name: {name}}}
spec: {{type: postgres, config: {config}}}
"""


def second(stack: Stack, name: str = "other") -> str:
    """A database beside `demo`, with a connector of its name. Returns its URL."""
    port, secrets = stack.home.read("ports.json")["postgres"], stack.home.secrets()
    admin = f"postgresql://admin:{secrets['admin']}@127.0.0.1:{port}/postgres"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} OWNER demo")
    config = {"host": "127.0.0.1", "port": port, "database": name, "user": "demo", "password": secrets["demo"]}
    stack.apply(CONNECTOR.format(name=name, config=json.dumps(config)))
    return f"postgresql://demo:{secrets['demo']}@127.0.0.1:{port}/{name}"


def sql(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)  # type: ignore[arg-type]  # a benchmark's own text


def orders(url: str, rows: int, table: str = "orders") -> None:
    """id (primary key), shop, customer, amount, status, day, note; made on the server."""
    sql(
        url,
        f"""CREATE TABLE {table} AS
            SELECT i AS id, ((i * 7919) % 510)::integer AS shop, ((i * 104729) % 250000)::integer AS customer,
                   CASE WHEN i % 50 <> 0 THEN (((i * 31) % 100000) / 100.0)::numeric(12, 2) END AS amount,
                   CASE WHEN i % 40 = 0 THEN 'refunded' WHEN i % 3 = 0 THEN 'open' ELSE 'paid' END AS status,
                   DATE '2024-01-01' + (i % 366)::integer AS day, 'order number ' || i || ' of the year' AS note
            FROM generate_series(0::bigint, {rows - 1}) AS t(i)""",
        f"ALTER TABLE {table} ADD PRIMARY KEY (id)",
        "CREATE TABLE IF NOT EXISTS shops AS SELECT i::integer AS shop, 'shop ' || i AS shop_name, substr('NSEW', (i % 4 + 1)::integer, 1)"
        " AS region FROM generate_series(0, 499) AS t(i)",
        f"VACUUM ANALYZE {table}",
        "ANALYZE shops",
    )


def attached(**urls: str) -> duckdb.DuckDBPyConnection:
    """A DuckDB with the databases attached by those names."""
    connection = duckdb.connect(config={"threads": 2, "memory_limit": "1200MB"})
    load_extension(connection, "postgres_scanner")
    for name, url in urls.items():
        connection.execute(f"ATTACH '{url}' AS {name} (TYPE postgres)")
    return connection
