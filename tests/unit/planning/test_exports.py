"""A pipeline as a project that runs without Penstock gives the rows that a run gives."""

from __future__ import annotations

import ast
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import duckdb_extension_postgres_scanner
import psycopg
import pytest
import sqlglot
import yaml

from services.worker import stage as engine
from shared.engines.control import Control
from shared.engines.work import Job, Limits, ResolvedConnector
from shared.pipelines.language import pipeline, read_documents, rule_set
from shared.planning.exports import TARGETS, CannotExport, Project, exported, project
from shared.planning.needs import needs, survey
from shared.store.identifiers import new_id
from tests.support.inprocess import Ran, run
from tests.support.postgresql import server

RECIPE = """\
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: shop}
spec:
  schedule: "0 2 * * 1-5 !PL_HOLIDAY"
  nodes:
    - id: orders
      type: connector_source
      config:
        connector: files
        path: orders.csv
        where: id > 0
        schema: {id: BIGINT, country: TEXT, amount: "NUMERIC(12,2)", status: TEXT, day: DATE, quantity: TEXT}
        options: {nullValues: ["", NA]}
    - {id: countries, type: connector_source, config: {connector: files, path: countries.parquet}}
    - {id: paid, type: filter, config: {condition: "status = 'paid' OR status LIKE 'p%d'"}}
    - {id: named, type: joiner, config: {joinType: LEFT, left: paid, right: countries, keys: [{left: country, right: code}]}}
    - id: net
      type: expression
      config:
        columns:
          - {name: each, expression: amount / CAST(quantity AS BIGINT)}
          - {name: month, expression: "date_trunc('month', day)"}
    - id: by-country
      type: aggregator
      config:
        groupBy: [name]
        aggregations:
          - {name: orders, function: count}
          - {name: amount, function: sum, column: amount}
          - {name: most, function: max, column: each}
    - {id: in-order, type: sorter, config: {by: [{column: amount, direction: desc}, {column: name}]}}
    - {id: result, type: connector_sink, config: {connector: files, path: out/result.csv, writeMode: OVERWRITE}}
    - {id: unpaid, type: connector_sink, config: {connector: files, path: out/unpaid.parquet, writeMode: OVERWRITE}}
    - {id: broken, type: connector_sink, config: {connector: files, path: out/broken.csv, writeMode: OVERWRITE}}
  edges:
    - {from: orders, to: paid}
    - {from: paid, to: named}
    - {from: countries, to: named}
    - {from: named, to: net}
    - {from: net, to: by-country}
    - {from: by-country, to: in-order}
    - {from: in-order, to: result}
    - {from: paid.rejected, to: unpaid}
    - {from: net.error, to: broken}
---
apiVersion: penstock/v1
kind: DataQualityRuleSet
metadata: {name: result}
spec:
  dataset: {connector: files, path: out/result.csv}
  rules:
    - {name: name-is-there, type: NOT_NULL, column: name}
    - {name: one-a-country, type: UNIQUE, columns: [name]}
    - {name: some, type: RANGE, column: orders, min: 1}
    - {name: rows, type: ROW_COUNT, min: 1}
"""
ORDERS = """\
id,country,amount,status,day,quantity
1,PL,120.50,paid,2026-03-01,3
2,DE,80.00,paid,2026-03-02,2
3,PL,9.99,open,2026-03-02,1
4,FR,twelve,paid,2026-03-03,1
5,DE,45.25,paid,2026-03-04,4
6,XX,230.00,paid,2026-03-05,many
7,NA,12.00,paid,2026-03-05,1
8,PL,1.10,pod,,0
0,PL,5.00,paid,2026-03-05,1
"""
OUT = ("out/result.csv", "out/unpaid.parquet", "out/broken.csv")


def written(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "orders.csv").write_text(ORDERS)
    duckdb.sql("SELECT * FROM (VALUES ('PL', 'Poland'), ('DE', 'Germany'), ('FR', 'France')) AS t(code, name)").write_parquet(
        str(folder / "countries.parquet")
    )
    return folder


def as_project(folder: Path, recipe: str, connectors: Mapping[str, tuple[str, dict[str, Any]]] | None = None) -> Project:
    """Of the first document; sources are looked at by the worker's own code."""
    named = {f"default/{name}": one for name, one in (connectors or {"files": ("files", {"root": str(folder)})}).items()}
    documents = read_documents(recipe)
    made = pipeline(documents[0])
    types = {name: kind for name, (kind, _) in named.items()}
    resolved = {name: ResolvedConnector(name, kind, config) for name, (kind, config) in named.items()}
    facts = {}
    for stage in survey(made, needs(made, types)).stages:
        limits = Limits(1_000_000_000, 2, str(folder))
        job = Job("default", new_id(), stage.id, 1, "survey", stage.program, resolved, {}, str(folder / "staging"), limits)
        found = engine.survey(job, Control()).facts
        assert found is not None
        facts[found["key"]] = found["found"]
    return project(made, facts, named, [rule_set(document) for document in documents[1:]], version=3)


def laid_out(files: Mapping[str, str], folder: Path) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def rows(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Of each file that was written; texts of CSV as they are."""
    (folder / "out").mkdir(exist_ok=True)
    return {
        path: duckdb.read_parquet(str(folder / path)).fetchall()
        if path.endswith("parquet")
        else [tuple(line.split(",")) for line in (folder / path).read_text().splitlines()]
        for path in OUT
    }


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    folder = written(tmp_path_factory.mktemp("ran"))
    return folder, run(folder, RECIPE)


def test_the_sql_gives_the_rows_of_the_run(ran: tuple[Path, Ran], tmp_path: Path) -> None:
    data = written(tmp_path / "data")
    (data / "out").mkdir()
    files = exported(as_project(data, RECIPE), "sql")
    with duckdb.connect() as connection:
        for statement in files["pipeline.sql"].split(";\n"):
            connection.execute(statement)
    assert rows(data) == rows(ran[0])
    assert len(rows(data)["out/result.csv"]) == 4
    assert "Lines that could not be read are in the table orders_rejects" in files["README.md"]


def test_the_script_gives_the_rows_of_the_run_wherever_the_folder_lies(ran: tuple[Path, Ran], tmp_path: Path) -> None:
    made = as_project(written(tmp_path / "data"), RECIPE)
    there = laid_out(exported(made, "python"), tmp_path / "project")
    data = written(tmp_path / "else where's")
    done = subprocess.run(
        [sys.executable, "pipeline.py"], cwd=there, env={**os.environ, "FILES_ROOT": str(data)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == "orders: 1 lines are no rows, and were left out\n"
    assert rows(data) == rows(ran[0])
    assert not (tmp_path / "data" / "out").exists()


def test_a_function_of_a_persons_own_is_called(tmp_path: Path) -> None:
    source = "import math\\nTEXT = '''a\\n  b'''\\ndef transform(table):\\n    table['doubled'] = table['id'] * 2\\n    return table\\n"
    recipe = f"""\
apiVersion: penstock/v1
kind: Pipeline
metadata: {{name: own}}
spec:
  nodes:
    - {{id: orders, type: connector_source, config: {{connector: files, path: orders.csv, columns: [id]}}}}
    - id: doubled
      type: python
      config: {{function: "{source}", columns: [{{name: id, type: BIGINT}}, {{name: doubled, type: BIGINT}}]}}
    - {{id: write, type: connector_sink, config: {{connector: files, path: out/result.csv, writeMode: OVERWRITE}}}}
  edges: [{{from: orders, to: doubled}}, {{from: doubled, to: write}}]
"""
    made = as_project(written(tmp_path), recipe)
    there = laid_out(exported(made, "python"), tmp_path / "project")
    done = subprocess.run([sys.executable, "pipeline.py"], cwd=there, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "result.csv").read_text().splitlines()[:3] == ["id,doubled", "1,2", "2,4"]
    assert "pandas" in (there / "requirements.txt").read_text()
    for target in sorted(TARGETS.keys() - {"python", "airflow"}):
        with pytest.raises(CannotExport, match="node doubled is a function in Python"):
            exported(made, target)


def test_the_dag_has_a_task_for_each_step_in_the_order_of_the_recipe(tmp_path: Path) -> None:
    files = exported(as_project(written(tmp_path), RECIPE), "airflow")
    dag = ast.parse(files["shop_dag.py"])
    assert "CronTriggerTimetable('0 2 * * 1-5', timezone='Europe/Warsaw')" in files["shop_dag.py"]
    assert "Days off are not left out" in files["README.md"]
    assert any(isinstance(node, ast.Import) and node.names[0].name == "shop_pipeline" for node in ast.walk(dag))
    scope: dict[str, Any] = {"__name__": "shop_pipeline"}
    exec(compile(files["shop_pipeline.py"], "shop_pipeline.py", "exec"), scope)
    steps = scope["STEPS"]
    assert all(before in steps for step in steps.values() for before in step["after"])
    assert steps["named"]["after"] == ["paid", "countries"]
    done: set[str] = set()
    for name, step in steps.items():
        assert set(step["after"]) <= done
        done.add(name)


def test_what_spark_is_told_is_sparks_sql(tmp_path: Path) -> None:
    text = exported(as_project(written(tmp_path), RECIPE), "spark")["pipeline.py"]
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    said = [call.args[0].value for call in calls if call.func.attr == "sql" and isinstance(call.args[0], ast.Constant)]
    assert len(said) > 8
    # A cast that may fail must not end the run.
    assert "TRY_CAST(`named`.`quantity` AS BIGINT)" in text
    for statement in said:
        sqlglot.parse_one(statement, dialect="spark")


def test_a_dbt_project_has_a_model_for_each_relation_and_tests_of_the_rules(tmp_path: Path) -> None:
    files = exported(as_project(written(tmp_path), RECIPE), "dbt")
    assert "{{ ref('paid') }}" in files["models/named.sql"]
    models = {one["name"]: one for one in yaml.safe_load(files["models/models.yml"])["models"]}
    assert models["write_result"]["columns"] == [{"name": "name", "data_tests": ["not_null", "unique"]}]
    assert '"orders" < 1' in files["tests/result_some.sql"]
    assert "Rule rows of result (ROW_COUNT) is no test here." in files["README.md"]


def test_nothing_of_a_secret_is_in_any_file(tmp_path: Path) -> None:
    recipe = RECIPE.split("---")[0].replace("connector: files, path: out/result.csv", "connector: db, table: result, createTable: true")
    connectors = {
        "files": ("files", {"root": str(written(tmp_path))}),
        "db": ("duckdb", {"path": str(tmp_path / "a.duckdb"), "password": "geheim"}),
    }
    for target in ("sql", "python", "airflow", "dbt"):
        files = exported(as_project(tmp_path, recipe, connectors), target)
        assert not any("geheim" in text for text in files.values())
        assert "DB_PATH" in files["README.md"]


WITHIN = """\
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: within}
spec:
  nodes:
    - {id: orders, type: connector_source, config: {connector: db, table: orders, where: "id > 0"}}
    - {id: big, type: filter, config: {condition: amount > 1}}
    - id: by-person
      type: aggregator
      config: {groupBy: [person], aggregations: [{name: orders, function: count}, {name: amount, function: sum, column: amount}]}
    - id: write
      type: connector_sink
      config: {connector: db, table: totals, writeMode: UPSERT, upsertKeys: [person], createTable: true}
    - {id: small, type: connector_sink, config: {connector: SMALL, writeMode: OVERWRITE, createTable: true}}
  edges:
    - {from: orders, to: big}
    - {from: big, to: by-person}
    - {from: by-person, to: write}
    - {from: big.rejected, to: small}
"""


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with server(tmp_path_factory.mktemp("postgres")) as url:
        yield url


def database(url: str) -> dict[str, tuple[str, dict[str, Any]]]:
    return {"db": ("postgres", {"url": url}), "files": ("files", {"root": "/nowhere"})}


def emptied(url: str) -> psycopg.Connection[Any]:
    """Orders, and a row in the totals that is to be replaced, one that is to stay."""
    connection = psycopg.connect(url, autocommit=True)
    connection.execute("DROP TABLE IF EXISTS orders, totals, small")
    connection.execute("CREATE TABLE orders (id bigint, person text, amount numeric(12, 2))")
    connection.execute("INSERT INTO orders VALUES (1, 'Ada', 5.10), (2, 'Ada', 0.50), (3, 'Bo', 7), (0, 'Bo', 9), (4, NULL, NULL)")
    connection.execute("CREATE TABLE totals (person text UNIQUE, orders bigint, amount numeric(38, 2))")
    connection.execute("INSERT INTO totals VALUES ('Ada', 99, 99), ('Cy', 1, 1)")
    return connection


WANTED = [("Ada", 1, Decimal("5.10")), ("Bo", 1, Decimal("7.00")), ("Cy", 1, Decimal("1.00"))]


def test_a_pipeline_of_one_database_is_that_databases_own_sql(postgres: str, tmp_path: Path) -> None:
    with emptied(postgres) as connection:
        made = as_project(tmp_path, WITHIN.replace("connector: SMALL", "connector: db, table: small"), database(postgres))
        files = exported(made, "sql")
        connection.execute(files["pipeline.sql"])
        assert sorted(connection.execute("SELECT * FROM totals").fetchall()) == WANTED
        assert connection.execute("SELECT id FROM small ORDER BY id").fetchall() == [(2,), (4,)]
        assert postgres not in "".join(files.values())
        assert 'psql "$DB_DSN"' in files["README.md"]


CASTS = """\
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: casts}
spec:
  nodes:
    - {id: read, type: connector_source, config: {connector: db, table: words}}
    - id: net
      type: expression
      onError: route
      config: {columns: [{name: whole, expression: CAST(word AS BIGINT)}, {name: small, expression: CAST(amount AS SMALLINT)}]}
    - {id: out, type: connector_sink, config: {connector: db, table: whole_words, writeMode: OVERWRITE, createTable: true}}
  edges: [{from: read, to: net}, {from: net, to: out}]
"""


def test_a_cast_that_does_not_fit_a_row_does_not_end_the_databases_own_sql(postgres: str, tmp_path: Path) -> None:
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE words (word text, amount numeric(12, 2)); INSERT INTO words VALUES ('7', 1), ('x', 1), ('8', 99999)"
        )
        files = exported(as_project(tmp_path, CASTS, database(postgres)), "sql")
        connection.execute(files["pipeline.sql"])
        assert connection.execute("SELECT word, whole, small FROM whole_words").fetchall() == [("7", 7, 1)]
    assert "PostgreSQL 16 or later" in files["README.md"]


def test_a_cast_that_a_database_can_only_fail_at_is_refused(tmp_path: Path) -> None:
    lite = {"db": ("sqlite", {"path": str(tmp_path / "lite.db")}), "files": ("files", {"root": "/nowhere"})}
    with sqlite3.connect(tmp_path / "lite.db") as connection:
        connection.execute("CREATE TABLE words (word text, amount bigint)")
    with pytest.raises(CannotExport, match="node net casts values that may not fit, for which SQLite has no cast that gives NULL"):
        exported(as_project(tmp_path, CASTS, lite), "sql")


def test_a_script_reaches_a_database_beside_files(postgres: str, tmp_path: Path) -> None:
    recipe = WITHIN.replace("connector: SMALL", "connector: files, path: small.csv")
    with emptied(postgres) as connection:
        there = laid_out(exported(as_project(tmp_path, recipe, database(postgres)), "python"), tmp_path / "project")
        # As `INSTALL` would have it there.
        wheel = Path(duckdb_extension_postgres_scanner.__path__[0])
        (extension,) = wheel.rglob("*.duckdb_extension")
        platform = duckdb.sql("PRAGMA platform").fetchall()[0][0]
        home = tmp_path / "home" / ".duckdb" / "extensions" / f"v{duckdb.__version__}" / platform
        home.mkdir(parents=True)
        shutil.copy(extension, home)
        environment = {**os.environ, "HOME": str(tmp_path / "home"), "DB_DSN": postgres, "FILES_ROOT": str(tmp_path)}
        done = subprocess.run([sys.executable, "pipeline.py"], cwd=there, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert sorted(connection.execute("SELECT * FROM totals").fetchall()) == WANTED
    assert sorted((tmp_path / "small.csv").read_text().splitlines()) == ["2,Ada,0.50", "4,,", "id,person,amount"]
    without = subprocess.run([sys.executable, "pipeline.py"], cwd=there, capture_output=True, text=True, check=False)
    assert (without.returncode, without.stderr) == (1, "set DB_DSN\n")


TOOLS = os.environ.get("PENSTOCK_EXPORT_PYTHON")


@pytest.mark.skipif(TOOLS is None, reason="not here: PENSTOCK_EXPORT_PYTHON names no Python that has dbt-duckdb and pyspark (Java 17)")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("target", ["dbt", "spark"])
def test_the_tools_themselves_give_the_rows_of_the_run(ran: tuple[Path, Ran], tmp_path: Path, target: str) -> None:
    assert TOOLS is not None
    data = written(tmp_path / "data")
    (data / "out").mkdir()
    there = laid_out(exported(as_project(data, RECIPE), target), tmp_path / "project")
    # Of the rules one fails in a run, too: a name is missing.
    command = [str(Path(TOOLS).parent / "dbt"), "run", "--profiles-dir", "."] if target == "dbt" else [TOOLS, "pipeline.py"]
    environment = {**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(command, cwd=there, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    here, there_ = (duckdb.read_csv(str(folder), header=True).order("1").fetchall() for folder in (ran[0] / "out/result.csv", _parts(data)))
    assert [row[:3] for row in here] == [row[:3] for row in there_]
    assert [float(row[3]) for row in here] == pytest.approx([float(row[3]) for row in there_])


def _parts(data: Path) -> Path:
    """A file, or the folder that Spark makes of one."""
    found = data / "out" / "result.csv"
    return found / "*.csv" if found.is_dir() else found
