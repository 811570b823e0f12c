"""The demo, and every figure of it computed again straight from the source files with nothing of ours."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from infra.local.demo import copy_tables, documents
from tests.support.stack import Stack


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


class Expected:
    def __init__(self, folder: Path) -> None:
        missing = ("NA", "")
        flights, airlines, airports = (rows(folder / f"{name}.csv") for name in ("flights", "airlines", "airports"))
        names = {row["carrier"]: row["name"] for row in airlines}
        known = {row["faa"] for row in airports}
        departed = [row for row in flights if row["dep_time"] not in missing]
        self.read, self.airlines, self.airports, self.departed = len(flights), len(airlines), len(airports), len(departed)
        self.table: dict[tuple[str, int], list[Any]] = defaultdict(lambda: [None, 0, 0, 0, 0, 0])
        for row in departed:
            month = self.table[row["carrier"], int(row["month"])]
            month[0] = names[row["carrier"]]
            month[1] += 1
            month[2] += row["arr_delay"] not in missing and int(row["arr_delay"]) > 15
            month[3] += int(row["distance"])
            if row["arr_delay"] not in missing:
                month[4] += int(row["dep_delay"]) - int(row["arr_delay"])
            month[5] += row["dest"] not in known
        self.never = Counter((row["flight"], row["time_hour"][:13]) for row in flights if row["dep_time"] in missing)


@pytest.fixture(scope="module")
def demo(stack: Stack) -> tuple[Stack, Expected, list[Any]]:
    folder = stack.home.root / "demo"
    copy_tables(folder)
    stack.client.call("PUT", "/credentials/demo/warehouse", body={"password": stack.home.secrets()["demo"]})
    stack.client.call("POST", "/apply", content=documents(stack.home, folder).encode())
    ended = []
    for _ in range(2):
        started = stack.client.call("POST", "/pipelines/demo/flights/runs", body={})
        ended.append(stack.wait(started["id"], 120))
    return stack, Expected(folder), ended


def test_both_runs_succeed_and_every_node_has_its_true_figures(demo: tuple[Stack, Expected, list[Any]]) -> None:
    _, expected, runs = demo
    never = expected.read - expected.departed
    groups = len(expected.table)
    for run in runs:
        assert run["status"] == "SUCCEEDED", run["error"]
        figures = {node["id"]: (node["rowsIn"], node["rowsOut"], node["rowsRejected"]) for node in run["nodes"]}
        assert figures == {
            "read-flights": (expected.read, expected.read, 0),
            "read-airlines": (expected.airlines, expected.airlines, 0),
            "read-airports": (expected.airports, expected.airports, 0),
            "departed": (expected.read, expected.departed, 0),
            "with-airline": (expected.departed + expected.airlines, expected.departed, 0),
            "with-airport": (expected.departed + expected.airports, expected.departed, 0),
            "computed": (expected.departed, expected.departed, 0),
            "per-month": (expected.departed, groups, 0),
            "in-order": (groups, groups, 0),
            "to-parquet": (groups, groups, 0),
            "to-warehouse": (groups, groups, 0),
            "never-departed": (never, never, 0),
        }
        assert [q["score"] for q in run["quality"]] == [100.0]


def test_the_second_run_changes_no_row(demo: tuple[Stack, Expected, list[Any]]) -> None:
    _, expected, runs = demo
    sinks = [next(node for node in run["nodes"] if node["id"] == "to-warehouse") for run in runs]
    assert [sink["rowsInserted"] for sink in sinks] == [len(expected.table), 0]
    assert sinks[1]["rowsUnchanged"] == len(expected.table)


def test_the_table_holds_what_the_files_say(demo: tuple[Stack, Expected, list[Any]]) -> None:
    stack, expected, _ = demo
    found = stack.sql("SELECT carrier, month, name, flights, delayed, miles, caught_up, unknown_airports FROM carrier_months")
    assert len(found) == len(expected.table)
    for carrier, month, *figures in found:
        assert [figures[0], *(int(figure) for figure in figures[1:])] == expected.table[carrier, int(month)]


def test_the_parquet_file_is_sorted_and_equal_to_the_table(demo: tuple[Stack, Expected, list[Any]]) -> None:
    import duckdb

    stack, expected, _ = demo
    found = duckdb.sql(f"SELECT carrier, month, flights FROM '{stack.home.root}/demo/out/carrier_months.parquet'").fetchall()
    assert [(carrier, month) for carrier, month, _ in found] == sorted(expected.table)
    assert {(carrier, month): flights for carrier, month, flights in found} == {key: value[1] for key, value in expected.table.items()}


def test_the_flights_that_never_departed_are_in_their_file(demo: tuple[Stack, Expected, list[Any]]) -> None:
    stack, expected, _ = demo
    found = rows(stack.home.root / "demo" / "out" / "never_departed.csv")
    assert Counter((row["flight"], row["time_hour"].replace(" ", "T")[:13]) for row in found) == expected.never


def test_the_command_line_shows_the_runs(demo: tuple[Stack, Expected, list[Any]]) -> None:
    stack, _, runs = demo
    command = [sys.executable, "-m", "services.api.cli.__main__", "status", runs[0]["id"]]
    shown = subprocess.run(
        command, env={"PENSTOCK_HOME": str(stack.home.root), "PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=True
    )
    assert "SUCCEEDED" in shown.stdout
    assert f"{runs[0]['nodes'][0]['rowsOut']:,}" in shown.stdout
