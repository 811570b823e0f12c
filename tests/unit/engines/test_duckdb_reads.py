"""Programs that read files, run on DuckDB as a worker's child runs them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from shared.connectors.errors import NotFound, SourceChanged
from shared.connectors.files.driver import ConnectorDriver
from shared.datasets.columns import columns_from_json
from shared.engines.control import Control
from shared.engines.duckdb import driver
from shared.engines.program import Output, Program, Read, Rejects
from shared.engines.work import Job, Limits, Outcome, ResolvedConnector
from shared.errors import PenstockError

COUNT = {"in": {"rowsIn": None, "rowsOut": {"read": "in"}, "rowsRejected": {"rejectedLines": "in"}}}


def run_program(folder: Path, program: Program, control: Control | None = None) -> Outcome:
    (folder / "scratch").mkdir(exist_ok=True)
    limits = Limits(2_000_000_000, 2, str(folder / "scratch"))
    connectors = {"default/files": ResolvedConnector("default/files", "files", {"root": str(folder)})}
    job = Job("default", "run", 1, 1, "work", program.to_json(), connectors, {}, str(folder / "staging"), limits)
    return driver.run(job, control or Control())


def read_everything(folder: Path, path: str, keep: tuple[str, ...] | None = None, **options: Any) -> Outcome:
    """Surveys a path as the planner would have it done, then stages all its rows."""
    config = {"path": path, **options}
    found = ConnectorDriver({"root": str(folder)}).survey("source", config).to_json()
    columns = columns_from_json(found["columns"])
    read = Read("in", "in", columns, "default/files", {**config, "surveyed": found["columns"]}, keep=keep, materialise=True)
    program = Program((read,), outputs=(Output("in", 'SELECT * FROM "in"', columns),), rejects=(Rejects("in", read="in"),), figures=COUNT)
    return run_program(folder, program)


def rows(outcome: Outcome) -> list[tuple[Any, ...]]:
    return duckdb.sql(f"SELECT * FROM '{outcome.datasets[0].uri}'").fetchall()


def rejected(outcome: Outcome) -> list[tuple[Any, str, int]]:
    found = duckdb.sql(f"SELECT * FROM '{outcome.rejects[0].uri}' ORDER BY position").fetchall()
    return [(json.loads(record), message, position) for record, message, position in found]


HALF_BAD = 'id,name,v\r\n1,a,2.5\r\nx,b,3\r\n3,"two\r\nlines",4\r\n4,c\r\n5,d,5,6\r\ny,e,zz\r\n6,f,7\r\n'


def read_pinned(folder: Path, path: str, text_of_survey: str) -> Outcome:
    """Reads `path` with the columns that a clean file had."""
    (folder / "clean.csv").write_text(text_of_survey)
    columns = ConnectorDriver({"root": str(folder)}).survey("source", {"path": "clean.csv"}).columns
    options = {"path": path, "surveyed": [column.to_json() for column in columns]}
    read = Read("in", "in", columns, "default/files", options, materialise=True)
    program = Program((read,), outputs=(Output("in", 'SELECT * FROM "in"', columns),), rejects=(Rejects("in", read="in"),), figures=COUNT)
    return run_program(folder, program)


def test_good_lines_of_a_half_bad_csv_pass_and_each_bad_line_is_rejected_once_with_its_line_number(tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text(HALF_BAD, newline="")
    outcome = read_pinned(tmp_path, "bad.csv", "id,name,v\n1,a,2.5\n")
    assert rows(outcome) == [(1, "a", 2.5), (3, "two\r\nlines", 4.0), (6, "f", 7.0)]
    assert outcome.figures["in"]["rowsOut"] == 3
    assert outcome.figures["in"]["rowsRejected"] == 4
    # Lines as an editor numbers them: the quoted field of record 4 covers two.
    assert [position for _, _, position in rejected(outcome)] == [3, 6, 7, 8]
    assert [record["line"] for record, _, _ in rejected(outcome)] == ["x,b,3", "4,c", "5,d,5,6", "y,e,zz"]
    assert rejected(outcome)[0][1] == "column id: 'x' does not fit BIGINT"


def test_a_bad_line_of_one_of_several_files_names_its_file(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "one.csv").write_text("id\n1\n")
    (tmp_path / "d" / "two.csv").write_text("id\n2\nz\n")
    outcome = read_pinned(tmp_path, "d/*.csv", "id\n1\n")
    assert sorted(rows(outcome)) == [(1,), (2,)]
    ((record, _, position),) = rejected(outcome)
    assert (record["file"], record["line"], position) == ("d/two.csv", "z", 3)


def test_the_line_numbers_of_a_packed_file_are_those_of_its_text(tmp_path: Path) -> None:
    (tmp_path / "bad.csv.gz").write_bytes(gzip.compress(HALF_BAD.encode()))
    assert [position for _, _, position in rejected(read_pinned(tmp_path, "bad.csv.gz", "id,name,v\n1,a,2.5\n"))] == [3, 6, 7, 8]


@pytest.mark.parametrize("inside", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("header", [True, False])
def test_a_line_break_inside_the_first_record_loses_no_row(tmp_path: Path, inside: str, end: str, header: bool) -> None:
    lines = [f'"a{inside}b",c', "x,1", f'"y{inside}z",2']
    (tmp_path / "h.csv").write_text("".join(line + end for line in lines), newline="")
    outcome = read_everything(tmp_path, "h.csv", options={"header": header})
    assert len(rows(outcome)) == (2 if header else 3)
    assert rows(outcome)[-1][0] == f"y{inside}z"


@pytest.mark.parametrize("packing", ["", ".gz", ".zst"])
def test_packed_text_is_read_like_plain_text(tmp_path: Path, packing: str) -> None:
    text = "id,name\n1,a\n2,b\n"
    codec = {".gz": "gzip", ".zst": "zstd"}.get(packing)
    with pa.output_stream(str(tmp_path / f"t.csv{packing}"), compression=codec) as file:
        file.write(text.encode())
    assert rows(read_everything(tmp_path, f"t.csv{packing}")) == [(1, "a"), (2, "b")]


def test_options_of_a_csv_hold_for_survey_and_read_alike(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes("# exported\nid;preis;am\n1;1,50;-\n2;2,25;31.12.2024\n".encode("latin-1"))
    options = {"delimiter": ";", "decimal": ",", "skipRows": 1, "nullValues": ["-"], "encoding": "latin-1"}
    outcome = read_everything(tmp_path, "t.csv", options=options)
    assert rows(outcome) == [(1, 1.5, None), (2, 2.25, "31.12.2024")]


def test_a_date_format_makes_dates_of_its_texts(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("d\n31.12.2024\n01.02.2025\n")
    outcome = read_everything(tmp_path, "t.csv", options={"dateFormat": "%d.%m.%Y"})
    assert [str(row[0]) for row in rows(outcome)] == ["2024-12-31", "2025-02-01"]


def test_a_csv_whose_header_changed_since_the_survey_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,other\n1,a\n")
    with pytest.raises(SourceChanged, match="survey"):
        read_pinned(tmp_path, "t.csv", "id,name\n1,a\n")


def test_a_parquet_file_that_lost_a_column_since_the_survey_is_not_read(tmp_path: Path) -> None:
    duckdb.sql("SELECT 1 AS id").write_parquet(str(tmp_path / "t.parquet"))
    options = {"path": "t.parquet", "surveyed": [["id", "INTEGER", True], ["name", "TEXT", True]]}
    read = Read("in", "in", columns_from_json(options["surveyed"]), "default/files", options, materialise=True)
    with pytest.raises(SourceChanged):
        run_program(tmp_path, Program((read,)))


def test_a_file_that_is_gone_fails_with_the_node_and_the_nearest_name(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("id\n1\n")
    read = Read("in", "in", columns_from_json([["id", "BIGINT", True]]), "default/files", {"path": "order.csv", "surveyed": []})
    with pytest.raises(NotFound, match=r"orders\.csv") as caught:
        run_program(tmp_path, Program((read,)))
    assert caught.value.node == "in"


JSON_ROWS = [{"id": 1, "zip": "007", "at": "2024-05-06", "deep": {"a": [1]}}, {"id": 2, "zip": "8", "at": "2024-05-07", "deep": None}]


@pytest.mark.parametrize("ending", ["json", "jsonl"])
def test_json_arrays_and_lines_give_the_same_rows(tmp_path: Path, ending: str) -> None:
    text = json.dumps(JSON_ROWS) if ending == "json" else "\n".join(map(json.dumps, JSON_ROWS))
    (tmp_path / f"t.{ending}").write_text(text)
    got = rows(read_everything(tmp_path, f"t.{ending}"))
    assert [(row[0], row[1], str(row[2])) for row in got] == [(1, "007", "2024-05-06"), (2, "8", "2024-05-07")]
    assert json.loads(got[0][3]) == {"a": [1]}
    assert got[1][3] is None


def test_numbers_in_json_that_no_type_holds_stay_text(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"n": 123456789012345678901234567890}\n{"n": 1}\n')
    assert rows(read_everything(tmp_path, "t.jsonl")) == [("123456789012345678901234567890",), ("1",)]


def test_structures_and_wide_integers_of_parquet_keep_their_values(tmp_path: Path) -> None:
    duckdb.sql("SELECT {'a': 1} AS s, 18446744073709551615::UBIGINT AS u, 1.5::DECIMAL(38,9) AS d").write_parquet(
        str(tmp_path / "t.parquet")
    )
    outcome = read_everything(tmp_path, "t.parquet")
    ((structure, wide, exact),) = rows(outcome)
    assert json.loads(structure) == {"a": 1}
    assert int(wide) == 18446744073709551615
    assert str(exact) == "1.500000000"


def test_only_the_columns_that_are_used_are_read(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b,c\n1,2,3\n")
    assert rows(read_everything(tmp_path, "t.csv", keep=("c", "a"))) == [(3, 1)]


def test_odd_column_names_survive(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('"Ä b","se""lect",id,ID,\n1,2,3,4,5\n')
    outcome = read_everything(tmp_path, "t.csv")
    assert [column.name for column in outcome.datasets[0].columns] == ["Ä b", 'se"lect', "id", "ID_1", "column4"]
    assert rows(outcome) == [(1, 2, 3, 4, 5)]


def test_line_numbers_hold_across_the_buffers_of_a_large_file_read_in_parallel(tmp_path: Path) -> None:
    wanted, line = [], 2
    with (tmp_path / "big.csv").open("w", encoding="utf-8-sig") as file:
        file.write("id,name,v\n")
        for at in range(400_000):
            if at % 50_000 == 49_999:
                file.write(f"bad{at},x,1\n")
                wanted.append(line)
                line += 1
            elif at % 1000 == 0:
                file.write(f'{at},"two\nlines {"y" * 120}",1\n')
                line += 2
            else:
                file.write(f"{at},{'z' * 120},1\n")
                line += 1
    outcome = read_pinned(tmp_path, "big.csv", "id,name,v\n1,a,2.5\n")
    assert [position for _, _, position in rejected(outcome)] == wanted
    assert outcome.figures["in"]["rowsOut"] == 400_000 - len(wanted)


def test_a_file_that_changes_while_it_is_read_is_not_passed_on(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id\n1\n")

    class Meddling(Control):
        """Appends to the file as soon as the engine starts a statement."""

        @property
        def cancelled(self) -> bool:
            with (tmp_path / "t.csv").open("a") as file:
                file.write("2\n")
            return False

    options = {"path": "t.csv", "surveyed": [["id", "BIGINT", True]]}
    read = Read("in", "in", columns_from_json(options["surveyed"]), "default/files", options, materialise=True)
    with pytest.raises(SourceChanged, match="while it was being read"):
        run_program(tmp_path, Program((read,)), Meddling())


def test_a_file_that_is_not_what_its_ending_says_is_named(tmp_path: Path) -> None:
    for path in ("t.parquet", "t.json"):
        (tmp_path / path).write_text("{neither")
        with pytest.raises(PenstockError, match=path):
            ConnectorDriver({"root": str(tmp_path)}).survey("source", {"path": path})


def replay_lines(folder: Path, text: str, laid: int) -> Outcome:
    """Rejected lines as a replay reads them: together, in a file of their own."""
    letters = folder / "letters"
    letters.mkdir()
    (letters / "lines.csv").write_text(text, newline="")
    columns = columns_from_json([["id", "BIGINT", True], ["name", "TEXT", True], ["v", "BIGINT", True]])
    options = {"path": "lines.csv", "format": "csv", "options": {"header": False}, "surveyed": [column.to_json() for column in columns]}
    read = Read("in", "in", columns, "replay/dead letters", options, materialise=True)
    counted: dict[str, dict[str, Any]] = {"in": dict(COUNT["in"])}
    counted["in"]["rowsIn"] = {"sum": [{"read": "in"}, {"rejectedLines": "in"}]}
    program = Program((read,), outputs=(Output("in", 'SELECT * FROM "in"', columns),), rejects=(Rejects("in", read="in"),), figures=counted)
    (folder / "scratch").mkdir()
    limits = Limits(2_000_000_000, 2, str(folder / "scratch"))
    connectors = {"replay/dead letters": ResolvedConnector("replay/dead letters", "files", {"root": str(letters), "letters": laid})}
    return driver.run(Job("default", "run", 1, 1, "work", program.to_json(), connectors, {}, str(folder / "staging"), limits), Control())


def test_letters_that_are_read_as_one_publish_nothing(tmp_path: Path) -> None:
    with pytest.raises(PenstockError, match="3 rejected rows were to be replayed, and 1 were read"):
        replay_lines(tmp_path, '1,"a,2\n3,b,4\n5,c,6\n', 3)


def test_each_letter_that_becomes_a_row_or_a_reject_has_entered(tmp_path: Path) -> None:
    outcome = replay_lines(tmp_path, "1,a,2\nx,b,4\n5,c,6\n", 3)
    assert (outcome.figures["in"]["rowsIn"], outcome.figures["in"]["rowsRejected"]) == (3, 1)
