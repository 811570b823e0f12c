"""A person's function in a pipeline: what it is given, what it may give, and how it is told of when it fails."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path
from typing import Any

import pytest

from shared.engines.python.call import FunctionFailed
from tests.support.inprocess import Ran, make_pipeline, run


def ran(folder: Path, function: str, *, columns: str = "[]", more: str = "", limit: int = 2_000_000_000) -> Ran:
    (folder / "in.csv").write_text("id,name,amount\n1,Ann,1.50\n2,,2.5\n3,Bob,\n")
    config = f"function: {json.dumps(function)}, columns: {columns}{more}"
    nodes = f"""
    - {{id: read, type: connector_source, config: {{connector: files, path: in.csv, schema: {{amount: "NUMERIC(10, 2)"}}}}}}
    - {{id: change, type: python, timeout: 60, config: {{{config}}}}}
    - {{id: keep, type: filter, config: {{condition: "id > 1"}}}}
    - {{id: out, type: connector_sink, config: {{connector: files, path: out.parquet, writeMode: OVERWRITE}}}}"""
    return run(folder, make_pipeline(nodes, "{from: read, to: change}, {from: change, to: keep}, {from: keep, to: out}"), memory=limit)


def refused(folder: Path, function: str, **options: Any) -> str:
    with pytest.raises(FunctionFailed) as caught:
        ran(folder, function, **options)
    assert caught.value.node == "change"
    return caught.value.message


DOUBLED = """
def double(table):
    print("rows:", len(table))
    table["twice"] = table["amount"] * 2
    return table.sort_values("id", ascending=False)
"""
LISTED = (
    '[{name: id, type: BIGINT}, {name: name, type: TEXT}, {name: twice, type: "NUMERIC(12, 2)"}, {name: amount, type: "NUMERIC(10, 2)"}]'
)


def test_a_function_is_given_a_table_with_exact_values_and_gives_one(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    done = ran(tmp_path, DOUBLED, columns=LISTED)
    assert [[str(value) for value in row] for row in done.rows("out.parquet")] == [
        ["3", "Bob", "None", "None"],
        ["2", "None", "5.00", "2.50"],
    ]
    assert done.figures["change"]["rowsIn"] == done.figures["change"]["rowsOut"] == 3
    assert [stage.engine for stage in done.plan.stages] == ["duckdb", "python", "duckdb"]
    assert "rows: 3" in caplog.messages


def test_a_function_of_many_rows_is_given_a_dask_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENSTOCK_PANDAS_ROWS", "2")
    function = "def f(table):\n    assert type(table).__module__.startswith('dask')\n    return table[table['id'] != 2]\n"
    assert [row[0] for row in ran(tmp_path, function).rows("out.parquet")] == [3]


def test_a_function_that_fails_is_told_of_with_its_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    said = refused(tmp_path, "def f(table):\n    x = 1\n    raise ValueError('no such thing')\n")
    assert said == "the function failed in line 3: raise ValueError('no such thing') (ValueError: no such thing)"
    assert any("Traceback" in message for message in caplog.messages)


def test_a_function_that_runs_too_long_is_ended(tmp_path: Path) -> None:
    began = time.monotonic()
    (tmp_path / "in.csv").write_text("id\n1\n")
    nodes = """
    - {id: read, type: connector_source, config: {connector: files, path: in.csv}}
    - {id: change, type: python, timeout: 3, config: {function: "def f(table):\\n    while True: pass\\n"}}
    - {id: out, type: connector_sink, config: {connector: files, path: out.csv, writeMode: OVERWRITE}}"""
    with pytest.raises(FunctionFailed, match="longer than the node's timeout of 3 s"):
        run(tmp_path, make_pipeline(nodes, "{from: read, to: change}, {from: change, to: out}"))
    assert time.monotonic() - began < 60


def test_a_function_that_takes_too_much_memory_is_ended(tmp_path: Path) -> None:
    function = "def f(table):\n    held = []\n    while True: held.append(bytearray(20_000_000))\n"
    assert "may use 600 MB" in refused(tmp_path, function, limit=600_000_000)


def test_a_function_that_ends_its_process_is_told_of(tmp_path: Path) -> None:
    assert "exit code 7" in refused(tmp_path, "def f(table):\n    import os\n    os._exit(7)\n")


def test_what_a_function_gives_must_be_the_nodes_columns(tmp_path: Path) -> None:
    assert "gave a column extra" in refused(tmp_path, "def f(table):\n    return table.assign(extra=1)\n")
    assert "has no column name; it has id, amount" in refused(tmp_path, "def f(table):\n    return table.drop(columns=['name'])\n")
    assert "column id is TEXT" in refused(tmp_path, "def f(table):\n    return table.assign(id='x')\n")
    assert "it must give a DataFrame" in refused(tmp_path, "def f(table):\n    return [1]\n")


def test_a_function_sees_no_way_into_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setenv("PENSTOCK_DATABASE_URL", "postgresql://secret")
    monkeypatch.setenv("VAULT_TOKEN", "hvs.secret")
    ran(tmp_path, "import os\ndef f(table):\n    print(dict(os.environ))\n    return table\n")
    assert "PATH" in caplog.text and "secret" not in caplog.text


def test_requirements_that_cannot_be_had_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENSTOCK_HOME", str(tmp_path / "home"))
    with pytest.raises(Exception, match=r"/nowhere/at-all cannot be installed"):
        ran(tmp_path, "def f(table):\n    return table\n", more=', requirements: ["/nowhere/at-all"]')


def test_requirements_are_installed_once_and_what_builds_them_sees_no_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENSTOCK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalr-secret")
    package = tmp_path / "package"
    (package / "greeting").mkdir(parents=True)
    (package / "greeting" / "__init__.py").write_text("WORD = 'hello'\n")
    (package / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "build"\nbackend-path = ["."]\n[project]\nname = "greeting"\nversion = "1"\n'
    )
    (package / "build.py").write_text(_BACKEND)
    function = "def f(table):\n    import greeting\n    return table.assign(name=greeting.WORD)\n"
    for _ in range(2):
        done = ran(tmp_path, function, more=f', requirements: ["{package}"]')
        assert {row[1] for row in done.rows("out.parquet")} == {"hello"}
    assert len(list((tmp_path / "home" / "python").iterdir())) == 1


# A build backend that needs nothing from any registry.
_BACKEND = """
import os, zipfile
assert "PATH" in os.environ and "AWS_SECRET_ACCESS_KEY" not in os.environ and "PENSTOCK_HOME" not in os.environ
def build_wheel(directory, config_settings=None, metadata_directory=None):
    name = "greeting-1-py3-none-any.whl"
    with zipfile.ZipFile(f"{directory}/{name}", "w") as wheel:
        wheel.writestr("greeting/__init__.py", open("greeting/__init__.py").read())
        wheel.writestr("greeting-1.dist-info/METADATA", "Metadata-Version: 2.1\\nName: greeting\\nVersion: 1\\n")
        wheel.writestr("greeting-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("greeting-1.dist-info/RECORD", "")
    return name
"""
