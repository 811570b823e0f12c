"""What file triggers make of what lies in a folder: one run for each version of a file, whoever looks, and however often."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from shared.connectors.errors import Denied
from shared.connectors.files.arrivals import arrivals as arrived
from shared.connectors.files.arrivals import listed
from shared.dispatch import watching
from shared.engines import watch
from shared.engines.control import Control
from shared.engines.work import Job, Limits, ResolvedConnector
from shared.pipelines.language import read_documents, starts
from shared.store import arrivals, requests, resources, triggers
from shared.store.database import Database
from shared.store.identifiers import new_id
from tests.support import emulators, places
from tests.support import sftp as sftp_server
from tests.support.inprocess import make_pipeline, run

NODES = """
    - {id: read, type: connector_source, config: {connector: files, path: "a.csv"}}
    - {id: keep, type: connector_sink, config: {connector: files, path: b.csv, writeMode: OVERWRITE}}
"""
EVERY, WITHIN = timedelta(seconds=10), timedelta(seconds=60)
# 100000 takes a look of a few seconds.
THOUSANDS = int(os.environ.get("PENSTOCK_TEST_FILES", "5000"))


class Watched:
    """A pipeline with a file trigger over a folder, and a scheduler and workers that look when they are told to."""

    def __init__(self, store: Database, folder: Path) -> None:
        self.store, self.folder, self.name = store, folder, f"p-{new_id()}"
        self.connector: tuple[str, dict[str, Any]] = ("files", {"root": str(folder)})

    def save(self, trigger: str, parameter: str = "{name: path, type: string, required: true}") -> None:
        settings = f"  parameters: [{parameter}]\n  triggers: [{{type: file, connector: files, {trigger}}}]\n"
        text = make_pipeline(NODES, "{from: read, to: keep}", settings).replace("{name: p}", f"{{name: {self.name}}}")
        (document,) = read_documents(text)
        with self.store.transaction() as tx:
            saved = resources.save(
                tx, kind="Pipeline", namespace="default", name=self.name, text=text, valid=True, problems=[], author="t", message=""
            )
            triggers.sync(tx, "default", self.name, saved.version, starts(document))

    def asked(self) -> tuple[str, dict[str, Any]]:
        """A scheduler asks."""
        with self.store.transaction() as tx:
            held = triggers.hold(tx, "default", self.name, "file")
            assert held is not None
            request = watching.ask(tx, held, every=EVERY, within=WITHIN)
            row = tx.execute("SELECT args FROM requests WHERE id = %s", [request]).fetchone()
        assert row is not None
        return request, row["args"]

    def seen(self, args: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """A worker's child looks."""
        connectors = {"default/files": ResolvedConnector("default/files", *self.connector)}
        limits = Limits(1_000_000_000, 1, str(self.folder))
        job = Job("default", new_id(), 0, 1, "watch", args, connectors, {}, str(self.folder), limits)
        return "DONE", json.loads(json.dumps(watch.run(job, Control()).facts))

    def record(self, request: str, args: dict[str, Any], found: tuple[str, dict[str, Any]]) -> None:
        with self.store.transaction() as tx:
            watching.record(tx, request, args, *found, {}, "default")

    def look(self) -> list[Any]:
        """All that one look comes to: what the runs that it started are told."""
        before = {run for run, _ in self.runs()}
        request, args = self.asked()
        self.record(request, args, self.seen(args))
        return [parameters for run, parameters in self.runs() if run not in before]

    def runs(self) -> list[tuple[str, Any]]:
        with self.store.transaction() as tx:
            rows = tx.execute("SELECT id::text AS id, parameters FROM runs WHERE pipeline = %s ORDER BY id", [self.name]).fetchall()
        return [(row["id"], row["parameters"].get("path")) for row in rows]

    def write(self, name: str, text: str = "id\n1\n", at: int | None = None) -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)
        if at is not None:
            os.utime(path, (at, at))
        return path

    def later(self, seconds: float) -> None:
        """So much time goes by."""
        with self.store.transaction() as tx:
            tx.execute(
                "UPDATE arrivals SET since = since - %s WHERE trigger_id IN (SELECT id FROM triggers WHERE pipeline = %s)",
                [timedelta(seconds=seconds), self.name],
            )

    def files(self, state: str | None = None) -> list[tuple[str, str]]:
        with self.store.transaction() as tx:
            (row,) = triggers.of_pipeline(tx, "default", self.name)
            return [(one["path"], one["state"]) for one in arrivals.files(tx, row.id, state=state, after="", limit=1000)]

    def row(self) -> dict[str, Any]:
        with self.store.transaction() as tx:
            found = tx.execute("SELECT problem, look_at - now() AS wait, asked FROM triggers WHERE pipeline = %s", [self.name]).fetchone()
        assert found is not None
        return dict(found)


@pytest.fixture
def make(store: Database, tmp_path: Path) -> Callable[..., Watched]:
    def made(trigger: str = 'glob: "*.csv", settleSeconds: 0', **options: str) -> Watched:
        watched = Watched(store, tmp_path)
        watched.save(trigger, **options)
        return watched

    return made


def test_each_file_has_one_run_that_is_told_its_path(make: Callable[..., Watched]) -> None:
    watched = make()
    watched.write("b.csv", at=200)
    watched.write("a.csv", at=300)
    watched.write("a.txt")
    # The oldest first.
    assert watched.look() == ["b.csv", "a.csv"]
    assert watched.look() == []
    assert watched.files() == [("a.csv", "done"), ("b.csv", "done")]


def test_a_new_version_has_a_run_of_its_own_and_an_old_one_that_comes_back_has_none(make: Callable[..., Watched]) -> None:
    watched = make()
    watched.write("a.csv", "one", at=100)
    assert watched.look() == ["a.csv"]
    watched.write("a.csv", "two!", at=200)
    assert watched.look() == ["a.csv"]
    watched.write("a.csv", "one", at=100)
    assert watched.look() == []
    assert watched.files() == [("a.csv", "done")]


def test_a_file_counts_once_it_has_not_changed_for_its_quiet_time(make: Callable[..., Watched]) -> None:
    watched = make('glob: "*.csv", settleSeconds: 5')
    watched.write("a.csv", "one", at=100)
    assert watched.look() == []
    watched.later(3)
    assert watched.look() == []
    watched.write("a.csv", "one and two", at=100)
    watched.later(3)
    # It has grown: its time begins anew.
    assert watched.look() == []
    assert watched.files() == [("a.csv", "settling")]
    assert watched.row()["wait"] <= timedelta(seconds=5)
    watched.later(5)
    assert watched.look() == ["a.csv"]


def test_the_time_that_an_answer_takes_is_no_quiet_time(make: Callable[..., Watched]) -> None:
    watched = make('glob: "*.csv", settleSeconds: 5')
    watched.write("a.csv", at=100)
    assert watched.look() == []
    watched.later(3)
    request, _ = watched.asked()
    with watched.store.transaction() as tx:
        taken = requests.claim(tx, request, "w1")
    assert taken is not None
    found = watched.seen(taken["args"])
    # What it found was so three seconds after the first look; its answer comes much later.
    watched.later(60)
    taken["args"]["claimedAt"] = (datetime.fromisoformat(taken["args"]["claimedAt"]) - timedelta(seconds=60)).isoformat()
    watched.record(request, taken["args"], found)
    assert watched.runs() == []
    assert watched.look() == ["a.csv"]


def test_a_look_is_sent_to_workers_once(make: Callable[..., Watched]) -> None:
    watched = make()
    request, _ = watched.asked()
    with watched.store.transaction() as tx:
        tx.execute("UPDATE requests SET created_at = created_at - interval '1 day' WHERE id = %s", [request])
        assert request in requests.to_send(tx)
        tx.execute("UPDATE requests SET sent_at = sent_at - interval '1 minute' WHERE id = %s", [request])
        assert request not in requests.to_send(tx)


@pytest.mark.parametrize("folder", ["..", "../../etc", "in/../.."])
def test_a_folder_does_not_leave_the_root(make: Callable[..., Watched], folder: str) -> None:
    with pytest.raises(Denied, match="leaves"):
        list(listed("sftp://host/in", {"root": "sftp://host/in"}, folder, "*.csv"))
    watched = make()
    with pytest.raises(Denied, match="leaves"):
        arrived({"root": str(watched.folder)}, folder, "*.csv", None)


def test_a_quiet_time_of_ages_is_only_long(make: Callable[..., Watched]) -> None:
    watched = make('glob: "*.csv", settleSeconds: 1.0e+300')
    watched.write("a.csv")
    assert watched.look() == []
    assert watched.row()["problem"] is None
    assert watched.files() == [("a.csv", "settling")]


def test_a_file_with_a_done_marker_counts_when_that_is_there_and_not_older(make: Callable[..., Watched]) -> None:
    watched = make('glob: "*.csv", settleSeconds: 5, doneMarker: "{name}.done"')
    watched.write("a.csv", at=100)
    assert watched.look() == []
    assert watched.files() == [("a.csv", "unmarked")]
    watched.write("a.csv.done", at=110)
    assert watched.look() == ["a.csv"]
    watched.write("a.csv", "id\n2\n", at=200)
    # The marker is of the version before.
    assert watched.look() == []
    watched.write("a.csv.done", at=200)
    assert watched.look() == ["a.csv"]


def test_all_files_that_are_there_share_a_run(make: Callable[..., Watched]) -> None:
    watched = make('glob: "**/*.csv", settleSeconds: 0, batch: all', parameter="{name: path, type: list}")
    watched.write("b.csv", at=100)
    watched.write("deep/down/a.csv", at=200)
    assert watched.look() == [["b.csv", "deep/down/a.csv"]]
    watched.write("c.csv")
    assert watched.look() == [["c.csv"]]


def test_a_pipeline_that_wants_no_path_is_told_none(make: Callable[..., Watched]) -> None:
    watched = make(parameter="{name: other, type: string, default: x}")
    watched.write("a.csv")
    assert watched.look() == [None]


def test_what_vanishes_is_told_and_what_comes_back_unchanged_has_no_second_run(make: Callable[..., Watched]) -> None:
    watched = make('glob: "*.csv", settleSeconds: 5')
    lost, done = watched.write("lost.csv", at=100), watched.write("done.csv", at=100)
    watched.look()
    lost.unlink()
    watched.later(5)
    assert watched.look() == ["done.csv"]
    done.unlink()
    assert watched.look() == []
    assert watched.files() == [("done.csv", "gone"), ("lost.csv", "vanished")]
    watched.write("done.csv", at=100)
    watched.look()
    watched.later(5)
    assert watched.look() == []
    assert watched.files("done") == [("done.csv", "done")]


def test_a_file_that_is_older_than_one_that_had_its_run_is_late(make: Callable[..., Watched]) -> None:
    watched = make()
    watched.write("b.csv", at=200)
    watched.look()
    watched.write("a.csv", at=100)
    assert watched.look() == ["a.csv"]
    assert watched.files("late") == [("a.csv", "done")]


def test_an_answer_to_an_older_request_is_dropped(make: Callable[..., Watched]) -> None:
    watched = make()
    watched.write("a.csv")
    slow, args = watched.asked()
    found = watched.seen(args)
    request, again = watched.asked()
    watched.record(slow, args, found)
    assert watched.runs() == []
    watched.record(request, again, watched.seen(again))
    # A worker that is told twice has nothing left to record.
    watched.record(request, again, found)
    assert [path for _, path in watched.runs()] == ["a.csv"]


def test_what_was_found_by_the_settings_of_before_is_dropped_and_looked_for_again(make: Callable[..., Watched]) -> None:
    watched = make()
    watched.write("a.csv")
    request, args = watched.asked()
    found = watched.seen(args)
    watched.save('glob: "*.txt", settleSeconds: 0')
    watched.record(request, args, found)
    assert watched.runs() == []
    assert watched.row()["wait"] <= timedelta(0)
    assert watched.look() == []


def test_a_run_that_cannot_be_made_leaves_the_file_to_be_dealt_with(make: Callable[..., Watched]) -> None:
    watched = make(parameter="{name: day, type: date, required: true}")
    watched.write("a.csv")
    assert watched.look() == []
    assert "day" in watched.row()["problem"]["message"]
    watched.save('glob: "*.csv", settleSeconds: 0', "{name: path, type: string}")
    assert watched.look() == ["a.csv"]
    assert watched.row()["problem"] is None


def test_a_failure_to_look_is_told_and_looked_for_again(make: Callable[..., Watched]) -> None:
    watched = make()
    request, args = watched.asked()
    watched.record(request, args, ("FAILED", {"code": "not_found", "message": "in is no folder"}))
    assert watched.row()["problem"]["message"] == "in is no folder"
    assert timedelta(0) < watched.row()["wait"] <= watching.AFTER_A_FAILURE


def test_what_lies_hidden_or_leads_out_of_the_root_is_nobodys_file(make: Callable[..., Watched], tmp_path: Path) -> None:
    watched = make('glob: "**/*.csv", settleSeconds: 0')
    outside = tmp_path.parent / f"{tmp_path.name}-outside.csv"
    outside.write_text("id\n1\n")
    (tmp_path / "link.csv").symlink_to(outside)
    watched.write(".penstock-tmp-1/a.csv")
    (tmp_path / os.fsdecode(b"bad-\xff.csv")).write_text("x")
    watched.write("in/a.csv")
    assert watched.look() == ["in/a.csv"]
    assert "no UTF-8" in watched.row()["problem"]["message"]


@pytest.fixture(scope="module")
def sftp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sftp_server.Server]:
    with sftp_server.serving(tmp_path_factory.mktemp("sftp")) as server:
        yield server


@pytest.fixture(params=["local", "s3", "sftp", "azure", "google"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[places.Place]:
    name = f"arrivals-{new_id()}"
    if request.param == "local":
        yield places.local(tmp_path / "in")
    elif request.param == "s3":
        yield places.s3(request.getfixturevalue("s3"), name)
    elif request.param == "sftp":
        yield places.sftp(request.getfixturevalue("sftp"), name)
    else:
        with {"azure": emulators.azure, "google": emulators.google}[request.param](tmp_path / "objects") as objects:
            yield objects


def test_each_version_has_one_run_wherever_files_arrive_and_whatever_is_lost(make: Callable[..., Watched], place: places.Place) -> None:
    watched = make('glob: "**/*.csv", settleSeconds: 5')
    watched.connector = ("files", place.config)

    def settled() -> list[Any]:
        """Two looks, far enough apart; of each, the first answer is lost, and the second is told twice."""
        started = []
        for _ in range(2):
            watched.seen(watched.asked()[1])
            before = len(watched.runs())
            request, args = watched.asked()
            found = watched.seen(args)
            watched.record(request, args, found)
            watched.record(request, args, found)
            started += [path for _, path in watched.runs()[before:]]
            watched.later(6)
        return started

    place.write("slow.csv", "id\n1\n")
    place.write("day/whole.part", "id\n2\n")
    assert watched.look() == []
    # It grows from look to look.
    for number in range(3):
        watched.later(3)
        place.append("slow.csv", f"{number}\n")
        assert watched.look() == []
    assert settled() == ["slow.csv"]
    place.rename("day/whole.part", "day/whole.csv")
    assert settled() == ["day/whole.csv"]
    place.write("slow.csv", "id\n7\n")
    place.write("lost.csv", "id\n")
    assert watched.look() == []
    place.delete("lost.csv")
    assert settled() == ["slow.csv"]
    assert watched.files("vanished") == [("lost.csv", "vanished")]
    assert settled() == []
    assert len(watched.runs()) == 3


def test_what_arrives_on_an_sftp_server_is_read_from_there(sftp: sftp_server.Server, tmp_path: Path) -> None:
    far = places.sftp(sftp, f"read-{new_id()}")
    far.write("in/a.csv", "id,name\n1,Żółw\n2,b\n")
    (far.folder / "in/b.csv.gz").write_bytes(gzip.compress(b"id,name\n3,c\n"))
    nodes = """
    - {id: read, type: connector_source, config: {connector: far, path: "in/PATH"}}
    - {id: keep, type: connector_sink, config: {connector: files, path: out.csv, writeMode: OVERWRITE}}
    """
    for path, rows in (("a.csv", [("1", "Żółw"), ("2", "b")]), ("b.csv.gz", [("3", "c")])):
        made = make_pipeline(nodes.replace("PATH", path), "{from: read, to: keep}")
        assert run(tmp_path, made, more={"far": ("files", far.config)}).rows("out.csv") == rows


def test_a_server_with_another_key_is_told_nothing(sftp: sftp_server.Server) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    far = places.sftp(sftp, f"other-{new_id()}")
    with pytest.raises(Denied, match="another key"):
        arrived({**far.config, "hostKey": other}, "", "*", None)
    with pytest.raises(Denied, match="let 'feeds' in"):
        arrived({**far.config, "password": "wrong"}, "", "*", None)


def test_many_files_have_their_runs_in_several_short_looks(make: Callable[..., Watched]) -> None:
    watched = make()
    for number in range(watching.MOST_RUNS + 5):
        watched.write(f"{number:03}.csv", at=number)
    assert len(watched.look()) == watching.MOST_RUNS
    assert watched.row()["wait"] <= timedelta(0)
    assert watched.look() == [f"{watching.MOST_RUNS + one:03}.csv" for one in range(5)]


def test_a_look_at_thousands_of_files_writes_only_what_has_changed(make: Callable[..., Watched]) -> None:
    watched = make('glob: "*.csv", settleSeconds: 3600')
    request, args = watched.asked()
    listed = [(f"{number:06}.csv", "1::", 1, None, None, True) for number in range(THOUSANDS)]
    watched.record(request, args, ("DONE", {"files": listed, "odd": [], "oddCount": 0}))
    with watched.store.transaction() as tx:
        before = _written(tx, watched.name)
    request, args = watched.asked()
    watched.record(request, args, ("DONE", {"files": [*listed[:-1], ("x.csv", "2::", 2, None, None, True)], "odd": [], "oddCount": 0}))
    with watched.store.transaction() as tx:
        after = _written(tx, watched.name)
    assert len(before) == THOUSANDS
    assert {path for path, said in after.items() if before.get(path) != said} == {"x.csv", listed[-1][0]}


def _written(tx: Any, pipeline: str) -> dict[str, str]:
    """The transaction that wrote each row last, by path."""
    rows = tx.execute(
        "SELECT path, a.xmin::text AS by FROM arrivals a JOIN triggers t ON t.id = a.trigger_id WHERE t.pipeline = %s", [pipeline]
    )
    return {row["path"]: row["by"] for row in rows}
