"""The Monitor in a real browser: log in, start a run and see it live to its end, open a node, read why a run failed, retry, correct."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from services.api.monitor import FOLDER
from tests.support.stack import Stack

pytestmark = pytest.mark.stack
UI = FOLDER.parent
CHROMIUM = Path("/usr/bin/chromium")

RECIPES = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: watched}
spec:
  staging: all
  parameters: [{name: word, type: string, required: true, description: Stands in every row}]
  nodes:
    - {id: quick, type: connector_source, config: {connector: db, query: "SELECT 1 AS id, '{{word}}' AS word"}}
    - {id: slow, type: connector_source, config: {connector: db, query: "SELECT 2 AS id, '{{word}}' AS word FROM (SELECT pg_sleep(3)) s"}}
    - {id: more, type: connector_source, config: {connector: db, query: "SELECT 3 AS id, '{{word}}' AS word"}}
    - {id: both, type: union, config: {}}
    - {id: result, type: connector_sink, config: {connector: files, path: watched.csv, writeMode: OVERWRITE}}
  edges: [{from: quick, to: both}, {from: slow, to: both}, {from: more, to: both}, {from: both, to: result}]
---
apiVersion: penstock/v1
kind: DataQualityRuleSet
metadata: {name: watched}
spec:
  dataset: {connector: files, path: watched.csv}
  rules: [{name: there, type: NOT_NULL, column: id}, {name: short, type: RANGE, column: id, max: 2}]
---
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: broken}
spec:
  nodes:
    - {id: people, type: connector_source, config: {connector: files, path: brought-later.csv, schema: {id: BIGINT, age: BIGINT}}}
    - {id: adults, type: filter, config: {condition: age >= 18}}
    - {id: result, type: connector_sink, config: {connector: files, path: out/adults.csv, writeMode: OVERWRITE}}
  edges: [{from: people, to: adults}, {from: adults, to: result}]
"""


@pytest.fixture(scope="module")
def tools() -> None:
    """What a machine need not have."""
    if shutil.which("node") is None or not (UI / "node_modules" / "playwright-core").is_dir() or not (FOLDER / "index.html").is_file():
        pytest.skip("not here: the pages are not built; install Node.js 20.19 or later and run make monitor")
    if not CHROMIUM.exists():
        pytest.skip(f"not here: no {CHROMIUM}; Debian's package chromium has it")


@pytest.mark.usefixtures("tools")
def test_a_person_watches_runs_finds_what_is_wrong_and_mends_it(stack: Stack, tmp_path: Path) -> None:
    """The pictures stay in the test's folder."""
    stack.apply(RECIPES)
    given = {
        "URL": stack.url,
        "TOKEN": stack.home.api_token.read_text().strip(),
        "FILES": str(stack.files),
        "SHOTS": str(tmp_path / "pictures"),
        "CHROMIUM": str(CHROMIUM),
    }
    walked = subprocess.run(
        ["node", "walk/walk.mjs"], cwd=UI, env={**os.environ, **given}, capture_output=True, text=True, timeout=150, check=False
    )
    assert walked.returncode == 0, f"{walked.stderr}\npictures: {given['SHOTS']}"
    said = json.loads(walked.stdout.splitlines()[-1])
    assert said["found"] == [], json.dumps(said["found"], indent=1)
    assert said["outside"] == [], "the pages asked somebody else"
