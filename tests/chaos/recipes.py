"""The pipelines that are broken: one for each way in which rows get into a destination, slow enough to be met in the middle."""

from __future__ import annotations

import csv
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.stack import Stack

ROWS, BAD = 240, 6
HEAD = (
    "apiVersion: penstock/v1\nkind: Pipeline\nmetadata: {name: NAME}\nspec:\n  retries: 12\n  retryDelay: 1\n  retryMaxDelay: 3\nSETTINGS"
)
# Paced by the row: the source is read for a second or more.
SLOW = f"SELECT i AS id, i %% 7 AS k, CASE WHEN i <= {BAD} THEN 'x' ELSE i::text END AS t, pg_sleep(0.005)::text AS p".replace("%%", "%")
SOURCE = f'{{id: read, type: connector_source, config: {{connector: db, query: "{SLOW} FROM generate_series(1, {ROWS}) AS i"}}}}'
FILE = "{id: read, type: connector_source, config: {connector: files, path: in.csv, schema: {id: BIGINT, k: BIGINT}}}"
TYPED = "{id: typed, type: expression, config: {columns: [{name: n, expression: CAST(t AS INTEGER)}]}}"


def sink(name: str, connector: str, where: str, mode: str, more: str = "") -> str:
    return f"{{id: {name}, type: connector_sink, config: {{connector: {connector}, {where}, writeMode: {mode}{more}}}}}"


def recipe(name: str, settings: str, nodes: list[str], edges: list[str]) -> str:
    head = HEAD.replace("NAME", name).replace("SETTINGS", settings)
    listed = "".join(f"    - {node}\n" for node in nodes)
    drawn = ", ".join(
        f"{{from: {source}, to: {target}{', columns: [' + columns + ']' if columns else ''}}}"
        for source, target, columns in (edge.split(">") for edge in edges)
    )
    return f"{head}  nodes:\n{listed}  edges: [{drawn}]\n"


OFF = "  pushDown: {mode: off}\n"
RECIPES = {
    "insert": recipe(
        "insert",
        OFF,
        [SOURCE, TYPED, "{id: few, type: filter, config: {condition: k <> 3}}", sink("add", "db", "table: added", "INSERT"),
         sink("rest", "files", "path: rest.csv", "OVERWRITE")],
        ["read>typed>", "typed>few>", "few>add>id, n", "few.rejected>rest>id"],
    ),
    "upsert": recipe(
        "upsert", OFF, [FILE, sink("merge", "db", "table: merged", "UPSERT", ", upsertKeys: [id]")], ["read>merge>id, k"]
    ),
    "overwrite": recipe(
        "overwrite",
        OFF,
        [SOURCE, "{id: groups, type: aggregator, config: {groupBy: [k], aggregations: [{name: rows, function: count}]}}",
         sink("put", "db", "table: counted", "OVERWRITE"), sink("file", "files", "path: counted.csv", "OVERWRITE")],
        ["read>groups>", "groups>put>k, rows", "groups>file>k, rows"],
    ),
    "fan-out": recipe(
        "fan-out",
        OFF + "  staging: all\n",
        [SOURCE, "{id: split, type: router, config: {routes: [{name: low, condition: k < 3}, {name: high, condition: k >= 3}]}}",
         sink("low", "db", "table: fanned", "INSERT"), sink("high", "lite", "table: fanned", "INSERT"),
         sink("parts", "files", "path: parts", "INSERT", ", format: csv")],
        ["read>split>", "split.low>low>id", "split.high>high>id", "read>parts>id, k"],
    ),
    "inside": recipe(
        "inside",
        "  pushDown: {mode: require}\n",
        [SOURCE, "{id: few, type: filter, config: {condition: k <> 3}}", sink("add", "db", "table: computed", "INSERT")],
        ["read>few>", "few>add>id, k"],
    ),
    "incremental": recipe(
        "incremental",
        OFF,
        ["{id: read, type: connector_source, config: {connector: db, table: arrived, incremental: {cursorColumn: at, initialValue: 40}}}",
         sink("take", "db", "table: taken", "INSERT")],
        ["read>take>"],
    ),
}  # fmt: skip
RULES = """
apiVersion: penstock/v1
kind: DataQualityRuleSet
metadata: {name: added-rules}
spec:
  dataset: {connector: db, table: added}
  rules: [{name: id-once, type: UNIQUE, column: id, severity: critical}]
"""
TABLES = {
    "added": "id bigint, n bigint",
    "merged": "id bigint PRIMARY KEY, k bigint",
    "counted": "k bigint, rows bigint",
    "fanned": "id bigint",
    "computed": "id bigint, k bigint",
    "taken": "id bigint, at bigint",
}


@dataclass(frozen=True)
class Destinations:
    """All that the recipes write, in one stack."""

    stack: Stack
    lite: Path

    def make(self, port: int) -> None:
        """`port`: where the users' database is reached by pipelines."""
        files, password = self.stack.files, self.stack.home.secrets()["demo"]
        connector = "apiVersion: penstock/v1\nkind: Connector\nmetadata: {{name: {}}}\nspec: {{type: {}, config: {{{}}}}}\n---\n"
        self.stack.apply(
            connector.format("files", "files", f"root: {files}")
            + connector.format("lite", "sqlite", f"path: {self.lite}")
            + connector.format("db", "postgres", f'host: 127.0.0.1, port: {port}, database: demo, user: demo, password: "{password}"')
            + RULES
        )
        lines = [f"{i},{'oops' if i <= BAD else i % 7}" for i in range(1, 20 * ROWS + 1)]
        (files / "in.csv").write_text("\n".join(["id,k", *lines]) + "\n")
        for name, columns in TABLES.items():
            self.stack.sql(f"CREATE TABLE {name} ({columns})")
        self.stack.sql("CREATE FUNCTION paced() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.003); RETURN NEW; END $$")
        self.stack.sql("CREATE TABLE arrived (id bigint PRIMARY KEY, at bigint)")
        self.stack.sql(f"INSERT INTO arrived SELECT i, i / 2 FROM generate_series(1, {ROWS}) AS i")
        for name in ("added", "fanned", "taken"):
            self.stack.sql(f"CREATE TRIGGER paced BEFORE INSERT ON {name} FOR EACH ROW EXECUTE FUNCTION paced()")
        self.lite.parent.mkdir(parents=True, exist_ok=True)
        with sqlite3.connect(self.lite) as lite:
            lite.execute("CREATE TABLE fanned (id bigint)")
        self.stack.apply("---\n".join(RECIPES.values()))

    def empty(self) -> None:
        """As before the first run; half of UPSERT's keys are there already, with other values."""
        if self.cursor() is not None:
            self.stack.client.call("DELETE", "/pipelines/default/incremental/state/read")
        self.stack.sql(f"TRUNCATE {', '.join(TABLES)}")
        self.stack.sql(f"INSERT INTO merged SELECT i, -1 FROM generate_series(1, {10 * ROWS}) AS i")
        with sqlite3.connect(self.lite, timeout=30) as lite:
            lite.execute("DELETE FROM fanned")
        for path in [self.stack.files / "rest.csv", self.stack.files / "counted.csv", *(self.stack.files / "parts").glob("part-*")]:
            path.unlink(missing_ok=True)

    def cursor(self) -> str | None:
        """How far the incremental recipe has read; None before it has read anything."""
        state = self.stack.client.call("GET", "/pipelines/default/incremental/state")
        return next((cursor["value"] for cursor in state["cursors"]), None)

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Of each destination, in an order of its own; litter in the files' folders is a destination too."""
        found: dict[str, list[tuple[Any, ...]]] = {name: sorted(self.stack.sql(f"SELECT * FROM {name}")) for name in TABLES}
        with sqlite3.connect(self.lite, timeout=30) as lite:
            found["lite.fanned"] = sorted(lite.execute("SELECT * FROM fanned"))
        files = self.stack.files
        for name, paths in {
            "rest.csv": [files / "rest.csv"],
            "counted.csv": [files / "counted.csv"],
            "parts": sorted(path for path in (files / "parts").iterdir() if path.is_file()),
        }.items():
            found[name] = sorted(row for path in paths for row in _lines(path))
        found["cursor"] = [(self.cursor(),)]
        found["litter"] = sorted((str(path.relative_to(files)),) for path in files.rglob(".penstock-tmp-*"))
        return found


def _lines(path: Path) -> list[tuple[Any, ...]]:
    with path.open(newline="") as file:
        return [tuple(row) for row in list(csv.reader(file))[1:]]
