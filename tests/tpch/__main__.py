"""`python -m tests.tpch [--scale 0.1] [--engines pandas,mariadb,…] [--queries 1,6]`: the 22 recipes on every engine at hand.

Prints, for each engine, how many answers are DuckDB's own, how much was pushed down and in how many stages, and every difference. Ends
with 1 where there was one.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from shared.errors import PenstockError
from shared.pipelines.nodes import NODE_TYPES
from shared.planning.stages import Plan, PlannedNode
from tests.tpch.data import QUERIES, generate
from tests.tpch.engines import DASK_PART_BYTES, ENGINES, Engine, Ran


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests.tpch")
    parser.add_argument("--scale", type=float, default=0.1)
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--queries", default=",".join(map(str, QUERIES)))
    asked = parser.parse_args(arguments)
    # sqlglot tells of each doubt about a function on its own.
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    os.environ.setdefault("PENSTOCK_DASK_PART_BYTES", DASK_PART_BYTES)
    queries = [int(number) for number in asked.queries.split(",")]
    different = 0
    with tempfile.TemporaryDirectory(prefix="penstock-tpch-") as name:
        tpch = generate(Path(name), asked.scale)
        for engine in asked.engines.split(","):
            folder = Path(name) / engine
            folder.mkdir()
            with ENGINES[engine](tpch, folder) as started:
                different += _report(engine, started, queries)
    print(f"{different} differences")
    return 1 if different else 0


def _report(name: str, engine: Engine, queries: Sequence[int]) -> int:
    """How many recipes gave another answer, or none."""
    ran: dict[int, Ran] = {}
    failed: dict[int, str] = {}
    for number in queries:
        try:
            ran[number] = engine.ask(number)
        except PenstockError as error:
            failed[number] = error.message
    failed |= {number: one.difference for number, one in ran.items() if one.difference is not None}
    nodes = [(number, node) for number, one in ran.items() for node in relational(one.plan)]
    pushed = [node for _, node in nodes if node.engine == "database"]
    whole = [number for number, one in ran.items() if in_one_stage(one.plan)]
    print(
        f"{name}: {len(queries) - len(failed)} of {len(queries)} answers are DuckDB's own; {len(pushed)} of {len(nodes)} relational nodes"
        f" pushed down; {len(whole)} recipes in one stage of the database; {sum(one.seconds for one in ran.values()):.1f} s"
    )
    # The first of a recipe that could not go is why those after it could not.
    reasons = Counter(node.local.rpartition(": ")[2] for _, node in nodes if node.local is not None) if pushed else Counter()
    for why, times in reasons.most_common():
        print(f"{name}: {times} nodes stay: {why}")
    for number, what in sorted(failed.items()):
        print(f"{name}: query {number}: {what}")
    slow = sorted(ran.items(), key=lambda one: -one[1].seconds)[:3]
    print(f"{name}: slowest: {', '.join(f'query {number} {one.seconds:.1f} s' for number, one in slow)}", flush=True)
    return len(failed)


def relational(plan: Plan) -> list[PlannedNode]:
    return [node for node in plan.nodes if NODE_TYPES[node.type].role == "transform"]


def in_one_stage(plan: Plan) -> bool:
    return len(plan.stages) == 1 and plan.stages[0].engine == "database"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
