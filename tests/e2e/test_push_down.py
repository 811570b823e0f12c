"""Work that goes to its database, through the API: the plan says so, the rows are right, and none of them crosses the wire."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest

from services.api.cli.client import CallRefused
from tests.support.stack import Stack

pytestmark = pytest.mark.stack

ROWS = 50_000
RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: NAME}
spec:
  pushDown: {mode: MODE}
  qualityDefault: "off"
  nodes:
    - {id: sales, type: connector_source, config: {connector: watched, table: pushed_sales}}
    - {id: shops, type: connector_source, config: {connector: watched, table: pushed_shops}}
    - {id: sold, type: filter, config: {condition: "status <> 'refunded'"}}
    - {id: placed, type: joiner, config: {joinType: INNER, left: sold, right: shops, keys: [{left: shop, right: shop}]}}
    - id: totals
      type: aggregator
      config: {groupBy: [region, customer], aggregations: [{name: orders, function: count}, {name: net, function: sum, column: amount}]}
    - {id: out, type: connector_sink, config: {connector: watched, table: pushed_totals, writeMode: UPSERT, upsertKeys: [region, customer]}}
  edges:
    - {from: sales, to: sold}
    - {from: sold, to: placed}
    - {from: shops, to: placed}
    - {from: placed, to: totals}
    - {from: totals, to: out}
"""
CONNECTOR = """
apiVersion: penstock/v1
kind: Connector
metadata: {name: watched}
spec: {type: postgres, config: {host: 127.0.0.1, port: PORT, database: demo, user: demo, password: "PASSWORD"}}
"""


@dataclass
class Wire:
    """What went by, in bytes: `sent` to the server, `received` from it."""

    port: int = 0
    sent: int = 0
    received: int = 0


@contextmanager
def watched(port: int) -> Iterator[Wire]:
    """A port that leads to the server's, and counts."""
    wire, sockets = Wire(), []
    listening = socket.create_server(("127.0.0.1", 0))
    wire.port = listening.getsockname()[1]

    def carry(source: socket.socket, target: socket.socket, what: str) -> None:
        with suppress(OSError):
            while block := source.recv(65536):
                setattr(wire, what, getattr(wire, what) + len(block))
                target.sendall(block)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = listening.accept()
                server = socket.create_connection(("127.0.0.1", port))
                sockets.extend([client, server])
                threading.Thread(target=carry, args=(client, server, "sent"), daemon=True).start()
                threading.Thread(target=carry, args=(server, client, "received"), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield wire
    finally:
        for one in (listening, *sockets):
            one.close()


@pytest.fixture
def wire(stack: Stack) -> Iterator[Wire]:
    port, password = stack.home.read("ports.json")["postgres"], stack.home.secrets()["demo"]
    stack.sql("CREATE TABLE pushed_sales (id bigint, shop integer, customer integer, amount numeric(12, 2), status text)")
    stack.sql(
        "INSERT INTO pushed_sales SELECT i, i % 50, i % 2000, (i % 1000) / 10.0, CASE WHEN i % 10 = 0 THEN 'refunded' WHEN i % 11 > 0"
        f" THEN 'paid' END FROM generate_series(1, {ROWS}) AS i"
    )
    stack.sql("CREATE TABLE pushed_shops (shop integer PRIMARY KEY, region text)")
    stack.sql("INSERT INTO pushed_shops SELECT i, 'region ' || i % 7 FROM generate_series(0, 40) AS i")
    stack.sql("CREATE TABLE pushed_totals (region text, customer integer, orders bigint, net numeric, PRIMARY KEY (region, customer))")
    with watched(port) as found:
        stack.apply(CONNECTOR.replace("PORT", str(found.port)).replace("PASSWORD", password))
        yield found
    stack.sql("DROP TABLE pushed_sales, pushed_shops, pushed_totals")


def run(stack: Stack, name: str, mode: str) -> Any:
    stack.apply(RECIPE.replace("NAME", name).replace("MODE", mode))
    ended = stack.wait(stack.start(name))
    assert ended["status"] == "SUCCEEDED", ended["error"]
    return ended


def test_with_source_and_sink_in_one_database_no_row_leaves_it(stack: Stack, wire: Wire) -> None:
    stack.apply(RECIPE.replace("NAME", "pushed").replace("MODE", "auto"))
    made = stack.client.call("POST", "/pipelines/default/pushed/plan", body={})
    (stage,) = made["stages"]
    assert (stage["engine"], made["pushDownShare"], len(stage["statements"])) == ("database", 1.0, 1)
    assert {node["id"]: node["engine"] for node in made["nodes"]} == dict.fromkeys(
        ("sales", "shops", "sold", "placed", "totals", "out"), "database"
    )
    ended = run(stack, "pushed", "auto")
    assert [s["engine"] for s in ended["stages"] if s["kind"] == "work"] == ["database"]
    # Far less than a byte a row: the statement, the survey, and a handful of counts.
    assert wire.received < ROWS / 2 and wire.sent < ROWS / 2
    pushed = stack.sql("SELECT * FROM pushed_totals ORDER BY 1, 2")
    out = next(node for node in ended["nodes"] if node["id"] == "out")
    assert (out["rowsInserted"], out["rowsUpdated"]) == (len(pushed), 0)
    stack.sql("TRUNCATE pushed_totals")
    here = run(stack, "pulled", "off")
    assert [s["engine"] for s in here["stages"] if s["kind"] == "work"] == ["duckdb"]
    assert wire.received > ROWS
    assert stack.sql("SELECT * FROM pushed_totals ORDER BY 1, 2") == pushed
    again = run(stack, "pushed", "auto")
    assert next(node for node in again["nodes"] if node["id"] == "out")["rowsUnchanged"] == len(pushed)


def test_what_must_be_pushed_down_and_cannot_be_is_refused(stack: Stack, wire: Wire) -> None:
    (stack.files / "sold.csv").write_text("id,shop,customer,amount,status\n1,1,1,1,paid\n")
    recipe = RECIPE.replace("NAME", "refused").replace("MODE", "require")
    stack.apply(recipe.replace("connector: watched, table: pushed_sales", "connector: files, path: sold.csv"))
    with pytest.raises(
        CallRefused,
        match="node sold cannot be pushed down: its input sales stays here: sales is read through default/files, which is no database",
    ):
        stack.client.call("POST", "/pipelines/default/refused/plan", body={})
