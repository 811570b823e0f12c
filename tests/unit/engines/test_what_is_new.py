"""Sources that read what is new, window by window, over a file that changes: each row is handed on once. All in this process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from services.worker import stage as worker
from shared.datasets.columns import columns_from_json
from shared.engines.control import Control
from shared.engines.program import Program, Sink
from shared.engines.work import Job, Limits, Outcome, Remembered, ResolvedConnector
from shared.pipelines.language import pipeline, read_documents
from shared.planning.cursors import bounds, end_of, floor_of, windowed
from shared.planning.make import plan
from shared.planning.needs import needs, survey
from shared.store.identifiers import new_id
from tests.support.inprocess import make_pipeline


class Feed:
    """A file with columns `id` and `at` (the cursor) into another; what a window leaves behind is the next one's to know."""

    def __init__(self, folder: Path, header: str = "id,at") -> None:
        self.folder, self.header, self.number = folder, header, 0
        self.value: str | None = None
        self.known: dict[str, Any] = {"columns": None, "digests": b"", "floor": None}

    def set(self, value: str) -> None:
        """By hand: nothing of rows is known then."""
        self.value, self.known = value, {"columns": None, "digests": b"", "floor": None}

    def runs(self, *lines: str, incremental: str = "", mode: str = "OVERWRITE") -> list[str]:
        """Ids of the rows that the window hands on, in the file's order."""
        self.number += 1
        (self.folder / "in.csv").write_text("\n".join((self.header, *lines)) + "\n")
        source = f"connector: files, path: in.csv, incremental: {{cursorColumn: at{incremental}}}"
        sink = f"connector: files, path: out.csv, writeMode: {mode}"
        nodes = f"    - {{id: new, type: connector_source, config: {{{source}}}}}\n"
        nodes += f"    - {{id: out, type: connector_sink, config: {{{sink}}}}}\n"
        recipe = pipeline(read_documents(make_pipeline(nodes, "{from: new, to: out}"))[0])
        types, facts = {"default/files": "files"}, {}
        wanted, (end,) = needs(recipe, types), bounds(recipe, types)
        for stage in survey(recipe, (*wanted, end)).stages:
            found = worker.survey(self._job("survey", stage.program), Control()).facts
            assert found is not None
            facts[found["key"]] = found["found"]
        bound = facts.pop(end.key)
        known = {"columns": self.known["columns"], "floor": self.known["floor"]}
        window = {"value": self.value, **known, "upto": end_of(self.value, bound, "new")}
        (stage,) = plan(windowed(recipe, {"new": window}), facts, types).stages
        said = worker.run(self._job("work", stage.program, {"new": self.known["digests"]}), Control()).to_json()
        kept = Outcome.from_json(json.loads(json.dumps(said))).remembered["new"]
        self.value, self.known = window["upto"], {"columns": kept.columns, "digests": kept.digests, "floor": kept.floor}
        assert kept.floor == floor_of(recipe, "new", window, bound)
        return [line.split(",")[0] for line in (self.folder / "out.csv").read_text().splitlines()[1:]]

    def _job(self, kind: str, program: dict[str, Any], remembered: dict[str, bytes] | None = None) -> Job:
        (self.folder / "scratch").mkdir(exist_ok=True)
        connectors = {"default/files": ResolvedConnector("default/files", "files", {"root": str(self.folder)})}
        limits = Limits(1_000_000_000, 2, str(self.folder / "scratch"))
        staging, run = str(self.folder / "staging"), f"run{self.number}"
        return Job("default", run, 1, 1, kind, program, connectors, {}, staging, limits, remembered=remembered or {})


@pytest.fixture
def feed(tmp_path: Path) -> Feed:
    return Feed(tmp_path)


def test_columns_may_have_the_names_that_the_comparison_uses(tmp_path: Path) -> None:
    feed = Feed(tmp_path, "id,at,n,digest,w,k")
    assert feed.runs("1,10,3,x,1,1", incremental=", lag: 5") == ["1"]
    assert feed.runs("1,10,3,x,1,1", "2,8,3,x,1,1", "3,12,4,y,1,1", incremental=", lag: 5") == ["3", "2"]


def test_after_a_cursor_was_set_by_hand_rows_up_to_it_count_as_taken_in_all_later_runs_too(feed: Feed) -> None:
    there = ("1,8", "2,10", "3,10")
    feed.set("10")
    assert feed.runs(*there) == []
    assert feed.runs(*there, "4,10", "5,11") == ["5", "4"]
    assert feed.runs(*there, "4,10", "5,11") == []


def test_rows_within_the_lag_of_a_cursor_that_was_set_by_hand_are_taken_and_later_ones_are_not(feed: Feed) -> None:
    feed.set("100")
    assert feed.runs("1,93", "2,100", "3,105", incremental=", lag: 10") == ["3"]
    assert feed.runs("1,93", "2,100", "3,105", "4,96", "5,94", incremental=", lag: 10") == ["4"]


def test_a_lag_that_has_grown_reads_no_row_of_which_nothing_is_known(feed: Feed) -> None:
    there = ("1,50", "2,95", "3,100")
    assert feed.runs(*there) == list("123")
    assert feed.runs(*there, "4,104", incremental=", lag: 10") == ["4"]
    assert feed.runs(*there, "4,104", "5,101", incremental=", lag: 10") == ["5"]
    assert feed.runs(*there, "4,104", "5,101", "6,120", "7,112", incremental=", lag: 10") == ["6", "7"]
    assert feed.runs(*there, "4,104", "5,101", "6,120", "7,112", "8,111", incremental=", lag: 10") == ["8"]


def test_a_lag_reaches_no_row_before_the_initial_value(feed: Feed) -> None:
    said = ", lag: 50, initialValue: 100"
    assert feed.runs("1,90", "2,100", "3,110", incremental=said) == ["2", "3"]
    assert feed.runs("1,90", "2,100", "3,110", "4,115", "5,99", incremental=said) == ["4"]
    assert feed.runs("1,90", "2,100", "3,110", "4,115", "5,99", "6,98", "7,100", incremental=said) == ["7"]


@pytest.mark.parametrize("rows", [1, 5000])
def test_whoever_finds_a_window_written_has_what_was_remembered_of_the_rows_that_were_written(tmp_path: Path, rows: int) -> None:
    """The source was read in an earlier stage, and again before the next run found the rows in the sink."""
    columns = columns_from_json([["id", "INTEGER", True]])
    sink = Sink("out", "default/files", "SELECT 1 AS id", columns, "out.csv", "OVERWRITE")
    program = Program(sinks=(sink,), published_as=new_id()).to_json()
    connectors = {"default/files": ResolvedConnector("default/files", "files", {"root": str(tmp_path)})}
    (tmp_path / "scratch").mkdir()

    def writes(digest: bytes) -> tuple[int, bytes, str | None]:
        limits = Limits(1_000_000_000, 2, str(tmp_path / "scratch"))
        carried = {"new": Remembered([["id", "INTEGER"]], digest * rows, floor="5")}
        job = Job("default", new_id(), 2, 1, "work", program, connectors, {}, str(tmp_path / "staging"), limits, carried=carried)
        kept = Outcome.from_json(json.loads(json.dumps(worker.run(job, Control()).to_json()))).remembered["new"]
        digests = Path(kept.uri).read_bytes() if kept.uri else kept.digests
        return len(kept.digests), digests[:16], kept.floor

    found = (16 if rows == 1 else 0, b"a" * 16, "5")
    assert writes(b"a" * 16) == found
    assert writes(b"b" * 16) == found
