"""Files that arrive in every place but this machine's disk, with real schedulers and workers that are killed in between: one run for each
version. Azure's and Google's emulators are used with PENSTOCK_TEST_EMULATORS=1; the disk is in test_kill_points.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from shared.store.identifiers import new_id
from tests.support import emulators, places
from tests.support import sftp as sftp_server
from tests.support.kills import Points
from tests.support.stack import SHORT, Stack, running

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

# Looks come soon, and again soon where their worker has died.
WATCHED = {"PENSTOCK_WATCH_SECONDS": "0.3", "PENSTOCK_WATCH_LIMIT_SECONDS": "5"}
SETTLE_S = 0.5
RECIPE = f"""
apiVersion: penstock/v1
kind: Pipeline
metadata: {{name: NAME}}
spec:
  retryDelay: 1
  parameters: [{{name: path, required: true}}]
  triggers: [{{type: file, connector: NAME, glob: "**/*.csv", settleSeconds: {SETTLE_S}}}]
  nodes:
    - {{id: read, type: connector_source, config: {{connector: NAME, path: "{{{{path}}}}"}}}}
    - {{id: keep, type: connector_sink, config: {{connector: files, path: NAME, writeMode: INSERT, format: csv}}}}
  edges: [{{from: read, to: keep}}]
"""


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, Points]]:
    folder = tmp_path_factory.mktemp("arrivals")
    points = Points(folder / "armed")
    with running(folder / "home", PENSTOCK_WORKERS="2", **WATCHED, **points.settings, **SHORT) as stack:
        stack.connectors()
        yield stack, points


@pytest.fixture(params=["s3", "sftp", "azure", "google"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[places.Place]:
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "s3":
        yield places.s3(request.getfixturevalue("s3"), f"arrivals-{new_id()}")
    elif request.param == "sftp":
        with sftp_server.serving(folder) as server:
            yield places.sftp(server, "feeds")
    else:
        with {"azure": emulators.azure, "google": emulators.google}[request.param](folder / "objects") as objects:
            yield objects


class Arriving:
    def __init__(self, stack: Stack, points: Points, place: places.Place) -> None:
        self.stack, self.points, self.place, self.name = stack, points, place, f"arriving-{new_id()}"
        config = json.dumps(place.config, ensure_ascii=False)
        stack.apply(f"apiVersion: penstock/v1\nkind: Connector\nmetadata: {{name: {self.name}}}\nspec: {{type: files, config: {config}}}\n")
        stack.apply(RECIPE.replace("NAME", self.name))

    def versions(self) -> Counter[tuple[str, int]]:
        """How many runs each version has had, by path and size: of each path no two here are as long."""
        items = self.stack.client.call("GET", "/runs", pipeline=self.name, limit=100)["items"]
        return Counter((run["trigger"]["path"], run["trigger"]["size"]) for run in items)

    def states(self) -> dict[str, str]:
        files = self.stack.client.call("GET", f"/pipelines/default/{self.name}/triggers/file/files")["items"]
        return {one["path"]: one["state"] for one in files}

    def has_run(self, path: str, text: str) -> None:
        self.stack.until(lambda: (path, len(text)) in self.versions(), 90, f"{path} to have its run")

    def looked(self) -> None:
        """A look that began now or later is over."""

        def last() -> Any:
            return self.stack.client.call("GET", f"/pipelines/default/{self.name}/triggers/file/files")["lookAt"]

        for _ in range(2):
            before = last()
            self.stack.until(lambda before=before: last() != before, 60, "another look")


def test_each_version_has_one_run_whoever_is_killed(up: tuple[Stack, Points], place: places.Place) -> None:
    stack, points = up
    arriving = Arriving(stack, points, place)
    # Appended to slowly: whether one of its lengths counted as whole is a matter of time; that none has two runs, is not.
    text = "id\n"
    place.write("slow.csv", text)
    lengths = {len(text)}
    for number in range(10, 16):
        arriving.looked()
        place.append("slow.csv", f"{number}\n")
        text += f"{number}\n"
        lengths.add(len(text))
    # The worker that has seen it ends before it is on record, and then the one that has just recorded it.
    points.arm("watch.recording")
    arriving.has_run("slow.csv", text)
    stack.until(lambda: not points.left(), 30, "the worker to end")
    points.arm("watch.recorded")
    whole = "id\n20\n21\n"
    place.write("day/whole.part", whole)
    place.rename("day/whole.part", "day/whole.csv")
    arriving.has_run("day/whole.csv", whole)
    stack.until(lambda: not points.left(), 30, "the worker to end")
    # Written anew while no scheduler is there; what is seen and goes before it counts has no run.
    place.write("short-lived.csv", "id\n30\n")
    arriving.looked()
    place.delete("short-lived.csv")
    stack.kill("scheduler-1")
    anew = "id\n40\n41\n42\n43\n"
    place.write("day/whole.csv", anew)
    arriving.has_run("day/whole.csv", anew)
    for service in ("worker-1", "worker-2", "scheduler-1"):
        stack.kill(service)
        arriving.looked()
    expected = {("day/whole.csv", len(whole)), ("day/whole.csv", len(anew)), ("slow.csv", len(text))}
    versions = arriving.versions()
    assert set(versions.values()) == {1}
    assert expected <= set(versions)
    assert set(versions) - expected <= {("slow.csv", length) for length in lengths} | {("short-lived.csv", 6)}
    for run in stack.client.call("GET", "/runs", pipeline=arriving.name, limit=100)["items"]:
        ended = stack.wait(run["id"], 90)
        # A length of the slow one may be gone once its run reads it.
        assert ended["status"] == "SUCCEEDED" or (ended["trigger"]["path"], ended["trigger"]["size"]) not in expected, ended["error"]
    assert arriving.states()["short-lived.csv"] in {"vanished", "gone"}
    stack.client.call("DELETE", f"/pipelines/default/{arriving.name}")
