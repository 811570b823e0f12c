"""What a sql node's query may hold: windows, common table expressions, subqueries of each kind, set operations, grouping sets."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.errors import PenstockError
from tests.support.inprocess import make_pipeline, run

READ = "".join(
    f"    - {{id: {name}, type: connector_source, config: {{connector: files, path: {name}.csv}}}}\n" for name in ("sales", "shops")
)
OUT = "    - {id: out, type: connector_sink, config: {connector: files, path: out.csv, writeMode: OVERWRITE}}\n"
EDGES = "{from: sales, to: it}, {from: shops, to: it}, {from: it, to: out}"

CASES = {
    "running total": (
        "SELECT id, SUM(amount) OVER (PARTITION BY shop ORDER BY id ROWS UNBOUNDED PRECEDING) AS t FROM sales",
        [("1", "10"), ("2", "3"), ("3", "5"), ("4", "1")],
    ),
    "rank, named window": (
        "SELECT id, RANK() OVER w AS r, LAG(id) OVER w AS b FROM sales WINDOW w AS (ORDER BY amount DESC)",
        [("1", "1", ""), ("2", "4", "4"), ("3", "2", "1"), ("4", "3", "3")],
    ),
    "common table expressions": (
        "WITH big AS (SELECT * FROM sales WHERE amount > 0), n AS (SELECT shop, COUNT(*) AS n FROM big GROUP BY shop)"
        " SELECT big.id, n.n FROM big JOIN n ON n.shop = big.shop",
        [("1", "1"), ("3", "1")],
    ),
    "scalar and correlated subqueries": (
        "SELECT s.id, (SELECT MAX(town) FROM shops m WHERE m.shop = s.shop) AS town FROM sales s"
        " WHERE s.amount > (SELECT AVG(amount) FROM sales)",
        [("1", "Lodz"), ("3", "Kielce")],
    ),
    "exists and in": (
        "SELECT id FROM sales s WHERE EXISTS (SELECT 1 FROM shops m WHERE m.shop = s.shop) AND s.shop NOT IN (SELECT 'b')",
        [("1",), ("2",)],
    ),
    "set operations": (
        "(SELECT shop FROM sales WHERE shop IS NOT NULL INTERSECT SELECT shop FROM shops) EXCEPT SELECT 'a' UNION ALL SELECT 'z'",
        [("b",), ("z",)],
    ),
    "distinct on a case": ("SELECT DISTINCT CASE WHEN amount > 0 THEN 'in' ELSE 'out' END AS way FROM sales", [("in",), ("out",)]),
    "derived table and values": (
        "SELECT d.shop, d.n FROM (SELECT shop, COUNT(*) AS n FROM sales GROUP BY shop HAVING COUNT(*) > 1) AS d",
        [("a", "2")],
    ),
    "full join of both": (
        "SELECT s.id, m.town FROM sales s FULL JOIN shops m ON m.shop = s.shop",
        [("", "Opole"), ("1", "Lodz"), ("2", "Lodz"), ("3", "Kielce"), ("4", "")],
    ),
}


@pytest.mark.parametrize("staging", ["auto", "all"])
@pytest.mark.parametrize("name", sorted(CASES))
def test_a_query_gives_postgresqls_rows(tmp_path: Path, name: str, staging: str) -> None:
    (tmp_path / "sales.csv").write_text("id,shop,amount\n1,a,10\n2,a,-7\n3,b,5\n4,,1\n")
    (tmp_path / "shops.csv").write_text("shop,town\na,Lodz\nb,Kielce\nc,Opole\n")
    query, expected = CASES[name]
    node = f'    - {{id: it, type: sql, config: {{query: "{query}"}}}}\n'
    ran = run(tmp_path, make_pipeline(READ + node + OUT, EDGES, f"  staging: {staging}\n"))
    assert sorted(ran.rows("out.csv")) == expected
    figures = ran.figures["it"]
    assert figures["rowsIn"] == figures["rowsOut"] + figures["ledger"]["query"] == 7


UNUSED = {
    "computed in one part": "SELECT shop, town FROM shops UNION ALL SELECT shop, 'none' AS town FROM sales",
    "ordered by, with a limit": "SELECT shop, id FROM sales UNION ALL SELECT shop, 9 AS id FROM shops ORDER BY id DESC LIMIT 4",
    "told apart by": "SELECT shop, amount FROM sales UNION SELECT shop, amount FROM sales",
    "named otherwise in the second part": "SELECT shop, town FROM shops UNION ALL SELECT town, shop FROM shops",
}


@pytest.mark.parametrize("name", sorted(UNUSED))
def test_columns_that_nobody_uses_leave_a_stack_as_it_is(tmp_path: Path, name: str) -> None:
    (tmp_path / "sales.csv").write_text("id,shop,amount\n1,a,10\n2,a,-7\n3,b,5\n4,,1\n")
    (tmp_path / "shops.csv").write_text("shop,town\na,Lodz\nb,Kielce\nc,Opole\n")
    query = f'    - {{id: it, type: sql, config: {{query: "{UNUSED[name]}"}}}}\n'
    count = "    - {id: n, type: aggregator, config: {groupBy: [shop], aggregations: [{name: n, function: count}]}}\n"
    edges = "{from: sales, to: it}, {from: shops, to: it}, {from: it, to: n}, {from: n, to: out}"
    found = [
        sorted(run(tmp_path, make_pipeline(READ + query + count + OUT, edges, settings)).rows("out.csv"))
        for settings in ("", "  staging: all\n")
    ]
    # Who keeps every node's output keeps all its columns.
    assert found[0] == found[1]
    assert found[0]


def test_parts_of_different_widths_are_told_by_the_engine(tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text("id,shop,amount\n1,a,10\n")
    (tmp_path / "shops.csv").write_text("shop,town\na,Lodz\n")
    query = '    - {id: it, type: sql, config: {query: "SELECT shop FROM shops UNION ALL SELECT shop, id FROM sales"}}\n'
    with pytest.raises(PenstockError, match="same number of result columns"):
        run(tmp_path, make_pipeline(READ + query + OUT, EDGES))
