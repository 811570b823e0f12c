"""Versions as people meet them: over HTTP, on the command line, and in Git."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.stack import Stack, running

pytestmark = pytest.mark.stack

TEXT = """# Who asks: finance. This comment stays.
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: NAME}
spec:
  nodes:
    - {id: one, type: connector_source, config: {connector: files, path: versions.csv}}
    - {id: most, type: filter, config: {condition: id > LEAST}}
    - {id: result, type: connector_sink, config: {connector: files, path: out/NAME.csv, writeMode: OVERWRITE}}
  edges: [{from: one, to: most}, {from: most, to: result}]
"""


def text(name: str, least: int = 0) -> str:
    return TEXT.replace("NAME", name).replace("LEAST", str(least))


def client(stack: Stack) -> httpx.Client:
    token = stack.home.api_token.read_text().strip()
    return httpx.Client(base_url=f"{stack.url}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=60)


@pytest.fixture
def api(stack: Stack) -> Iterator[httpx.Client]:
    (stack.files / "versions.csv").write_text("id\n" + "".join(f"{number}\n" for number in range(1, 11)))
    with client(stack) as found:
        yield found


def git(folder: Path, *arguments: str) -> str:
    return subprocess.check_output(["git", "--git-dir", str(folder), *arguments], text=True)


def saves_in(folder: Path) -> int:
    """Commits of pipelines: what surveys see is committed beside them, whenever that is."""
    return int(git(folder, "rev-list", "--count", "main", "--", "default/Pipeline"))


def repository(stack: Stack) -> Path:
    return stack.home.root / "recipes.git"


def test_every_save_is_a_version_and_a_commit_that_can_be_listed_and_read(stack: Stack, api: httpx.Client) -> None:
    at, file = "/pipelines/default/history", "default/Pipeline/history.yaml"
    texts = [text("history", least) for least in (0, 3, 5)]
    for number, one in enumerate(texts, start=1):
        made = api.put(at, content=one, params={"message": f"take {number}"}).json()
        assert (made["version"], made["valid"], made["sha"]) == (number, True, made["gitCommitSha"])
        assert git(repository(stack), "log", "-1", "--format=%H %s", "main", "--", file).strip() == f"{made['sha']} take {number}"
        assert git(repository(stack), "show", f"{made['sha']}:{file}") == one
    again = api.put(at, content=texts[-1]).json()
    assert (again["version"], again["changed"], again["sha"]) == (3, False, made["sha"])
    listed = api.get(f"{at}/versions").json()
    assert [(one["version"], one["message"], one["author"], one["current"]) for one in listed["items"]] == [
        (3, "take 3", "admin", True),
        (2, "take 2", "admin", False),
        (1, "take 1", "admin", False),
    ]
    first = api.get(f"{at}/versions", params={"limit": 2}).json()
    rest = api.get(f"{at}/versions", params={"limit": 2, "cursor": first["nextCursor"]}).json()
    assert first["items"] + rest["items"] == listed["items"]
    assert rest["nextCursor"] is None
    assert api.get(f"{at}/versions/2").json()["document"] == texts[1]
    assert api.get("/resources/Pipeline/default/history/versions/2").json() == api.get(f"{at}/versions/2").json()
    assert api.get(at).json()["gitCommitSha"] == made["sha"]
    for path, words in ((f"{at}/versions/4", "there is 1 to 3"), ("/pipelines/default/unheard-of/versions", "there is no Pipeline")):
        assert (api.get(path).status_code, words in api.get(path).json()["detail"]) == (404, True)


def test_any_two_versions_are_compared_as_text_and_as_what_they_say(api: httpx.Client) -> None:
    at = "/pipelines/default/compared"
    for one in (text("compared", 0), text("compared", 3), text("compared", 3).replace("finance", "sales")):
        api.put(at, content=one)
    found = api.get(f"{at}/diff", params={"from": 1, "to": 2}).json()
    assert (found["from"], found["to"]) == (1, 2)
    assert "-    - {id: most, type: filter, config: {condition: id > 0}}\n+" in found["unified"]
    assert found["structural"] == [
        {"path": "/spec/nodes/1/config/condition", "change": "changed", "before": "id > 0", "after": "id > 3", "node": "most"}
    ]
    comment = api.get(f"{at}/diff").json()
    assert (comment["from"], comment["to"], comment["structural"]) == (2, 3, [])
    assert "+# Who asks: sales" in comment["unified"]
    back = api.get(f"{at}/diff", params={"from": 3, "to": 1}).json()
    assert [one["after"] for one in back["structural"]] == ["id > 0"]
    assert api.get(f"{at}/diff", params={"from": 9}).status_code == 404
    assert api.get(f"{at}/diff", params={"from": 0}).status_code == 422


def test_an_old_version_comes_back_as_a_new_one_also_after_a_deletion(stack: Stack, api: httpx.Client) -> None:
    at = "/pipelines/default/restored"
    for least in (0, 3):
        api.put(at, content=text("restored", least))
    back = api.post(f"{at}/restore", json={"version": 1})
    assert (back.status_code, back.json()["version"], back.headers["ETag"]) == (200, 3, '"3"')
    assert api.get(at).json()["document"] == text("restored", 0)
    assert api.get(f"{at}/versions/3").json()["message"] == "Restore version 1"
    assert api.post(f"{at}/restore", json={"version": 1}).json()["changed"] is False
    assert api.post(f"{at}/restore", json={"version": 2}, headers={"If-Match": '"2"'}).status_code == 409
    assert api.delete(at, params={"message": "not needed"}).status_code == 204
    assert git(repository(stack), "log", "-1", "--format=%s", "main", "--", "default/Pipeline/restored.yaml").strip() == "not needed"
    assert "restored.yaml" not in git(repository(stack), "ls-tree", "-r", "--name-only", "main")
    assert api.get(at).status_code == 404
    assert [one["current"] for one in api.get(f"{at}/versions").json()["items"]] == [False, False, False]
    assert api.post(f"{at}/runs", json={"version": 1}).status_code == 404
    again = api.post(f"{at}/restore", json={"version": 2, "message": "needed after all"})
    assert (again.status_code, again.json()["version"]) == (201, 4)
    assert api.put(at, content=text("restored", 9)).json()["version"] == 5
    for body in ({}, {"version": "1"}, {"version": 0}, {"version": 1, "x": 1}, {"version": 1, "message": "a\0b"}):
        assert api.post(f"{at}/restore", json=body).status_code == 422, body
    assert api.post(f"{at}/restore", json={"version": 99}).status_code == 404


def test_a_run_of_an_old_version_does_what_that_one_said(stack: Stack, api: httpx.Client) -> None:
    at = "/pipelines/default/older"
    old, new = (api.put(at, content=text("older", least)).json() for least in (3, 8))
    for version, sha, rows in ((1, old["sha"], 7), (None, new["sha"], 2)):
        started = api.post(f"{at}/runs", json={"version": version} if version else {}).json()
        ended = stack.wait(started["id"])
        assert (ended["status"], ended["version"], ended["gitCommitSha"]) == ("SUCCEEDED", version or 2, sha)
        assert next(node for node in ended["nodes"] if node["id"] == "result")["rowsOut"] == rows


def test_documents_of_one_text_are_saved_together_with_a_commit_each(stack: Stack, api: httpx.Client) -> None:
    before = saves_in(repository(stack))
    saved = api.post("/apply", content=f"{text('pair-b')}---\n{text('pair-a')}", params={"message": "both"}).json()["applied"]
    assert [one["name"] for one in saved] == ["pair-b", "pair-a"]
    assert len({one["gitCommitSha"] for one in saved}) == 2
    assert saves_in(repository(stack)) == before + 2
    for one in saved:
        assert git(repository(stack), "show", f"{one['gitCommitSha']}:default/Pipeline/{one['name']}.yaml") == text(one["name"])


def test_of_saves_at_once_one_wins_and_the_others_are_told_where_it_is_now(stack: Stack, api: httpx.Client) -> None:
    at, clients, saves = "/pipelines/default/disputed", 8, 80
    assert api.put(at, content=text("disputed"), headers={"If-None-Match": "*"}).status_code == 201
    assert api.put(at, content=text("disputed"), headers={"If-None-Match": "*"}).status_code == 409
    before = saves_in(repository(stack))
    left = list(range(saves))
    won: list[tuple[int, str]] = []
    lost: list[dict[str, Any]] = []
    odd: list[str] = []

    def save_on() -> None:
        with client(stack) as mine:
            seen = 1
            while True:
                try:
                    number = left.pop()
                except IndexError:
                    return
                while True:
                    reply = mine.put(at, content=f"{text('disputed')}# save {number}\n", headers={"If-Match": f'"{seen}"'})
                    if reply.status_code == 200:
                        seen = reply.json()["version"]
                        won.append((seen, reply.json()["sha"]))
                        break
                    if reply.status_code != 409:
                        odd.append(reply.text)
                        return
                    lost.append(reply.json())
                    seen = reply.json()["errors"][0]["currentVersion"]

    savers = [threading.Thread(target=save_on) for _ in range(clients)]
    for saver in savers:
        saver.start()
    for saver in savers:
        saver.join(120)
    assert odd == []
    assert sorted(version for version, _ in won) == list(range(2, saves + 2))
    assert lost
    assert all("read it and save again" in told["detail"] for told in lost)
    shas = dict(won)
    chain = git(repository(stack), "log", "--reverse", "--format=%H", "main", "--", "default/Pipeline/disputed.yaml").split()
    assert chain[1:] == [shas[version] for version in sorted(shas)]
    assert saves_in(repository(stack)) == before + saves
    assert git(repository(stack), "fsck", "--strict", "--no-dangling") == ""
    listed = [one["version"] for one in api.get(f"{at}/versions", params={"limit": 500}).json()["items"]]
    assert listed == list(range(saves + 1, 0, -1))


def test_savers_of_the_same_documents_in_another_order_do_not_wait_for_each_other(stack: Stack) -> None:
    replies: list[int] = []

    def save(order: int) -> None:
        with client(stack) as mine:
            for number in range(10):
                parts = [f"{text(name)}# {order} {number}\n" for name in ("ring-a", "ring-b", "ring-c")]
                replies.append(mine.post("/apply", content="---\n".join(parts[order % 3 :] + parts[: order % 3])).status_code)
                if order == 0:
                    replies.append(mine.put("/pipelines/default/ring-b", content=parts[1] + "# alone\n").status_code)

    savers = [threading.Thread(target=save, args=(order,)) for order in range(4)]
    for saver in savers:
        saver.start()
    for saver in savers:
        saver.join(120)
    assert set(replies) == {200, 201} or set(replies) == {200}
    assert len(replies) == 50


def penstock(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PENSTOCK_HOME": str(stack.home.root)}
    return subprocess.run(
        [sys.executable, "-m", "services.api.cli", *arguments], env=environment, capture_output=True, text=True, check=False
    )


def test_the_command_line_lists_compares_and_restores(stack: Stack, api: httpx.Client) -> None:
    for least in (0, 3):
        api.put("/pipelines/default/listed-by-hand", content=text("listed-by-hand", least), params={"message": f"least {least}"})
    listed = penstock(stack, "versions", "listed-by-hand")
    assert listed.returncode == 0, listed.stderr
    assert [line.split()[0] for line in listed.stdout.splitlines()] == ["2", "1"]
    assert "(current)  least 3" in listed.stdout
    assert penstock(stack, "versions", "default/listed-by-hand", "1").stdout == text("listed-by-hand", 0)
    assert "+    - {id: most, type: filter, config: {condition: id > 3}}" in penstock(stack, "diff", "listed-by-hand", "1", "2").stdout
    assert json.loads(penstock(stack, "diff", "listed-by-hand", "-o", "json").stdout)["structural"][0]["node"] == "most"
    assert penstock(stack, "restore", "listed-by-hand", "1", "-m", "as before").stdout == "Pipeline default/listed-by-hand: version 3\n"
    assert "same text" in penstock(stack, "diff", "listed-by-hand", "1", "3").stderr
    refused = penstock(stack, "restore", "listed-by-hand", "9")
    assert (refused.returncode, "there is 1 to 3" in refused.stderr) == (2, True)


def test_a_secret_moved_out_of_a_connector_is_in_no_version_and_not_in_git(stack: Stack, api: httpx.Client) -> None:
    connector = (
        "apiVersion: penstock/v1\nkind: Connector\nmetadata: {name: hidden}\n"
        'spec: {type: postgres, config: {host: h, database: d, user: u, password: "n0t-in-git"}}\n'
    )
    assert api.put("/connectors/default/hidden", content=connector).status_code == 201
    assert "n0t-in-git" not in api.get("/connectors/default/hidden/versions/1").text
    assert "hidden" in git(repository(stack), "log", "-p", "main", "--", "default/Connector/hidden.yaml")
    assert "n0t-in-git" not in git(repository(stack), "log", "-p", "main")


def test_the_leader_mends_git_and_pushes_while_saves_go_on_whatever_the_remote_does(tmp_path: Path) -> None:
    remote, here = tmp_path / "remote.git", tmp_path / "git" / "recipes.git"
    given = {"PENSTOCK_GIT_REPOSITORY": str(here), "PENSTOCK_GIT_REMOTE": str(remote), "PENSTOCK_GIT_PUSH_SECONDS": "0.2"}
    with running(tmp_path / "home", **given) as stack, client(stack) as api:
        for number in range(3):
            # There is no remote yet.
            assert api.put("/pipelines/default/pushed", content=text("pushed", number)).status_code in {200, 201}
        subprocess.run(["git", "init", "--quiet", "--bare", str(remote)], check=True)

        def same() -> bool:
            newest = api.get("/pipelines/default/pushed").json()["gitCommitSha"]
            return all(git(folder, "rev-parse", "main").strip() == newest for folder in (here, remote))

        stack.until(same, 30, "the remote to have it all")
        # Nothing can be written where a file is in the way of the folder.
        here.parent.rename(tmp_path / "aside")
        here.parent.write_text("in the way")
        assert api.put("/pipelines/default/pushed", content=text("pushed", 7)).status_code == 200
        stack.until(lambda: "not yet in Git" in stack.home.log_file("api").read_text(), 5, "the API to say so")
        here.parent.unlink()
        stack.until(same, 30, "the leader to write it anew")
        stack.kill("scheduler-1", signal.SIGKILL)
        assert api.put("/pipelines/default/pushed", content=text("pushed", 8)).status_code == 200
        stack.until(same, 30, "the next leader to push")
        assert git(remote, "log", "--format=%s", "main").splitlines()[0] == "Save Pipeline default/pushed, version 5"


def test_an_api_killed_while_it_saves_loses_no_answer_and_leaves_one_chain_with_texts_in_a_folder(tmp_path: Path) -> None:
    with running(tmp_path / "home", PENSTOCK_DEFINITIONS="local") as stack:
        stack.connectors()
        (stack.files / "versions.csv").write_text("id\n1\n2\n")
        at, answered, stop = "/pipelines/default/killed", [], threading.Event()

        def save_on(saver: int) -> None:
            number = 0
            while not stop.is_set():
                number += 1
                try:
                    with client(stack) as mine:
                        reply = mine.put(at, content=f"{text('killed')}# {saver} {number}\n")
                        if reply.status_code in {200, 201}:
                            answered.append(reply.json())
                except httpx.TransportError:
                    # It was killed just now; what was not answered may be saved or not.
                    continue

        savers = [threading.Thread(target=save_on, args=(saver,)) for saver in range(4)]
        for saver in savers:
            saver.start()
        for _ in range(2):
            count = len(answered)
            stack.until(lambda count=count: len(answered) > count + 5, 60, "some saves")
            stack.kill("api", signal.SIGKILL)
            stack.ready()
        stop.set()
        for saver in savers:
            saver.join(60)
        with client(stack) as api:
            last = api.put(at, content=text("killed")).json()
            listed = api.get(f"{at}/versions", params={"limit": 500}).json()["items"]
            stack.until(lambda: git(repository(stack), "rev-parse", "main").strip() == last["sha"], 20, "Git to show it")
            chain = git(repository(stack), "log", "--format=%H", "main", "--", "default/Pipeline/killed.yaml").split()
            assert [one["sha"] for one in listed] == chain
            assert [one["version"] for one in listed] == list(range(len(listed), 0, -1))
            shas = {one["version"]: one["sha"] for one in listed}
            assert all(shas[one["version"]] == one["sha"] for one in answered)
            assert git(repository(stack), "fsck", "--strict", "--no-dangling") == ""
            files = list((stack.home.root / "definitions/default/Pipeline/killed").glob("*.yaml"))
            assert len(files) >= len(listed)
            # A pipeline whose text is in a folder runs; what its source looked like is a definition too.
            assert stack.wait(stack.start("killed"))["status"] == "SUCCEEDED"
            seen = api.get("/resources/Dataset/default/files.versions.csv").json()
            assert '"name": "id"' in seen["document"]
            assert api.post("/resources/Dataset/default/files.versions.csv/restore", json={"version": 1}).status_code == 404
