"""Values that would be more than values: through parameters into SQL, names of columns and tables, and paths, on DuckDB and PostgreSQL.

Nothing of them is executed, and nothing is lost: what comes out is what was given, character by character.
"""

from __future__ import annotations

import csv
import json
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.e2e.test_command_line import penstock
from tests.e2e.test_parameters import post, written
from tests.support.stack import Stack

pytestmark = pytest.mark.stack

SECRET = "sesame-7f3a-open"
# PostgreSQL's names have 63 bytes, and some are put before these.
VALUES = {
    "quote": "it's",
    "double quote": '"; x "y',
    "statement": "a'; DROP TABLE victims; --",
    "statement in a name": 'a"; DROP TABLE victims; --',
    "comment": "a /* b */ -- c",
    "always true": "' OR '1'='1",
    "call": "'); SELECT pg_sleep(99); --",
    "backslash": "a\\' OR 1=1 --\\",
    "dollar quotes": "$$; DROP TABLE victims; $x$",
    "wide quotes": "＇ʼ‘’“”`´",
    "right to left": "\u202etxt\u202c \u200b\ufeff",
    "combined and beyond": "e\u0301 é 😀 𝔘",
    "line separators": "a\u2028b\u0085c\td",
    "two lines": "a: [b]\n- &c !!d {e}\n---",
    "YAML": "{a: *b, <<: [c]} # d",
    "template": "{{today}} {{nothing}} {{",
    "credential": "{{credential:sesame#word}}",
    "vault": "{{vault:secret/app#key}}",
    "shell": "$(id) `id` ; | & > x",
    "formats": "%s %(x)s {0} {x!r} ${y}",
    "globs": "*?[a-z]{b,c}**",
    "word of SQL": "select",
    "number": "1e9",
    "dots": "public.victims ..",
    "dot in quotes": '"public"."victims"',
    "null": "NULL",
    "blank": " a  b ",
}

FILES = """apiVersion: penstock/v1
kind: Pipeline
metadata: {name: injected-files}
spec:
  retries: 0
  concurrencyPolicy: Allow
  parameters: [{name: v, required: true}]
  nodes:
    - {id: read, type: connector_source, config: {connector: files, path: "injected/{{v}}.csv", columns: [id, "{{v}}"]}}
    - {id: keep, type: filter, config: {condition: '"{{v}}" = {{v}} AND {{v}} || ''>'' = ''{{v}}>'''}}
    - {id: mark, type: expression, config: {columns: [{name: "got {{v}}", expression: "'<{{v}}>'"}]}}
    - {id: sort, type: sorter, config: {by: [{column: "{{v}}"}]}}
    - {id: write, type: connector_sink, config: {connector: files, path: "injected/out/{{v}}.csv", writeMode: OVERWRITE}}
  edges: [{from: read, to: keep}, {from: keep, to: mark}, {from: mark, to: sort}, {from: sort, to: write}]
"""

TABLES = """apiVersion: penstock/v1
kind: Pipeline
metadata: {name: injected-tables}
spec:
  retries: 0
  concurrencyPolicy: Allow
  parameters: [{name: v, required: true}]
  nodes:
    - {id: table, type: connector_source, config: {connector: db, table: "in {{v}}"}}
    - id: query
      type: connector_source
      config:
        connector: db
        query: |
          SELECT id + 10 AS id, t."{{v}}", '<{{v}}>' AS "got {{v}}" -- of {{v}}
            FROM "in {{v}}" AS t WHERE "{{v}}" = {{v}} AND {{v}} IN ({{v}}, 'x')
    - {id: mark, type: expression, config: {columns: [{name: "got {{v}}", expression: "'<' || {{v}} || '>'"}]}}
    - {id: both, type: union, config: {}}
    - {id: write, type: connector_sink,
       config: {connector: db, table: "out {{v}}", writeMode: UPSERT, upsertKeys: [id, "{{v}}"], createTable: true}}
  edges: [{from: table, to: mark}, {from: mark, to: both}, {from: query, to: both}, {from: both, to: write}]
"""


@pytest.fixture(scope="module")
def victims(stack: Stack) -> Stack:
    stack.client.call("PUT", "/credentials/default/sesame", body={"word": SECRET})
    stack.sql("DROP TABLE IF EXISTS victims")
    stack.sql("CREATE TABLE victims (id int)")
    stack.sql("INSERT INTO victims VALUES (1), (2)")
    return stack


def runs(stack: Stack, pipeline: str) -> dict[str, Any]:
    """One run for each value, all at once, each once it has ended."""
    started = {}
    for name, value in VALUES.items():
        answer = post(stack, f"/pipelines/default/{pipeline}/runs", {"parameters": {"v": value}})
        assert answer.status_code == 202, (name, answer.text)
        started[name] = answer.json()["id"]
    ended = {name: stack.wait(run, 120) for name, run in started.items()}
    assert {name: run["error"] for name, run in ended.items() if run["status"] != "SUCCEEDED"} == {}
    assert {name: run["parameters"]["v"] for name, run in ended.items()} == VALUES
    assert SECRET not in str(ended)
    return ended


def test_values_in_conditions_columns_and_paths_of_files_are_only_values(victims: Stack) -> None:
    for value in VALUES.values():
        path = victims.files / "injected" / f"{value}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="") as file:
            csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([["id", value], [1, value], [2, f"{value} "], [3, ""]])
    # What a glob would have found beside the file that is named.
    (victims.files / "injected" / "anything{b,c}x.csv").write_text((victims.files / "injected" / "it's.csv").read_text())
    victims.apply(FILES)
    runs(victims, "injected-files")
    for name, value in VALUES.items():
        path = victims.files / "injected/out" / f"{value}.csv"
        assert written(path) == [["1", value, f"<{value}>"]], name
        with path.open(newline="") as file:
            assert next(csv.reader(file)) == ["id", value, f"got {value}"], name


def test_values_in_queries_and_tables_of_a_database_are_only_values(victims: Stack) -> None:
    with psycopg.connect(victims.demo_url, autocommit=True) as connection:
        for value in VALUES.values():
            table, column = sql.Identifier(f"in {value}"), sql.Identifier(value)
            connection.execute(sql.SQL("CREATE TABLE {} (id int, {} text)").format(table, column))
            connection.execute(sql.SQL("INSERT INTO {} VALUES (1, {})").format(table, sql.Literal(value)))
    before = {name for (name,) in victims.sql("SELECT relname FROM pg_class WHERE relkind = 'r'")}
    victims.apply(TABLES)
    runs(victims, "injected-tables")
    made = {name for (name,) in victims.sql("SELECT relname FROM pg_class WHERE relkind = 'r'")} - before
    assert made - {"penstock_markers"} == {f"out {value}" for value in VALUES.values()}
    assert victims.sql("SELECT id FROM victims ORDER BY id") == [(1,), (2,)]
    with psycopg.connect(victims.demo_url) as connection:
        for name, value in VALUES.items():
            rows = connection.execute(sql.SQL("SELECT * FROM {} ORDER BY id").format(sql.Identifier(f"out {value}")))
            assert rows.fetchall() == [(1, value, f"<{value}>"), (11, value, f"<{value}>")], name
            assert [column.name for column in rows.description or ()] == ["id", value, f"got {value}"], name


@pytest.mark.parametrize("value", ["../../secrets", "/etc/passwd", "/etc/pass*", "../*", "../" * 30 + "etc/passwd", "x" * 300])
def test_a_path_does_not_leave_its_folder(victims: Stack, value: str) -> None:
    victims.apply(FILES)
    answer = post(victims, "/pipelines/default/injected-files/runs", {"parameters": {"v": value}})
    ended = victims.wait(answer.json()["id"])
    assert ended["status"] == "FAILED"
    assert any(words in ended["error"]["message"] for words in ("leaves", "is not in", "more than 255 bytes"))


@pytest.mark.parametrize("value", ["x" * 64, "ż" * 40])
def test_a_name_that_the_database_would_cut_off_is_refused(victims: Stack, value: str) -> None:
    victims.apply(TABLES)
    answer = post(victims, "/pipelines/default/injected-tables/runs", {"parameters": {"v": value}})
    assert answer.status_code == 422
    assert "more than 63 bytes" in answer.json()["detail"]


@pytest.mark.parametrize("value", ["a\0b", "\ud800", ["x"], {"$ne": 1}, 7, True, None])
def test_what_no_text_can_hold_is_refused(victims: Stack, value: Any) -> None:
    victims.apply(FILES)
    answer = post(victims, "/pipelines/default/injected-files/runs", {"parameters": {"v": value}})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    (error,) = answer.json()["errors"]
    assert error["path"] == "/parameters/v"


# Each would have read, and written into its column, a file that no connector of the recipe leads to.
OUT_OF_QUOTES = {
    "a unit": ("expression", """EXTRACT("year FROM x) + (SELECT length(content) FROM read_text('{file}')) + EXTRACT(year" FROM x)"""),
    "a value in a unit": ("expression", 'EXTRACT("{{{{v}}}}" FROM x)'),
    "a name of a WITH, where it cannot be seen": (
        "sql",
        """WITH a AS (WITH "{file}" AS (SELECT 1 AS x) SELECT x FROM "{file}")
        SELECT a.x, (SELECT max(one) FROM "{file}" AS t(one)) AS leaked FROM a CROSS JOIN read""",
    ),
}


@pytest.mark.parametrize("way", OUT_OF_QUOTES)
def test_no_quoted_text_becomes_sql_of_its_own(victims: Stack, way: str) -> None:
    kind, text = OUT_OF_QUOTES[way]
    file = victims.files / "injected" / "unnamed.csv"
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"top\n{SECRET}\n")
    (victims.files / "injected" / "few.csv").write_text("x\n2024-01-01\n")
    said = text.format(file=file)
    config = {"query": said} if kind == "sql" else {"columns": [{"name": "leaked", "expression": said}]}
    recipe = {
        "apiVersion": "penstock/v1",
        "kind": "Pipeline",
        "metadata": {"name": "out-of-quotes"},
        "spec": {
            "retries": 0,
            "parameters": [{"name": "v", "default": "year FROM x) + (SELECT count(*) FROM read_text('/etc/passwd')) + EXTRACT(year"}],
            "nodes": [
                {"id": "read", "type": "connector_source", "config": {"connector": "files", "path": "injected/few.csv"}},
                {"id": "it", "type": kind, "config": config},
                {
                    "id": "write",
                    "type": "connector_sink",
                    "config": {"connector": "files", "path": "injected/leaked.csv", "writeMode": "OVERWRITE"},
                },
            ],
            "edges": [{"from": "read", "to": "it"}, {"from": "it", "to": "write"}],
        },
    }
    victims.client.call("PUT", "/pipelines/default/out-of-quotes", body=recipe)
    answer = post(victims, "/pipelines/default/out-of-quotes/runs", {})
    assert answer.status_code in (409, 422), answer.text
    assert any(words in answer.text for words in ("only a plain word can", "no edge brings it"))


def test_no_connector_leads_to_files_of_penstocks_own(victims: Stack) -> None:
    home = victims.home.root
    mine = {"files", "demo", "box"}
    wanted = [entry.name if entry.is_file() else f"{entry.name}/x" for entry in sorted(home.iterdir()) if entry.name not in mine]
    assert {"api.token", "master.key", "secrets.json", "staging/x"} <= set(wanted)
    for name, root, paths in (("state", home, wanted), ("machine", "/", [f"{home}/api.token"[1:], "proc/self/environ"])):
        victims.apply(
            f"{{apiVersion: penstock/v1, kind: Connector, metadata: {{name: {name}}}, spec: {{type: files, config: {{root: {root}}}}}}}"
        )
        for path in paths:
            answer = post(victims, f"/connectors/default/{name}/preview", {"path": path, "format": "csv"})
            assert (answer.status_code, "files of its own" in answer.text) == (422, True), (path, answer.text)
    for kind, field, place in (
        ("files", "root", home / "staging"),
        ("sqlite", "path", home / "secrets.json"),
        ("duckdb", "path", "/proc/self/mem"),
    ):
        config = f"{{type: {kind}, config: {{{field}: {place}}}}}"
        victims.apply(f"{{apiVersion: penstock/v1, kind: Connector, metadata: {{name: state}}, spec: {config}}}")
        checked = post(victims, "/connectors/default/state/check", {}).json()
        assert not checked["ok"] and "files of its own" in str(checked), (kind, checked)


def test_what_others_wrote_says_nothing_to_the_terminal_and_is_no_markup(victims: Stack) -> None:
    name = "no[/x][link=http://evil]\x1b]0;mine\x07\x9b2J\r.csv"
    recipe = {
        "apiVersion": "penstock/v1",
        "kind": "Pipeline",
        "metadata": {"name": "terminal"},
        "spec": {
            "retries": 0,
            "nodes": [
                {"id": "read", "type": "connector_source", "config": {"connector": "files", "path": name}},
                {"id": "write", "type": "connector_sink", "config": {"connector": "files", "path": "x.csv", "writeMode": "OVERWRITE"}},
            ],
            "edges": [{"from": "read", "to": "write"}],
        },
    }
    victims.client.call("PUT", "/pipelines/default/terminal", body=recipe)
    run = victims.start("terminal")
    assert name.split("\r")[0] in victims.wait(run)["error"]["message"]
    for command in (("status", run), ("logs", run)):
        done = penstock(victims, *command)
        assert (done.returncode, done.stderr) == (0, "")
        assert "no[/x][link=http://evil]\\x1b]0;mine\\x07\\x9b2J\\x0d.csv" in done.stdout
        assert not set(done.stdout) & {"\x1b", "\x07", "\x9b", "\r"}
    assert json.loads(penstock(victims, "status", run, "-o", "json").stdout)["error"] == victims.run(run)["error"]
