"""`python -m tests.differential [--recipes 2240] [--seed 1] [--engines postgres,…] [--write]`.

Prints every difference, made small, as a recipe that can be run, and leaves it with its tables in the folder .differential. `--write`
publishes the coverage table and what was proven. Ends with 1 where there was a difference or where a cell was met too seldom.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from time import monotonic

from tests.differential import coverage
from tests.differential.cases import all_cells
from tests.differential.engines import ENGINES
from tests.differential.part import run
from tests.differential.runner import Report

PUBLISHED = Path("docs/differential-coverage.md")
# As many as it takes for every cell to be met often enough.
RECIPES = 2240


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests.differential")
    parser.add_argument("--recipes", type=int, default=RECIPES)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--every", action="store_true", help="every engine gets every recipe, in place of turns")
    parser.add_argument("--jobs", type=int, default=1, help="processes that share the recipes")
    parser.add_argument("--shown", type=int, default=10, help="how many differences each process makes small and prints")
    asked = parser.parse_args(arguments)
    began = monotonic()
    with ProcessPoolExecutor(asked.jobs, get_context("spawn")) as pool:
        first, *others = pool.map(partial(run, asked), range(asked.jobs))
    report, proof = first.report, first.proof
    for other in others:
        report.add(other.report)
        proof.add(other.proof)
    table, thin = coverage.as_markdown(report.met), coverage.thin(report.met)
    print(table)
    print(
        f"{report.recipes} recipes, {report.rows} rows of answers, {report.failed} that fail as a whole everywhere, "
        f"{len(report.refused)} refused; on duckdb and {', '.join(first.engines)}; {monotonic() - began:.0f} s, seed {asked.seed}"
    )
    for name in asked.engines.split(","):
        print(f"{name} answered {report.answered[name]} of {report.recipes}")
    for (where, why), times in report.not_here.most_common():
        print(f"{where} refused {times}: {why}")
    for why, number in {why: number for number, why in report.refused.items()}.items():
        print(f"refused, recipe {number}: {why}")
    if asked.write:
        proof.write()
        PUBLISHED.write_text(_published(asked.seed, report, first.engines, table))
    if thin:
        print(f"{len(thin)} cells were met less than {coverage.LEAST} times, {thin[0]} among them")
    print(f"{len(report.differences)} differences")
    return 1 if report.differences or (thin and asked.recipes >= RECIPES) else 0


def _published(seed: int, report: Report, engines: list[str], table: str) -> str:
    rows = "".join(f"| {engine} | {report.answered[engine.split()[0]]} |\n" for engine in engines)
    return (
        "# What the differential suite has covered\n\n"
        f"Written by `make differential PUBLISH=1` from {report.recipes} recipes, seed {seed}, {report.rows} rows of answers: each was run "
        "on DuckDB and\non the engines below, and compared row by row (docs/semantics.md says how). "
        f"Differences: {len(report.differences)}. Cells met less than {coverage.LEAST} times: {len(coverage.thin(report.met))} of "
        f"{len(all_cells())}.\n\n"
        "| engine | recipes it has run |\n| --- | --- |\n"
        f"{rows}\n"
        "postgres, sqlite, mariadb and clickhouse are told all of a recipe as one statement for each sink, the last three those recipes "
        "whose every\nconstruct is trusted there. The others take turns, since each plans the recipe anew: a database where it is planned "
        "runs what is trusted there\nand DuckDB the rest, and a data-frame engine refuses what it does not know.\n\n"
        "In each cell below: how often the expression stood in a node of that type over such a column without NULLs / with NULLs.\n\n"
        f"{table}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
