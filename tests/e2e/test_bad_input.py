"""What people get wrong, through the API and the command line: each mistake is named, with its place and the remedy, and loses nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.stack import Stack

pytestmark = pytest.mark.stack

READ = "{id: read, type: connector_source, config: {connector: files, path: people.csv}}"
KEEP = "{id: keep, type: filter, config: {condition: age > 1}}"
WRITE = "{id: write, type: connector_sink, config: {connector: files, path: out/bad.csv, writeMode: OVERWRITE}}"
STRAIGHT = ("{from: read, to: keep}", "{from: keep, to: write}")


def recipe(name: str, nodes: tuple[str, ...], edges: tuple[str, ...]) -> str:
    lines = ["apiVersion: penstock/v1", "kind: Pipeline", f"metadata: {{name: {name}}}", "spec:", "  retries: 0", "  nodes:"]
    return "\n".join([*lines, *(f"    - {node}" for node in nodes), "  edges:", *(f"    - {edge}" for edge in edges)]) + "\n"


# name -> (nodes, edges, path of the problem, line, words of its message)
MISTAKES: dict[str, tuple[tuple[str, ...], tuple[str, ...], str, int, str]] = {
    "cycle": (
        (READ, KEEP, KEEP.replace("keep", "again"), WRITE),
        ("{from: read, to: write}", "{from: keep, to: again}", "{from: again, to: keep}"),
        "/spec/edges/2",
        14,
        "keep -> again -> keep",
    ),
    "twice": (
        (READ, READ.replace("people", "others"), KEEP, WRITE),
        STRAIGHT,
        "/spec/nodes/1/id",
        8,
        "'read' is used twice, first in line 7",
    ),
    "nowhere": (
        (READ, KEEP, WRITE),
        ("{from: read, to: keep}", "{from: keep, to: wirte}"),
        "/spec/edges/1/to",
        12,
        "did you mean 'write'?",
    ),
    "no-type": ((READ, KEEP.replace("filter", "fliter"), WRITE), STRAIGHT, "/spec/nodes/1/type", 8, "did you mean 'filter'?"),
    "no-setting": (
        (READ, KEEP.replace("condition: age > 1", ""), WRITE),
        STRAIGHT,
        "/spec/nodes/1/config/condition",
        8,
        "needs the setting 'condition'",
    ),
    "odd-setting": (
        (READ, KEEP.replace("condition:", "conditon:"), WRITE),
        STRAIGHT,
        "/spec/nodes/1/config/conditon",
        8,
        "did you mean 'condition'?",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_a_recipe_is_told_with_its_place(stack: Stack, name: str, tmp_path: Path) -> None:
    nodes, edges, path, line, words = MISTAKES[name]
    text = recipe(f"bad-{name}", nodes, edges)

    refused = call(stack, "POST", "/apply", text)
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
    assert_told(refused.json(), path, line, words)
    assert call(stack, "GET", f"/pipelines/default/bad-{name}").status_code == 404

    saved = call(stack, "PUT", f"/pipelines/default/bad-{name}", text)
    assert (saved.status_code, saved.json()["valid"]) == (201, False)
    started = call(stack, "POST", f"/pipelines/default/bad-{name}/runs", "{}")
    assert started.status_code == 409
    assert_told(started.json(), path, line, words)

    (tmp_path / "bad.yaml").write_text(text)
    done = penstock(stack, "validate", str(tmp_path / "bad.yaml"))
    assert done.returncode == 2
    assert any(told.startswith(f"{tmp_path}/bad.yaml:{line}:") and words in told for told in (done.stdout + done.stderr).splitlines())


def assert_told(problem: dict[str, Any], path: str, line: int, words: str) -> None:
    told = [one for one in problem["errors"] if one["path"] == path and one["line"] == line and words in one["message"]]
    assert told, problem["errors"]
    assert f"line {line}: " in problem["detail"] or len(problem["errors"]) > 1


# name -> (the source's config, words of the run's error)
FAILURES = {
    "no-file": ("connector: files, path: poeple.csv", ("poeple.csv is not in ", "did you mean people.csv?")),
    "outside": ("connector: files, path: ../secrets.json", ("leaves", "name a path below it")),
    "no-password": ("connector: stranger, table: people", ("the login was refused", "correct the user or the password")),
    "no-table": ("connector: db, table: poeple", ("table poeple is not in database demo", "correct the name, or make it")),
}


@pytest.mark.parametrize("name", FAILURES)
def test_what_is_not_there_fails_the_run_with_one_sentence(stack: Stack, name: str) -> None:
    (stack.files / "people.csv").write_text("id,age\n1,30\n")
    port = stack.home.read("ports.json")["postgres"]
    config = f"host: 127.0.0.1, port: {port}, database: demo, user: demo, password: not-the-one"
    stack.apply(f"apiVersion: penstock/v1\nkind: Connector\nmetadata: {{name: stranger}}\nspec: {{type: postgres, config: {{{config}}}}}\n")
    source, words = FAILURES[name]
    stack.apply(recipe(f"fails-{name}", (READ.replace("connector: files, path: people.csv", source), KEEP, WRITE), STRAIGHT))
    ended = stack.wait(stack.start(f"fails-{name}"), 30)
    assert ended["status"] == "FAILED"
    assert ended["error"]["node"] == "read"
    assert all(word in ended["error"]["message"] for word in words), ended["error"]["message"]
    assert "not-the-one" not in str(ended)
    assert "Traceback" not in str(ended)
    assert {node["id"]: node["status"] for node in ended["nodes"]} == {"read": "FAILED", "keep": "SKIPPED", "write": "SKIPPED"}


def test_of_a_half_bad_file_the_good_rows_go_through_and_the_bad_lines_are_kept(stack: Stack) -> None:
    lines = ["id,age"] + [f"{n},{n}" if n % 2 else (f"{n},{n},surplus" if n % 4 else f"{n},old") for n in range(1, 101)]
    (stack.files / "half.csv").write_text("\n".join(lines) + "\n")
    pinned = "connector: files, path: half.csv, schema: {age: INTEGER}"
    stack.apply(recipe("half", (READ.replace("connector: files, path: people.csv", pinned), KEEP, WRITE), STRAIGHT))
    run = stack.start("half")
    ended = stack.wait(run)
    assert ended["status"] == "SUCCEEDED", ended["error"]
    assert (stack.files / "out" / "bad.csv").read_text().splitlines() == ["id,age"] + [f"{n},{n}" for n in range(3, 101, 2)]
    (read, _, _) = ended["nodes"]
    assert (read["rowsIn"], read["rowsOut"], read["rowsRejected"]) == (100, 50, 50)
    # In pages, so that paging is seen to lose and repeat nothing.
    letters, cursor = [], None
    while True:
        page = stack.client.call("GET", "/dead-letters", run=run, limit=7, cursor=cursor)
        letters += page["items"]
        if (cursor := page["nextCursor"]) is None:
            break
    assert [letter["position"] for letter in letters] == [number for number in range(1, 102) if number > 1 and number % 2 == 1]
    assert all(letter["original_record"]["line"] == lines[letter["position"] - 1] for letter in letters)
    assert all(letter["error_message"] for letter in letters)


def call(stack: Stack, method: str, path: str, content: str | None = None) -> httpx.Response:
    token = stack.home.api_token.read_text().strip()
    return httpx.request(method, f"{stack.url}/api/v1{path}", content=content, headers={"Authorization": f"Bearer {token}"}, timeout=30)


def penstock(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PENSTOCK_HOME": str(stack.home.root)}
    command = [sys.executable, "-m", "services.api.cli", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
