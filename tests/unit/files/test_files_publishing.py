"""Files appear once and whole, whoever is killed or wakes up late."""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from shared.connectors.errors import Denied, Misconfigured, Unavailable
from shared.connectors.files.driver import ConnectorDriver
from shared.connectors.files.paths import LOCK
from shared.connectors.protocols import AttemptKey, SinkSession, SinkWrite
from shared.datasets import Column
from shared.formats.errors import UnknownFormat


class Lines:
    """Rows over a list of texts, one per row."""

    columns = (Column("t", "TEXT"),)

    def __init__(self, *texts: str) -> None:
        self._texts = texts
        self.count = 0

    def arrow(self) -> Any:
        raise NotImplementedError

    def csv_blocks(self) -> Iterator[bytes]:
        raise NotImplementedError

    def to_file(self, path: str, file_format: str, options: Mapping[str, Any]) -> None:
        Path(path).write_text("".join(f"{text}\n" for text in self._texts))
        self.count = len(self._texts)


class Parted(Lines):
    """Each text is a row, and the name of its partition."""

    def to_partitions(self, folder: str, file_format: str, columns: Sequence[str], options: Mapping[str, Any]) -> None:
        for text in self._texts:
            path = Path(folder) / f"{columns[0]}={text}" / "data.csv"
            path.parent.mkdir()
            path.write_text(f"{text}\n")
        self.count = len(self._texts)


def parted(target: str = "out") -> SinkWrite:
    columns = (Column("t", "TEXT"), Column("k", "TEXT"))
    return SinkWrite("out", target, columns, "OVERWRITE", (), (), {"format": "csv", "partitionBy": ["k"]})


def write_of(target: str, mode: str = "OVERWRITE", node: str = "out", **options: Any) -> SinkWrite:
    return SinkWrite(node, target, (Column("t", "TEXT"),), mode, (), (), options)


def opened(root: Path, write: SinkWrite, epoch: int = 1, run: str = "run", rerun: int = 0) -> SinkSession:
    return ConnectorDriver({"root": str(root)}).open_sink(AttemptKey("default", run, 3, epoch, rerun, (write.node,)), (write,))


def published(root: Path) -> dict[str, str]:
    """Every file that a reader could take for data, temporary ones included, the journals not."""
    return {
        str(f.relative_to(root)): f.read_text() for f in root.rglob("*") if f.is_file() and ".penstock" not in f.relative_to(root).parts
    }


def published_parts(root: Path) -> set[str]:
    return {name for name in published(root) if ".penstock-tmp-" not in name}


def test_nothing_is_seen_before_the_commit_and_everything_after_it(tmp_path: Path) -> None:
    write = write_of("a/out.csv")
    session = opened(tmp_path, write)
    assert session.write(write, Lines("x", "y"))["rowsInserted"] == 2
    assert [name for name in published(tmp_path) if ".penstock-tmp-" not in name] == []
    assert session.commit({"epoch": 1}) == {"epoch": 1}
    assert published(tmp_path) == {"a/out.csv": "x\ny\n"}


def test_an_attempt_after_the_commit_adopts_its_outcome(tmp_path: Path) -> None:
    write = write_of("out.csv")
    first = opened(tmp_path, write)
    first.write(write, Lines("x"))
    first.commit({"epoch": 1, "figures": {"out": {"rowsIn": 1}}})
    assert opened(tmp_path, write, epoch=2).adopted == {"epoch": 1, "figures": {"out": {"rowsIn": 1}}}


def test_a_rerun_that_a_person_asked_for_writes_again(tmp_path: Path) -> None:
    write = write_of("out", "INSERT", format="csv")
    for rerun in (0, 1):
        session = opened(tmp_path, write, rerun=rerun)
        assert session.adopted is None
        session.write(write, Lines("x"))
        session.commit({})
    assert sorted(published(tmp_path)) == ["out/part-run-out-0-0.csv", "out/part-run-out-1-0.csv"]


def test_of_two_attempts_that_both_finish_one_stands_and_the_other_adopts_it(tmp_path: Path) -> None:
    write = write_of("out.csv")
    slow, fast = opened(tmp_path, write, 1), opened(tmp_path, write, 2)
    slow.write(write, Lines("slow"))
    fast.write(write, Lines("fast"))
    assert fast.commit({"epoch": 2}) == {"epoch": 2}
    assert slow.commit({"epoch": 1}) == {"epoch": 2}
    assert published(tmp_path) == {"out.csv": "fast\n"}


def test_a_paused_attempt_that_wakes_up_while_the_next_one_writes_loses_no_row(tmp_path: Path) -> None:
    write = write_of("out.csv")
    paused = opened(tmp_path, write, 1)
    paused.write(write, Lines("paused"))
    late = opened(tmp_path, write, 2)
    assert paused.commit({"epoch": 1}) == {"epoch": 1}
    late.write(write, Lines("late"))
    assert late.commit({"epoch": 2}) == {"epoch": 1}
    assert published(tmp_path) == {"out.csv": "paused\n"}


KILLED = """
import os, signal, sys
sys.path.insert(0, {tests!r})
from pathlib import Path
import test_files_publishing as t
import shared.connectors.files.publish as publish
root = Path({root!r})
write = t.write_of("out.csv")
session = t.opened(root, write)
session.write(write, t.Lines("rows"))
if {moment!r} == "after the link":
    publish.FilesSession._roll_forward = lambda self: os.kill(os.getpid(), signal.SIGKILL)
else:
    os.kill(os.getpid(), signal.SIGKILL)
session.commit({{"epoch": 1}})
"""


@pytest.mark.parametrize(("moment", "adopted"), [("before the link", None), ("after the link", {"epoch": 1})])
def test_a_process_killed_around_its_commit_left_all_or_nothing(tmp_path: Path, moment: str, adopted: dict[str, int] | None) -> None:
    (tmp_path / "out.csv").write_text("old\n")
    script = KILLED.format(tests=str(Path(__file__).parent), root=str(tmp_path), moment=moment)
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -9
    assert (tmp_path / "out.csv").read_text() == "old\n"
    write = write_of("out.csv")
    session = opened(tmp_path, write, 2)
    assert session.adopted == adopted
    if adopted is None:
        session.write(write, Lines("rows"))
        session.commit({"epoch": 2})
    assert published(tmp_path) == {"out.csv": "rows\n"}


def test_a_commit_that_died_between_its_renames_is_finished_by_whoever_writes_next(tmp_path: Path) -> None:
    code = """
import os, sys
from pathlib import Path
from tests.unit.files.test_files_publishing import Lines, opened, write_of
root = Path(sys.argv[1])
writes = [write_of(name, node=name) for name in ("a.csv", "b.csv", "c.csv")]
session = opened(root, writes[0], run="dies")
for write in writes:
    session.write(write, Lines("new"))
renamed, replace = [], Path.replace
def die(self, target):
    if renamed:
        os._exit(9)
    renamed.append(target)
    return replace(self, target)
Path.replace = die
session.commit({"epoch": 1})
"""
    for name in ("a.csv", "b.csv", "c.csv"):
        (tmp_path / name).write_text("old\n")
    died = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, cwd=Path(__file__).parents[3])
    assert died.returncode == 9
    assert sorted(text for name, text in published(tmp_path).items() if ".penstock-tmp-" not in name) == ["new\n", "old\n", "old\n"]
    # Another run, which writes one of them itself.
    later = write_of("b.csv")
    session = opened(tmp_path, later, run="later")
    session.write(later, Lines("newer"))
    session.commit({"epoch": 1})
    assert published(tmp_path) == {"a.csv": "new\n", "b.csv": "newer\n", "c.csv": "new\n"}
    opened(tmp_path, later, run="last")
    assert published(tmp_path)["b.csv"] == "newer\n"
    assert list((tmp_path / ".penstock" / "open").iterdir()) == []


# Its journal stands, and before it cleans up, whatever the test has written to its input is done.
PAUSED = """
import sys
from pathlib import Path
from tests.unit.files.test_files_publishing import Lines, opened, write_of
root, write = Path(sys.argv[1]), write_of("out", "INSERT", format="csv")
session = opened(root, write)
session.write(write, Lines("first"))
glob = Path.glob
def late(self, pattern):
    print("journalled", flush=True)
    sys.stdin.readline()
    return glob(self, pattern)
Path.glob = late
session.commit({"epoch": 1})
"""


def test_an_attempt_that_cleans_up_late_leaves_the_files_of_a_rerun_alone(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PAUSED, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]) as paused:
        assert paused.stdout is not None and paused.stdout.readline() == "journalled\n"
        write = write_of("out", "INSERT", format="csv")
        assert opened(tmp_path, write, epoch=2).adopted == {"epoch": 1}
        again = opened(tmp_path, write, epoch=3, rerun=1)
        again.write(write, Lines("again"))
        paused.communicate("wake up\n" * 9, timeout=60)
    assert again.commit({"epoch": 3}) == {"epoch": 3}
    assert published(tmp_path) == {"out/part-run-out-0-0.csv": "first\n", "out/part-run-out-1-0.csv": "again\n"}


def commits_without_its_files(root: Path, write: SinkWrite) -> None:
    """Somebody takes what was written away before the commit, which says so."""
    session = opened(root, write)
    session.write(write, Lines("x"))
    for litter in root.glob(".penstock-tmp-*"):
        shutil.rmtree(litter)
    with pytest.raises(Unavailable, match=r"out\.csv was written, and its temporary file is gone"):
        session.commit({"epoch": 1})


def test_a_commit_whose_files_were_taken_away_does_not_say_that_it_is_done(tmp_path: Path) -> None:
    write = write_of("out.csv")
    commits_without_its_files(tmp_path, write)
    with pytest.raises(Unavailable):
        opened(tmp_path, write, epoch=2)
    # Another run under the same root is not held up by it.
    other = write_of("other.csv")
    session = opened(tmp_path, other, run="other")
    session.write(other, Lines("y"))
    session.commit({})
    assert published(tmp_path) == {"other.csv": "y\n"}


def test_what_a_person_took_away_after_the_commit_is_not_asked_for_again(tmp_path: Path) -> None:
    write = write_of("out.csv")
    session = opened(tmp_path, write)
    session.write(write, Lines("x"))
    session.commit({"epoch": 1})
    (tmp_path / "out.csv").unlink()
    assert opened(tmp_path, write, epoch=2).adopted == {"epoch": 1}


def test_a_file_that_was_replaced_by_nobody_is_not_taken_for_the_new_one(tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_text("what was there before\n")
    commits_without_its_files(tmp_path, write_of("out.csv"))


def test_of_two_overwrites_of_a_folder_that_overlap_the_later_one_stands_alone(tmp_path: Path) -> None:
    old = tmp_path / "out" / "k=old" / "data.csv"
    old.parent.mkdir(parents=True)
    old.write_text("old\n")
    one, two = (opened(tmp_path, parted(), run=run) for run in ("one", "two"))
    one.write(parted(), Parted("a", "b"))
    two.write(parted(), Parted("b", "c"))
    one.commit({})
    assert published_parts(tmp_path) == {"out/k=a/part-one-out-0-0.csv", "out/k=b/part-one-out-0-0.csv"}
    two.commit({})
    assert published_parts(tmp_path) == {"out/k=b/part-two-out-0-0.csv", "out/k=c/part-two-out-0-0.csv"}


def test_while_one_replaces_what_is_in_a_folder_the_next_one_waits(tmp_path: Path) -> None:
    session = opened(tmp_path, parted())
    session.write(parted(), Parted("a"))
    # What another commit holds, while it looks and renames.
    with (tmp_path / ".penstock" / LOCK).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        waiting = threading.Thread(target=session.commit, args=({},))
        waiting.start()
        waiting.join(1)
        assert waiting.is_alive()
        (tmp_path / "out" / "late.csv").write_text("of the other commit\n")
    waiting.join(20)
    assert published_parts(tmp_path) == {"out/k=a/part-run-out-0-0.csv"}


def test_an_abort_leaves_nothing(tmp_path: Path) -> None:
    write = write_of("out.csv")
    session = opened(tmp_path, write)
    session.write(write, Lines("x"))
    session.abort()
    assert published(tmp_path) == {}


def test_a_late_attempt_does_not_bring_back_old_rows_over_a_newer_run(tmp_path: Path) -> None:
    write = write_of("out.csv")
    first = opened(tmp_path, write, run="one")
    first.write(write, Lines("one"))
    first.commit({})
    second = opened(tmp_path, write, run="two")
    second.write(write, Lines("two"))
    second.commit({})
    assert opened(tmp_path, write, epoch=2, run="one").adopted == {}
    assert published(tmp_path) == {"out.csv": "two\n"}


def test_overwriting_a_folder_is_refused_before_anything_is_committed(tmp_path: Path) -> None:
    (tmp_path / "out.csv").mkdir()
    write = write_of("out.csv")
    with pytest.raises(Misconfigured, match=r"out\.csv"):
        opened(tmp_path, write).write(write, Lines("x"))
    assert opened(tmp_path, write, 2).adopted is None


def test_parts_for_a_path_that_is_a_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    write = write_of("out", "INSERT", format="csv")
    with pytest.raises(Misconfigured, match="out"):
        opened(tmp_path, write).write(write, Lines("x"))


def test_a_path_out_of_the_root_is_refused_by_name_of_the_root(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "in").mkdir(parents=True)
    (root / "in" / "away").symlink_to(tmp_path)
    for target in ("../x.csv", "in/away/x.csv", "/etc/x.csv"):
        with pytest.raises(Denied, match=str(root)):
            opened(root, write_of(target)).write(write_of(target), Lines("x"))
    assert not (tmp_path / "x.csv").exists()


def test_a_target_without_a_format_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(UnknownFormat, match="format"):
        opened(tmp_path, write_of("out")).write(write_of("out"), Lines("x"))


def test_the_journal_holds_the_outcome(tmp_path: Path) -> None:
    write = write_of("out.csv")
    session = opened(tmp_path, write)
    session.write(write, Lines("x"))
    session.commit({"epoch": 1})
    (journal,) = (tmp_path / ".penstock").rglob("*.json")
    assert json.loads(journal.read_text())["outcome"] == {"epoch": 1}
