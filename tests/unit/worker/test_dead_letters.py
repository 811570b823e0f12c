"""Rejected rows on their way from Parquet to the dead letters."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from runs_for_tests import stage, start_run

from shared.attempts import rejects
from shared.dispatch.claims import Claim
from shared.engines.work import RejectsFile
from shared.store.database import Database


def staged(path: Path, rows: list[tuple[str, str, int | None]]) -> RejectsFile:
    columns = [list(column) for column in zip(*rows, strict=True)]
    table = pa.table({"original_record": columns[0], "error_message": columns[1], "position": pa.array(columns[2], pa.int64())})
    pq.write_table(table, path)
    return RejectsFile("n1", str(path), len(rows))


def claim(run: str, epoch: int = 1) -> Claim:
    return Claim("default", "p", run, 1, epoch, "work", ("n1",), {}, {}, {}, 0, 0, datetime.now(UTC), datetime.now(UTC))


def kept(database: Database, run: str) -> list[dict[str, Any]]:
    with database.transaction() as tx:
        return list(
            tx.execute(
                "SELECT epoch, node, original_record, error_message, position FROM dead_letters WHERE run_id = %s ORDER BY position",
                (run,),
            )
        )


def test_rows_arrive_as_they_were(database: Database, tmp_path: Path) -> None:
    run, _ = start_run(database, stage(1))
    record = {
        "text": "quotes \" and ' and\nnewlines, commas",
        "empty": "",
        "null": None,
        "backslash": "\\N",
        "number": 12345678901234567890,
    }
    file = staged(tmp_path / "r.parquet", [(json.dumps(record), 'cast of "x" failed', 2), ("{}", "", None)])
    with database.transaction() as tx:
        assert rejects.keep(tx, claim(run), [file]) == []
    first, second = kept(database, run)
    assert first == {"epoch": 1, "node": "n1", "original_record": record, "error_message": 'cast of "x" failed', "position": 2}
    assert (second["original_record"], second["error_message"], second["position"]) == ({}, "", None)


def test_nul_bytes_do_not_stop_them(database: Database, tmp_path: Path) -> None:
    run, _ = start_run(database, stage(1))
    file = staged(tmp_path / "r.parquet", [(json.dumps({"a": "x\x00y", "b": "looks like \\u0000"}), "bad \x00 byte", 1)])
    with database.transaction() as tx:
        rejects.keep(tx, claim(run), [file])
    (row,) = kept(database, run)
    assert row["original_record"] == {"a": "x\U0010fffey", "b": "looks like \\u0000"}
    assert row["error_message"] == "bad \ufffd byte"


def test_a_later_attempt_replaces_what_an_earlier_one_wrote(database: Database, tmp_path: Path) -> None:
    run, _ = start_run(database, stage(1))
    file = staged(tmp_path / "r.parquet", [("{}", "m", n) for n in range(100)])
    for epoch in (1, 1, 2):
        with database.transaction() as tx:
            rejects.keep(tx, claim(run, epoch), [file])
    assert [row["epoch"] for row in kept(database, run)] == [2] * 100


def test_a_swept_file_is_told_of_and_nothing_fails(database: Database, tmp_path: Path) -> None:
    run, _ = start_run(database, stage(1))
    with database.transaction() as tx:
        (sentence,) = rejects.keep(tx, claim(run), [RejectsFile("n1", str(tmp_path / "gone.parquet"), 3)])
    assert sentence.startswith("3 rejected rows of node n1 are counted but cannot be shown")


def test_a_replay_has_no_letters_of_nodes_that_are_only_read_beside_it(database: Database, tmp_path: Path) -> None:
    run, _ = start_run(database, stage(1))
    with database.transaction() as tx:
        tx.execute("UPDATE runs SET trigger = %s WHERE id = %s", (json.dumps({"type": "replay", "through": ["n2"]}), run))
    file = staged(tmp_path / "r.parquet", [("{}", "m", 1)])
    with database.transaction() as tx:
        rejects.keep(tx, claim(run), [file, RejectsFile("n2", file.uri, 1)])
    assert [row["node"] for row in kept(database, run)] == ["n2"]
