"""Several inputs of a node without a rule for them: stacked where alike, else side by side; edge columns; types of unions."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.planning.errors import PlanProblem
from shared.sql.typing import wider_type
from tests.support.inprocess import make_pipeline, run

OUT = "    - {id: out, type: connector_sink, config: {connector: files, path: out.csv, writeMode: OVERWRITE}}\n"
READ = "".join(
    f"    - {{id: {name}, type: connector_source, config: {{connector: files, path: {name}.csv}}}}\n" for name in ("a", "b", "c")
)
IT = '    - {id: it, type: expression, config: {columns: [{name: both, expression: "a_id + coalesce(b_n, 0)"}]}}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.csv").write_text("id,t\n3,x\n1,y\n2,z\n")
    (tmp_path / "b.csv").write_text("n\n20\n10\n")
    (tmp_path / "c.csv").write_text("id\n7\n8\n9\n6\n")
    return tmp_path


def test_rows_are_paired_by_position_and_the_shorter_input_is_padded(folder: Path) -> None:
    nodes = READ.replace(READ.splitlines()[2] + "\n", "") + IT + OUT
    ran = run(folder, make_pipeline(nodes, "{from: a, to: it}, {from: b, to: it}, {from: it, to: out}"))
    assert (folder / "out.csv").read_text().splitlines()[0] == "a_id,a_t,b_n,both"
    assert sorted(ran.rows("out.csv")) == [("1", "y", "10", "11"), ("2", "z", "", "2"), ("3", "x", "20", "23")]
    assert (ran.figures["it"]["rowsIn"], ran.figures["it"]["rowsOut"], ran.figures["it"]["ledger"]["paired"]) == (5, 3, 2)
    assert not ran.plan.warnings


@pytest.mark.parametrize("staging", ["auto", "all"])
def test_three_inputs_are_paired_in_the_order_of_their_edges_a_sorter_deciding_the_places(folder: Path, staging: str) -> None:
    nodes = READ + "    - {id: s, type: sorter, config: {by: [{column: id, direction: desc}]}}\n" + OUT
    edges = "{from: b, to: out}, {from: a, to: s}, {from: s, to: out, columns: [t]}, {from: c, to: out}"
    ran = run(folder, make_pipeline(nodes, edges, f"  staging: {staging}\n"))
    assert (folder / "out.csv").read_text().splitlines()[0] == "b_n,s_t,c_id"
    assert sorted(ran.rows("out.csv")) == [("", "", "6"), ("", "y", "9"), ("10", "z", "8"), ("20", "x", "7")]


def test_an_input_without_an_order_is_told_of(folder: Path) -> None:
    nodes = READ + "    - {id: g, type: aggregator, config: {groupBy: [t], aggregations: [{name: n, function: count}]}}\n" + OUT
    edges = "{from: a, to: g}, {from: g, to: out}, {from: c, to: out}"
    ran = run(folder, make_pipeline(nodes.replace(READ.splitlines()[1] + "\n", ""), edges))
    (warning,) = ran.plan.warnings
    assert warning.startswith("out: the rows of g have no order of their own")
    assert sorted(ran.rows("out.csv"))[1:] == [("x", "1", "7"), ("y", "1", "8"), ("z", "1", "9")]


def test_names_that_would_be_there_twice_are_refused(folder: Path) -> None:
    nodes = READ + OUT
    edges = "{from: a, to: out}, {from: a, to: out, columns: [id]}, {from: b, to: out}, {from: c, to: out}"
    with pytest.raises(PlanProblem, match="column a_id would be there twice"):
        run(folder, make_pipeline(nodes, edges))


def test_a_union_is_of_the_widest_type_and_nullable_where_one_input_is(folder: Path) -> None:
    (folder / "c.csv").write_text("id,t\n7.25,w\n")
    nodes = READ.replace(READ.splitlines()[1] + "\n", "") + "    - {id: it, type: union, config: {}}\n" + OUT
    ran = run(folder, make_pipeline(nodes, "{from: a, to: it}, {from: c, to: it}, {from: it, to: out}"))
    assert sorted(ran.rows("out.csv"))[-1] == ("7.25", "w")


@pytest.mark.parametrize(
    ("one", "other", "wider"),
    [
        ("INTEGER", "BIGINT", "BIGINT"),
        ("NUMERIC(10, 2)", "BIGINT", "NUMERIC(21, 2)"),
        ("NUMERIC(38, 2)", "NUMERIC(12, 6)", "NUMERIC"),
        ("NUMERIC(10, 2)", "DOUBLE PRECISION", "DOUBLE PRECISION"),
        ("DATE", "TIMESTAMPTZ", "TIMESTAMPTZ"),
        ("UNKNOWN", "DATE", "DATE"),
        ("DATE", "BIGINT", None),
    ],
)
def test_the_wider_of_two_types_is_what_postgresql_takes_for_a_union(one: str, other: str, wider: str | None) -> None:
    assert wider_type(one, other) == wider_type(other, one) == wider
