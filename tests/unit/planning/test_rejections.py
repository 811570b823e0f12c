"""onError: fail and rejectLimit: a node that rejects too much fails with its figures and an example, and nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.runs.rejections import TooManyRejects, check
from tests.support.inprocess import Ran, make_pipeline, run

SALES = "id,amount\n1,10\n2,x\n3,5\n4,y\n"
READ = "    - {id: sales, type: connector_source, config: {connector: files, path: sales.csv}}\n"
OUT = "    - {id: out, type: connector_sink, config: {connector: files, path: out.csv, writeMode: OVERWRITE}}\n"
BAD = "    - {id: bad, type: connector_sink, config: {connector: files, path: bad.csv, writeMode: OVERWRITE}}\n"


def through(folder: Path, settings: str, error_port: bool = False) -> Ran:
    (folder / "sales.csv").write_text(SALES)
    node = f"    - {{id: it, type: expression, {settings}, config: {{columns: [{{name: n, expression: CAST(amount AS INTEGER)}}]}}}}\n"
    edges = "{from: sales, to: it}, {from: it, to: out}" + (", {from: it.error, to: bad}" if error_port else "")
    return run(folder, make_pipeline(READ + node + OUT + (BAD if error_port else ""), edges))


@pytest.mark.parametrize("error_port", [False, True])
def test_with_fail_one_bad_row_fails_the_node_and_is_told(tmp_path: Path, error_port: bool) -> None:
    with pytest.raises(TooManyRejects, match=r"node it rejected 2 of 4 rows; onError: fail") as raised:
        through(tmp_path, "onError: fail", error_port)
    assert raised.value.node == "it"
    assert error_port or "cannot read 'x' as INTEGER" in raised.value.message
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("limit", "fails"),
    [
        ("{maxRows: 2}", False),
        ("{maxRows: 1}", True),
        ("{maxPercent: 50}", False),
        ("{maxPercent: 49.9}", True),
        ("{maxPercent: 10, minRows: 5}", False),
        ("{maxRows: 5, maxPercent: 10}", True),
    ],
)
def test_a_reject_limit_counts_rows_and_their_share(tmp_path: Path, limit: str, fails: bool) -> None:
    if not fails:
        assert through(tmp_path, f"rejectLimit: {limit}").figures["it"]["rowsRejected"] == 2
        return
    with pytest.raises(TooManyRejects, match="rejectLimit allows"):
        through(tmp_path, f"rejectLimit: {limit}")


def test_lines_of_a_source_count_too(tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text(SALES)
    read = READ.replace("type:", "rejectLimit: {maxRows: 1}, type:").replace("sales.csv", "sales.csv, schema: {amount: INTEGER}")
    with pytest.raises(TooManyRejects, match="node sales rejected 2 of 4 rows"):
        run(tmp_path, make_pipeline(read + OUT, "{from: sales, to: out}"))


def test_what_was_not_counted_is_within_every_limit() -> None:
    check({"it": {"fail": True}}, {"it": {"rowsRejected": None, "rowsIn": 3}}, lambda _: None)
    with pytest.raises(TooManyRejects, match=r"node it rejected 1 rows"):
        check({"it": {"fail": True}}, {"it": {"rowsRejected": 1, "rowsIn": None}}, lambda _: None)
