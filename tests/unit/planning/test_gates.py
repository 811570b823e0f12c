"""Rows before a sink that rule sets look at: what is staged, what is set aside and told of, and what no gate can stand before."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.pipelines.language import pipeline, read_documents, rule_set
from shared.pipelines.replay import LETTERS, LETTERS_TYPE, replayed
from shared.planning.cursors import windowed
from shared.planning.errors import PlanProblem
from shared.planning.make import plan
from shared.planning.needs import needs
from shared.planning.replays import facts_of
from shared.planning.stages import Plan
from shared.runs.gates import held_back
from shared.runs.rejections import TooManyRejects
from tests.support.inprocess import Ran, make_pipeline, run

TYPES = {"default/files": "files"}
READ = "    - {id: read, type: connector_source, config: {connector: files, path: in.csv, schema: {id: BIGINT, n: BIGINT, t: TEXT}}}\n"
SINK = "    - {id: put, type: connector_sink, config: {connector: files, path: out.csv, writeMode: OVERWRITE}}"
ROWS = "id,n,t\n3,30,c\n1,10,\n2,,b\n2,25,b\n9,5,z\n"
BLOCK = "{name: there, type: NOT_NULL, column: n, blockPipeline: true}"


def rules(said: str, dataset: str = "pipeline: p, node: put", name: str = "checks") -> str:
    head = f"---\napiVersion: penstock/v1\nkind: DataQualityRuleSet\nmetadata: {{name: {name}}}\n"
    return f"{head}spec: {{dataset: {{{dataset}}}, rules: [{said}]}}\n"


def ran(folder: Path, said: str, *, nodes: str = "", edges: str = "{from: read, to: put}", settings: str = "") -> Ran:
    (folder / "in.csv").write_text(ROWS)
    return run(folder, make_pipeline(READ + nodes + SINK, edges, settings) + rules(said))


def planned(said: str, dataset: str = "pipeline: p, node: put", *, nodes: str = "", edges: str = "{from: read, to: put}") -> Plan:
    recipe, found = read_documents(make_pipeline(READ + nodes + SINK, edges) + rules(said, dataset))
    read = pipeline(recipe)
    columns = [["id", "BIGINT", True], ["n", "BIGINT", True], ["t", "TEXT", True]]
    facts = {need.key: {"exists": True, "columns": columns, "rows": 5, "keys": []} for need in needs(read, TYPES)}
    return plan(read, facts, TYPES, [rule_set(found)])


def test_each_rule_takes_out_its_rows_and_the_first_that_a_row_breaks_is_told(tmp_path: Path) -> None:
    out = "onFail: reject_rows"
    said = f"""{{name: there, type: NOT_NULL, column: n, {out}}}, {{name: once, type: UNIQUE, column: id, {out}}},
      {{name: filled, type: COMPLETENESS, column: t, minPercent: 100, {out}}}, {{name: big, type: RANGE, column: n, min: 7, {out}}}"""
    found = ran(tmp_path, said)
    assert found.rows("out.csv") == [("3", "30", "c")]
    assert sorted((record["id"], message.partition(":")[0]) for record, message, _ in found.rejects["put"]) == [
        (1, "filled"), (2, "once"), (2, "there"), (9, "big"),
    ]  # fmt: skip
    assert {key: found.figures["put"][key] for key in ("rowsIn", "rowsOut", "rowsRejected")} == {
        "rowsIn": 5,
        "rowsOut": 1,
        "rowsRejected": 4,
    }
    # What is measured is what came, not what was left.
    (quality,) = found.quality
    assert {result["rule"]: result["failing"] for result in quality["results"]} == {"there": 1, "once": 2, "filled": 1, "big": 1}
    assert quality["blocked"] == []


def test_parents_are_rows_of_another_node(tmp_path: Path) -> None:
    (tmp_path / "parents.csv").write_text("key,who\n1,a\n3,b\n3,c\n")
    parents = "    - {id: parents, type: connector_source, config: {connector: files, path: parents.csv, schema: {key: BIGINT}}}\n"
    keep = "    - {id: keep, type: filter, config: {condition: key > 0}}\n"
    other = "    - {id: also, type: connector_sink, config: {connector: files, path: also.csv, writeMode: OVERWRITE}}\n"
    said = "{name: known, type: REFERENTIAL, column: id, references: {node: keep, column: key}, onFail: reject_rows}"
    edges = "{from: read, to: put}, {from: parents, to: keep}, {from: keep, to: also}"
    found = ran(tmp_path, said, nodes=parents + keep + other, edges=edges)
    assert sorted(found.rows("out.csv")) == [("1", "10", ""), ("3", "30", "c")]
    assert [record["id"] for record, _, _ in found.rejects["put"]] == [2, 2, 9]
    assert [result["failing"] for result in found.quality[0]["results"]] == [3]


@pytest.mark.parametrize("settings", ["", "  staging: all\n", "  ledger: exact\n", "  processingMode: pandas\n"])
def test_a_gated_sink_gets_what_its_check_saw_in_its_order(tmp_path: Path, settings: str) -> None:
    nodes = "    - {id: sorted, type: sorter, config: {by: [{column: id}, {column: n}]}}\n"
    found = ran(tmp_path, BLOCK, nodes=nodes, edges="{from: read, to: sorted}, {from: sorted, to: put, columns: [n, t]}", settings=settings)
    assert found.rows("out.csv") == [("10", ""), ("25", "b"), ("", "b"), ("30", "c"), ("5", "z")]
    (quality,) = found.quality
    assert (quality["blocked"], [result["failing"] for result in quality["results"]]) == (["there"], [1])
    *_, check, last = found.plan.stages
    assert (check.kind, last.nodes) == ("check", ("put",))
    assert check.id in last.inputs
    assert last.generation == check.generation + 1


def test_several_inputs_come_together_before_the_gate(tmp_path: Path) -> None:
    nodes = "    - {id: big, type: filter, config: {condition: n > 9}}\n"
    edges = "{from: read, to: big}, {from: big, to: put}, {from: big.rejected, to: put}"
    found = ran(tmp_path, BLOCK, nodes=nodes, edges=edges)
    assert sorted(row[0] for row in found.rows("out.csv")) == ["1", "2", "2", "3", "9"]
    assert [result["checked"] for result in found.quality[0]["results"]] == [5]


def test_a_node_that_comes_after_its_own_gate_is_no_reference() -> None:
    nodes = "    - {id: later, type: filter, config: {condition: n > 9}}\n"
    said = f"{BLOCK}, {{name: as-many, type: ROW_COUNT, equals: {{node: later}}}}"
    with pytest.raises(PlanProblem, match="rule as-many of rule set checks compares read with later, which comes after the gate"):
        planned(said, "pipeline: p, node: read", nodes=nodes, edges="{from: read, to: later}, {from: later, to: put}")


@pytest.mark.parametrize(
    ("said", "dataset", "told"),
    [
        ("{name: r, type: NOT_NULL, column: n, onFail: reject_rows}", "pipeline: p, node: read", "goes into no destination"),
        (BLOCK, "pipeline: p, node: gone", "looks at gone, which is not there; the pipeline has read, put"),
        (BLOCK, "pipeline: p, node: read, output: odd", "looks at read.odd, which is not there; read gives read"),
        (BLOCK, "pipeline: p, node: put, output: odd", "which is a sink; leave output out"),
        ("{name: r, type: NOT_NULL, column: nn, onFail: reject_rows}", "pipeline: p, node: put", "has no column nn"),
        (
            "{name: r, type: REFERENTIAL, column: id, references: {connector: files, table: x}, onFail: reject_rows}",
            "pipeline: p, node: put",
            "its parents are in files, where one row cannot look",
        ),
        ("{name: r, type: ROW_COUNT, equals: {node: nobody}}", "pipeline: p, node: put", "compares with nobody, and this pipeline has no"),
    ],
)
def test_what_cannot_be_is_refused_by_name(said: str, dataset: str, told: str) -> None:
    with pytest.raises(PlanProblem, match=told):
        planned(said, dataset)


def test_rows_that_are_there_already_are_not_set_aside() -> None:
    head = make_pipeline(READ + SINK, "{from: read, to: put}", "  quality: [checks]\n")
    recipe, found = read_documents(
        head + rules("{name: r, type: NOT_NULL, column: n, onFail: reject_rows}", "connector: files, path: other.csv")
    )
    read = pipeline(recipe)
    columns = [["id", "BIGINT", True], ["n", "BIGINT", True], ["t", "TEXT", True]]
    facts = {need.key: {"exists": True, "columns": columns, "rows": 5, "keys": []} for need in needs(read, TYPES)}
    with pytest.raises(PlanProblem, match=r"rejects rows of default/files:other\.csv, which no sink of this pipeline writes"):
        plan(read, facts, TYPES, [rule_set(found)])


def test_a_rule_set_of_a_node_that_is_gone_is_told_of_where_it_holds_nothing_back() -> None:
    made = planned("{name: r, type: NOT_NULL, column: n}", "pipeline: p, node: gone")
    assert made.warnings == ("rule set checks looks at gone, which is not there; the pipeline has read, put",)
    assert [stage.kind for stage in made.stages] == ["work"]


def test_a_gate_says_which_rules_hold_back_and_what_is_wrong_with_the_first_row() -> None:
    results = [
        {"rule": "there", "type": "NOT_NULL", "checked": 4, "failing": 2, "offenders": [{"id": 1, "n": None}], "error": None},
        {"rule": "known", "type": "REFERENTIAL", "checked": None, "failing": None, "offenders": [], "error": "db is down"},
        {"rule": "fine", "type": "RANGE", "checked": 4, "failing": 0, "offenders": [], "error": None},
    ]
    program = {"gate": True, "reads": [{"table": "this", "node": "put"}]}
    measured = {"ruleSet": "strict", "dataset": "default/db:t", "results": results, "blocked": ["there", "known"]}
    error = held_back(program, measured)
    assert error is not None
    assert (error["code"], error["node"], error["retryable"], error["fault"]) == ("quality_gate", "put", False, "data")
    assert error["message"] == (
        "rule set strict holds back what put gives: rule there (NOT_NULL) fails for 2 of 4 rows (first: id 1, n NULL);"
        " rule known could not be measured: db is down. Correct the data or the rules, and run it again"
    )
    assert held_back({**program, "gate": False}, measured) is None
    assert held_back(program, {**measured, "blocked": []}) is None


def test_rows_that_rules_reject_count_against_the_limit_of_the_sink(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(ROWS)
    limited = SINK.removesuffix("}") + ", rejectLimit: {maxRows: 1}}"
    said = "{name: big, type: RANGE, column: n, min: 26, onFail: reject_rows}"
    with pytest.raises(TooManyRejects, match=r"node put rejected 3 of 5 rows.*big: n is not at least 26"):
        run(tmp_path, make_pipeline(READ + limited, "{from: read, to: put}") + rules(said))
    assert not (tmp_path / "out.csv").exists()


def test_a_cursor_moves_with_the_stage_that_publishes_and_not_with_the_one_that_reads() -> None:
    nodes = """    - {id: read, type: connector_source, config: {connector: db, table: sales, incremental: {cursorColumn: n}}}
    - {id: put, type: connector_sink, config: {connector: db, table: kept, writeMode: UPSERT, upsertKeys: [id]}}"""
    recipe, found = read_documents(make_pipeline(nodes, "{from: read, to: put}") + rules(BLOCK))
    read, types = pipeline(recipe), {"default/db": "postgres"}
    columns = [["id", "BIGINT", False], ["n", "BIGINT", True]]
    facts = {need.key: {"exists": True, "columns": columns, "rows": 5, "keys": [["id"]]} for need in needs(read, types)}
    made = plan(windowed(read, {}), facts, types, [rule_set(found)])
    reading, _, publishing = made.stages
    assert [stage.program["cursors"]["read"]["sinks"] for stage in (reading, publishing)] == [[], ["put"]]
    assert "not in one database whole, since what put is to get is staged here" in " ".join(reading.why)
    assert publishing.why[0] == "published only after rule set checks has passed"


def test_a_unique_rule_looks_at_the_table_that_is_added_to_whether_or_not_it_was_there_when_the_run_was_planned() -> None:
    nodes = """    - {id: read, type: connector_source, config: {connector: db, table: sales}}
    - {id: put, type: connector_sink, config: {connector: db, table: kept, writeMode: INSERT, createTable: true}}"""
    once = "{name: once, type: UNIQUE, column: id, blockPipeline: true}"
    recipe, found = read_documents(make_pipeline(nodes, "{from: read, to: put}") + rules(once))
    read, types = pipeline(recipe), {"default/db": "postgres"}
    for there in (True, False):
        facts = {
            need.key: {"exists": there or need.role == "source", "columns": [["id", "BIGINT", False]], "rows": 5, "keys": [["id"]]}
            for need in needs(read, types)
        }
        (check,) = (stage for stage in plan(read, facts, types, [rule_set(found)]).stages if stage.kind == "check")
        assert [read["table"] for read in check.program["reads"]] == ["this", "once.destination"]
        assert check.program["rules"][0]["destination"] is True


VALID = "    - {id: v, type: validate%s, config: {rules: [{name: there, type: NOT_NULL, column: n}]}}\n"


@pytest.mark.parametrize("settings", ["", "  staging: all\n", "  ledger: exact\n", "  processingMode: pandas\n"])
def test_rejected_rows_that_a_rule_set_looks_at_are_dead_letters_all_the_same(tmp_path: Path, settings: str) -> None:
    (tmp_path / "in.csv").write_text(ROWS)
    edges = "{from: read, to: v}, {from: v.valid, to: put}"
    said = rules("{name: odd, type: NOT_NULL, column: n}", "pipeline: p, node: v, output: invalid")
    found = run(tmp_path, make_pipeline(READ + VALID % "" + SINK, edges, settings) + said)
    assert [record["id"] for record, _, _ in found.rejects["v"]] == [2]
    assert [result["failing"] for result in found.quality[0]["results"]] == [1]
    assert {key: found.figures["v"][key] for key in ("rowsIn", "rowsOut", "rowsRejected")} == {"rowsIn": 5, "rowsOut": 4, "rowsRejected": 1}
    # And where they are not to be kept, they are still told of.
    found = run(tmp_path, make_pipeline(READ + VALID % ", onError: skip" + SINK, edges, settings) + said)
    assert found.rejects.get("v", []) == []
    assert (found.figures["v"]["rowsRejected"], found.figures["v"]["ledger"]["skipped"]) == (0, 1)


def test_two_rule_sets_name_their_parents_alike(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(ROWS)
    nodes = """    - {id: few, type: filter, config: {condition: n > 9}}
    - {id: some, type: filter, config: {condition: n > 20}}
"""
    edges = "{from: read, to: put}, {from: read, to: few}, {from: read, to: some}"
    said = "{name: known, type: REFERENTIAL, column: id, references: {node: %s, column: id}, onFail: reject_rows}"
    recipe = make_pipeline(READ + nodes + SINK, edges) + rules(said % "few", name="one") + rules(said % "some", name="two")
    found = run(tmp_path, recipe)
    assert sorted(found.rows("out.csv")) == [("2", "", "b"), ("2", "25", "b"), ("3", "30", "c")]
    assert sorted(record["id"] for record, _, _ in found.rejects["put"]) == [1, 9]


@pytest.mark.parametrize("more", ["", ", {name: low, type: RANGE, column: n, max: 90, onFail: reject_rows}"])
def test_a_sink_behind_two_gates_in_a_row_waits_for_both(tmp_path: Path, more: str) -> None:
    (tmp_path / "in.csv").write_text(ROWS)
    nodes = "    - {id: f, type: filter, config: {condition: n > 9}}\n"
    recipe = make_pipeline(READ + nodes + SINK, "{from: read, to: f}, {from: f, to: put}")
    found = run(tmp_path, recipe + rules(BLOCK, "pipeline: p, node: f", "first") + rules(BLOCK + more, name="second"))
    assert sorted(found.rows("out.csv")) == [("1", "10", ""), ("2", "25", "b"), ("3", "30", "c")]
    *_, last = found.plan.stages
    checks = [stage for stage in found.plan.stages if stage.kind == "check"]
    assert len(checks) == 2
    assert {check.id for check in checks} <= set(last.inputs)
    assert last.nodes == ("put",)
    assert "begins only after rule set first has passed f" in last.why


JUDGES = "{name: many, type: ROW_COUNT, min: 100, blockPipeline: true}, {name: usual, type: ANOMALY, metric: row_count}"
KNOWN = "{name: known, type: REFERENTIAL, column: id, references: {node: parents, column: id}%s}"


def replaying(said: str) -> Plan:
    nodes = READ.replace("id: read", "id: parents").replace("in.csv", "parents.csv")
    also = SINK.replace("id: put", "id: also").replace("out.csv", "also.csv")
    recipe, found = read_documents(
        make_pipeline(f"{READ}{nodes}{also}\n{SINK.replace('OVERWRITE', 'INSERT')}", "{from: read, to: put}, {from: parents, to: also}")
        + rules(said)
    )
    read, types = replayed(pipeline(recipe), "put", lines=False), TYPES | {LETTERS: LETTERS_TYPE}
    facts = facts_of(needs(read, types), [["id", "BIGINT", True], ["n", "BIGINT", True], ["t", "TEXT", True]], 2)
    return plan(read, facts, types, [rule_set(found)])


def test_a_replay_is_held_against_rules_of_rows_as_a_subject_of_its_own() -> None:
    _, check, last = replaying(f"{BLOCK}, {JUDGES}, {KNOWN % ''}").stages
    assert [rule["name"] for rule in check.program["rules"]] == ["there"]
    assert check.program["dataset"] == "replay/default/files:out.csv"
    assert (check.program["profile"], check.program["drift"], check.program["gate"]) == (None, None, True)
    assert last.nodes == ("put",)
    assert [stage.kind for stage in replaying(JUDGES).stages] == ["work"]


@pytest.mark.parametrize("holds", ["blockPipeline: true", "onFail: reject_rows"])
def test_a_replay_leaves_out_no_rule_that_holds_rows_back(holds: str) -> None:
    with pytest.raises(PlanProblem, match="rule known of rule set checks compares with all rows of parents, which a replay does not read"):
        replaying(KNOWN % f", {holds}")


@pytest.mark.parametrize(
    ("written", "said", "schema", "attaches", "warns"),
    [
        ("sales", "sales", "public", True, False),
        ("sales", "public.sales", "public", True, False),
        ("public.sales", "sales", "public", True, False),
        ("sales", "other.sales", "public", False, True),
        ("sales", "public.sales", None, False, True),
        ("sales", "SALES", "public", False, True),
        ("sales", "public.costs", "public", False, False),
    ],
)
def test_a_table_is_the_same_with_its_schema_and_without(written: str, said: str, schema: str | None, attaches: bool, warns: bool) -> None:
    nodes = f"""    - {{id: read, type: connector_source, config: {{connector: db, table: raw}}}}
    - {{id: put, type: connector_sink, config: {{connector: db, table: {written}, writeMode: INSERT}}}}"""
    recipe, found = read_documents(make_pipeline(nodes, "{from: read, to: put}") + rules(BLOCK, f"connector: db, table: {said}"))
    read, types = pipeline(recipe), {"default/db": "postgres"}
    columns = [["id", "BIGINT", False], ["n", "BIGINT", True]]
    facts = {need.key: {"exists": True, "columns": columns, "rows": 5, "keys": [], "schema": schema} for need in needs(read, types)}
    made = plan(read, facts, types, [rule_set(found)])
    assert [stage.kind for stage in made.stages] == (["work", "check", "work"] if attaches else ["work"])
    assert made.warnings == (
        (
            f"rule set checks looks at {said} and holds nothing back here: put writes {written}, which is not known to be the same;"
            " write both alike if it is",
        )
        if warns
        else ()
    )


@pytest.mark.parametrize(("path", "attaches"), [("out.csv", True), ("out.csv/", True), ("other.csv", False)])
def test_a_folder_is_the_same_with_a_slash_at_its_end(path: str, attaches: bool) -> None:
    made = planned(BLOCK, f"connector: files, path: {path}")
    assert (len(made.stages), made.warnings) == (3 if attaches else 1, ())
