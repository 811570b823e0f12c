"""`python -m tests.differential [--recipes 2000] [--seed 1] [--engines postgres,…] [--write]`.

Prints every difference, made small, as a recipe that can be run, and leaves it with its tables in the folder .differential. `--write`
publishes the coverage table and what was proven. Ends with 1 where there was a difference or where a cell was met too seldom.
"""

from __future__ import annotations

import argparse
import logging
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from time import monotonic

from tests.differential import coverage, tables
from tests.differential.cases import Case
from tests.differential.engines import ENGINES
from tests.differential.planned import Refused, Workshop
from tests.differential.proven import Proof
from tests.differential.runner import Difference, compare_all, on_duckdb
from tests.differential.shrink import shrunk
from tests.differential.text import Engine

FOUND = Path(".differential")
PUBLISHED = Path("docs/differential-coverage.md")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests.differential")
    parser.add_argument("--recipes", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--shown", type=int, default=10, help="how many differences are made small and printed")
    asked = parser.parse_args(arguments)
    # sqlglot tells of each doubt about a function on its own.
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="penstock-differential-") as name, ExitStack() as servers:
        folder = Path(name)
        made = tables.make(asked.seed)
        tables.write(made, folder)
        shop = Workshop(folder, {"tables": ("files", {"root": name}), "files": ("files", {"root": name})})
        engines = [servers.enter_context(ENGINES[engine](folder, made)) for engine in asked.engines.split(",")]
        began = monotonic()
        proof = Proof()
        report = compare_all(shop, engines, asked.seed, asked.recipes, proof.hear if asked.write else lambda *_: None)
        for found in report.differences[: asked.shown]:
            _show(found, shop, engines, asked.seed)
        thin = coverage.thin(report.met)
        print(coverage.as_markdown(report.met))
        print(
            f"{report.recipes} recipes, {report.rows} rows of answers, {report.failed} that fail as a whole everywhere, "
            f"{len(report.refused)} refused; on duckdb and {', '.join(f'{e.name} {e.version}' for e in engines)}; "
            f"{monotonic() - began:.0f} s, seed {asked.seed}"
        )
        for engine in engines:
            print(f"{engine.name} answered {report.answered[engine.name]} of {report.recipes}")
        for (where, why), times in report.not_here.most_common():
            print(f"{where} refused {times}: {why}")
        for why, number in {why: number for number, why in report.refused.items()}.items():
            print(f"refused, recipe {number}: {why}")
        if asked.write:
            proof.write()
            PUBLISHED.write_text(_published(asked.seed, report.recipes, engines, coverage.as_markdown(report.met)))
    if thin:
        print(f"{len(thin)} cells were met less than {coverage.LEAST} times, {thin[0]} among them")
    print(f"{len(report.differences)} differences")
    return 1 if report.differences or (thin and asked.recipes >= 2000) else 0


def _show(found: Difference, shop: Workshop, engines: list[Engine], seed: int) -> None:
    engine = next(e for e in engines if e.name == found.engine)
    last = [found.why]

    def differs(case: Case) -> bool:
        try:
            why = on_duckdb(shop, case).against(engine)
        except Refused:
            return False
        if why is not None:
            last[0] = why
        return why is not None

    small = shrunk(found.case, differs)
    place = FOUND / f"{seed}-{found.case.number}-{found.engine}"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for node in small.nodes:
        if node["type"] == "connector_source":
            shutil.copy(shop.folder / f"{node['config']['table']}.parquet", place)
    text = small.recipe(small.leaves())
    (place / "recipe.yaml").write_text(text)
    print(f"--- {found.engine} and duckdb differ: {last[0]}")
    print(f"# recipe {found.case.number}, seed {seed}; kept with its tables in {place}")
    print(text)


def _published(seed: int, recipes: int, engines: list[Engine], table: str) -> str:
    on = ", ".join(f"{engine.name} {engine.version}" for engine in engines)
    return (
        "# What the differential suite has covered\n\n"
        f"Written by `make differential` from {recipes} recipes, seed {seed}, each run on DuckDB and on {on} and compared row by row.\n"
        "In each cell: how often the expression stood in a node of that type over such a column without NULLs / with NULLs.\n\n"
        f"{table}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
