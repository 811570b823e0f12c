"""A connector is tried, its tables are listed and their first rows shown, over the API and the command line, for each type."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from services.api.cli.client import CallRefused
from tests.e2e.test_databases import connect
from tests.support.databases import Sqlite
from tests.support.mariadb import Mariadb
from tests.support.mariadb import Server as MariadbServer
from tests.support.stack import Stack

pytestmark = pytest.mark.stack


def look(stack: Stack, connector: str, does: str, **body: Any) -> Any:
    return stack.client.call("POST", f"/connectors/default/{connector}/{does}", body=body, wait=30)


def penstock(stack: Stack, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PENSTOCK_HOME": str(stack.home.root)}
    command = [sys.executable, "-m", "services.api.cli", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def looks_right(stack: Stack, name: str, own: Sqlite | Mariadb) -> None:
    own.sql("CREATE TABLE people (id bigint PRIMARY KEY, user_password varchar(20), amount decimal(20, 2) NOT NULL)")
    own.sql("INSERT INTO people VALUES (9007199254740993, 'hidden', 1.10), (2, NULL, 2.00)")
    connect(stack, name, own)
    checked = look(stack, name, "check")
    assert checked["ok"], checked
    assert "connected to" in checked["tried"][0]["said"]
    (table,) = (one for one in look(stack, name, "discover")["items"] if one["name"] == "people")
    assert [(c["name"], c["type"], c["vendorType"].lower()) for c in table["columns"]][1:] == [
        ("user_password", "TEXT", "varchar(20)"),
        ("amount", "NUMERIC(20, 2)", table["columns"][2]["vendorType"].lower()),
    ]
    assert table["keys"] == [["id"]]
    rows = look(stack, name, "preview", table="people")["rows"]
    assert sorted(rows, key=lambda row: row["id"]) == [
        {"id": "2", "user_password": None, "amount": "2.00"},
        {"id": "9007199254740993", "user_password": "***", "amount": "1.10"},
    ]


def test_databases_are_looked_at(stack: Stack, mariadb: MariadbServer, tmp_path: Path) -> None:
    looks_right(stack, "look-sqlite", Sqlite(tmp_path))
    looks_right(stack, "look-mariadb", mariadb.database())
    with pytest.raises(CallRefused, match=r"table peple is not in .*; did you mean people\?"):
        look(stack, "look-sqlite", "preview", table="peple")
    with pytest.raises(CallRefused, match="must name one of table, query or path"):
        look(stack, "look-sqlite", "preview", table="a", query="b")
    with pytest.raises(CallRefused, match="there is no connector default/nobody"):
        look(stack, "nobody", "check")


def test_files_and_postgres_are_looked_at(stack: Stack) -> None:
    (stack.files / "looked.csv").write_text("id,api_token\n1,abc\n")
    assert look(stack, "files", "check")["ok"]
    assert "looked.csv" in [one["name"] for one in look(stack, "files", "discover")["items"]]
    assert look(stack, "files", "preview", path="looked.csv")["rows"] == [{"id": "1", "api_token": "***"}]
    stack.sql('CREATE TABLE "looked at" (id bigint PRIMARY KEY, at timestamptz)')
    stack.sql("INSERT INTO \"looked at\" VALUES (1, '2024-01-02 03:04:05+00')")
    assert [one["ok"] for one in look(stack, "db", "check")["tried"]] == [True, True, True]
    (found,) = (one for one in look(stack, "db", "discover")["items"] if one["name"] == "looked at")
    assert found["columns"][1]["vendorType"] == "timestamp with time zone"
    assert look(stack, "db", "preview", table="looked at")["rows"] == [{"id": "1", "at": "2024-01-02 03:04:05+00"}]


def test_what_does_not_work_is_told_in_a_sentence(stack: Stack, mariadb: MariadbServer) -> None:
    own = mariadb.database()
    connect(stack, "look-closed", Mariadb("mysql", {**own.config, "password": "wrong"}))
    checked = look(stack, "look-closed", "check")
    assert not checked["ok"]
    assert "the login was refused" in checked["tried"][-1]["said"]
    said = penstock(stack, "connectors", "check", "look-closed")
    assert (said.returncode, "FAILED" in said.stdout) == (1, True)


def test_the_command_line_looks_too(stack: Stack) -> None:
    (stack.files / "shown.csv").write_text("id,name\n1,né\n")
    assert "good  list" in penstock(stack, "connectors", "check", "files").stdout
    assert "shown.csv" in penstock(stack, "connectors", "discover", "files").stdout
    assert "né" in penstock(stack, "connectors", "preview", "files", "--path", "shown.csv").stdout
    assert "default/files" in penstock(stack, "connectors").stdout


def test_an_answer_that_is_late_can_be_fetched(stack: Stack) -> None:
    waiting = stack.client.call("POST", "/connectors/default/files/check", body={}, wait=0)
    address = f"/connectors/default/files/looks/{waiting['request']}"
    found = stack.until(lambda: answer if "ok" in (answer := stack.client.call("GET", address)) else None, 30, "the answer")
    assert found["ok"]
