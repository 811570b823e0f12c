"""A process's share of the recipes, with engines of its own; what `__main__.py` puts together."""

from __future__ import annotations

import argparse
import logging
import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.differential import tables
from tests.differential.cases import Case
from tests.differential.engines import ENGINES
from tests.differential.planned import Refused, Workshop
from tests.differential.proven import Proof
from tests.differential.runner import Difference, Ran, Report, compare_all, on_duckdb
from tests.differential.shrink import shrunk
from tests.differential.text import Engine

FOUND = Path(".differential")


@dataclass
class Part:
    """What a process has run of the recipes. `engines`: name and version of each."""

    report: Report
    proof: Proof
    engines: list[str]


def run(asked: argparse.Namespace, number: int) -> Part:
    """The command's arguments, and which of its `jobs` this is, from 0."""
    # sqlglot tells of each doubt about a function on its own.
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="penstock-differential-") as name, ExitStack() as servers:
        folder = Path(name)
        made = tables.make(asked.seed)
        tables.write(made, folder)
        shop = Workshop(folder, {"tables": ("files", {"root": name}), "files": ("files", {"root": name})})
        engines = [servers.enter_context(ENGINES[engine](folder, made)) for engine in asked.engines.split(",")]
        proof = Proof()
        told = [0]

        def heard(ran: Ran, engine: Engine, same: bool) -> None:
            proof.hear(ran, engine, same)
            if ran.case.number // 100 > told[0]:
                told[0] = ran.case.number // 100
                print(f"at recipe {ran.case.number} of {asked.recipes}", flush=True)
            if not same:
                # At once: the end may be half an hour away.
                print(f"recipe {ran.case.number} on {engine.name} differs", flush=True)

        report = compare_all(shop, engines, asked.seed, asked.recipes, heard, part=(number, asked.jobs), every=asked.every)
        for found in report.differences[: asked.shown]:
            _show(found, shop, engines, asked.seed)
        return Part(report, proof, [f"{engine.name} {engine.version}" for engine in engines])


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
