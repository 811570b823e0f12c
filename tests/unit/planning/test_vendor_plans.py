"""What is sent to the vendors' databases, of which no server is to be had: whole plans by made-up facts, held as golden text, readable in
the vendor's grammar, and each statement with the page of the vendor's manual that it is from.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlglot import exp, parse_one

from shared.connectors import CONNECTORS
from shared.pipelines.language import pipeline, read_documents
from shared.planning.make import plan
from shared.planning.needs import needs
from shared.planning.shown import shown
from shared.sql.dialects import dialect
from tests.support.inprocess import make_pipeline

GOLDEN = Path(__file__).parents[2] / "golden" / "vendors"
# As their servers would tell them, where they do.
VERSIONS = {"oracle": "19.3.0.0.0", "sqlserver": "16.0.1000"}
VENDORS = ("oracle", "snowflake", "sqlserver", "teradata", "hana", "ase", "databricks", "redshift")
WRITING = [name for name in VENDORS if CONNECTORS[name].computes]
# sqlglot does not know how these say it: the table of a session's own, and what HANA's grammar adds.
UNREAD = re.compile(r"^(CREATE (PRIVATE|LOCAL|MULTISET)|SELECT \* INTO)")

SALES = [["ID", "BIGINT", False], ["SHOP", "INTEGER", True], ["AMOUNT", "NUMERIC(12, 2)", True], ["STATUS", "TEXT", True]]
SHOPS = [["SHOP", "INTEGER", False], ["REGION", "TEXT", True]]
TOTALS = [["SHOP", "INTEGER", False], ["N", "BIGINT", True], ["TOTAL", "NUMERIC(38, 2)", True]]
READ = "    - {id: sales, type: connector_source, config: {connector: own, table: SALES}}\n"
BIG = '    - {id: big, type: filter, config: {condition: "AMOUNT > 10 AND SHOP IS NOT NULL"}}\n'
GROUPS = """    - id: totals
      type: aggregator
      config: {groupBy: [SHOP], aggregations: [{name: N, function: count}, {name: TOTAL, function: sum, column: AMOUNT}]}
"""
INTO = "    - {id: out, type: connector_sink, config: {connector: own, table: TOTALS, writeMode: UPSERT, upsertKeys: [SHOP]}}\n"
JOINED = """    - {id: shops, type: connector_source, config: {connector: own, table: SHOPS}}
    - {id: both, type: joiner, config: {joinType: LEFT, left: big, right: shops, keys: [{left: SHOP, right: SHOP}], prefix: shop_}}
    - {id: out, type: connector_sink, config: {connector: files, path: out.parquet, writeMode: OVERWRITE}}
"""
RECIPES = {
    "inside": (READ + BIG + GROUPS + INTO, "{from: sales, to: big}, {from: big, to: totals}, {from: totals, to: out}"),
    "read out": (READ + BIG + JOINED, "{from: sales, to: big}, {from: big, to: both}, {from: shops, to: both}, {from: both, to: out}"),
}


def made(vendor: str, title: str, rows: int = 5_000_000, **of_source: Any) -> dict[str, Any]:
    types = {"default/own": vendor, "default/files": "files"}
    recipe = pipeline(read_documents(make_pipeline(*RECIPES[title]))[0])
    version = VERSIONS.get(vendor)
    facts = {
        need.key: {
            "exists": True,
            "columns": {"SALES": SALES, "SHOPS": SHOPS, "TOTALS": TOTALS}[need.options["table"]],
            "rows": rows,
            "keys": [],
            "marker": None,
            "version": version,
            "sizeBytes": None,
            "schema": "S",
            **of_source,
        }
        for need in needs(recipe, types)
    }
    return shown(recipe, plan(recipe, facts, types), facts, types)


def said(plan_: dict[str, Any]) -> list[str]:
    """What goes to the vendor's database."""
    (stage,) = plan_["stages"]
    return [statement["sql"] for statement in stage["statements"] if statement["on"] == "default/own"]


def held(vendor: str, blocks: dict[str, str]) -> dict[str, str]:
    path = GOLDEN / f"{vendor}.sql"
    if os.environ.get("PENSTOCK_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n\n".join(f"-- {title}\n{text}" for title, text in blocks.items()) + "\n")
    found = re.split(r"^-- (.+)\n", path.read_text(), flags=re.MULTILINE)[1:]
    return {title: text.strip() for title, text in zip(found[::2], found[1::2], strict=True)}


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_a_vendors_database_is_sent_is_the_golden_text(vendor: str) -> None:
    titles = [title for title in RECIPES if title != "inside" or vendor in WRITING]
    blocks = {title: "\n;\n".join(said(made(vendor, title))) for title in titles}
    assert blocks == held(vendor, blocks)


@pytest.mark.parametrize("vendor", WRITING)
def test_with_source_and_sink_in_it_all_is_computed_there(vendor: str) -> None:
    found = made(vendor, "inside", rows=3)
    assert (found["stages"][0]["engine"], found["pushDownShare"]) == ("database", 1.0)
    assert "sources and sinks are all in default/own" in found["stages"][0]["why"][1]
    (kept, staged, filled, *published) = found["stages"][0]["statements"]
    assert [statement["does"] for statement in (kept, staged, filled)] == ["table", "write", "write"]
    # What is kept is called in one way by all.
    name = exp.to_identifier(kept["object"], quoted=True).sql(dialect(CONNECTORS[vendor].dialect or "").writes)
    assert name in filled["sql"]
    assert all("TOTALS" in statement["sql"] for statement in published)


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_leaves_for_another_place_is_one_select(vendor: str) -> None:
    found = made(vendor, "read out")
    (stage,) = found["stages"]
    assert (stage["engine"], found["pushDownShare"]) == ("database", 1.0)
    (statement,) = said(found)
    assert statement.count("JOIN") == 1 and "10" in statement
    few = made(vendor, "read out", rows=10)
    assert (few["stages"][0]["engine"], few["pushDownShare"]) == ("duckdb", 0.5)
    filtered, whole = said(few)
    assert "10" in filtered and "JOIN" not in filtered + whole


@pytest.mark.parametrize(
    ("of_source", "why"),
    [
        ({"inferredFrom": 200}, "types of sales are those of its first rows"),
        ({"vendorTypes": {"STATUS": "char, CHAR(8)"}}, "whose blanks the database would drop"),
        ({"vendorTypes": {"STATUS": "clob, CLOB"}}, "STATUS of sales is of type CLOB, which the database does not compare as we do"),
    ],
)
def test_columns_that_are_not_what_they_seem_keep_their_source_here(of_source: dict[str, Any], why: str) -> None:
    found = made("oracle", "read out", **of_source)
    assert found["pushDownShare"] == 0.0
    assert why in next(node["local"] for node in found["nodes"] if node["id"] == "big")


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_statement_can_be_read_in_its_dialect_or_is_one_that_sqlglot_does_not_know(vendor: str) -> None:
    spoken = dialect(CONNECTORS[vendor].dialect or "").writes
    for title in RECIPES if vendor in WRITING else ("read out",):
        for statement in said(made(vendor, title)):
            if UNREAD.match(statement):
                # What it makes a table of can be read.
                (statement,) = re.findall(r"SELECT [\[\"].*WHERE 1 = 0 UNION ALL .*WHERE 1 = 0", statement)
            assert parse_one(statement.rstrip(";"), dialect=spoken) is not None


def test_each_vendors_statements_name_the_page_they_are_from() -> None:
    pages = yaml.safe_load((GOLDEN / "references.yaml").read_text())
    assert set(pages) == set(VENDORS)
    for vendor, of in pages.items():
        assert set(of) == ({"read", "table", "write"} if vendor in WRITING else {"read"}), vendor
