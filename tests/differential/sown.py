"""`python -m tests.differential.sown [--recipes 70] [--seed 1] [--engines …] [--write]`: faults sown one by one, and what sees each.

Sown are: every fault of every pass of the planner (`planner_faults.py`), each rewrite of each dialect left out, every fault of a relation's
text (`faults.py`), and every slip in what writes to sinks (`tests/support/mutants.py`). The lists are the code's own. A fault is seen by
golden text, by the rows of a generated recipe, or by both; `--write` publishes the table. Ends with 1 where one was seen by nothing.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb

from shared.planning.passes import PASSES, Pass
from shared.sql import writes as emitters
from shared.sql.dialects import DIALECTS
from tests.differential import tables
from tests.differential.engines import ENGINES, Planned
from tests.differential.faults import FAULTS, sown, without_pass
from tests.differential.faults import Fault as TextFault
from tests.differential.planned import Refused, Workshop
from tests.differential.planner_faults import PLANNER_FAULTS, Fault, with_fault
from tests.differential.runner import Ran, Report, drawn, palettes_of, touched
from tests.differential.text import Text, Write
from tests.support.mutants import mutants, unseen
from tests.unit.connectors.test_statements_said import SAID as SAID_BY_CONNECTORS
from tests.unit.planning.test_passes import seen_in
from tests.unit.sql.dialect_cases import SHOWN, changed_without
from tests.unit.sql.test_writes import SAID as SAID_BY_EMITTERS

PUBLISHED = Path("docs/faults.md")
# Relations are told these as text, and rows compared; the planner's own way goes over the others.
TEXTS, WAYS = "postgres,duckdb,sqlite,mariadb,clickhouse", "files,postgres-planned"
# What a fault in the planner does is seen soon or not at all.
RECIPES_PLANNED = 12


@dataclass(frozen=True)
class Seen:
    """A fault, and the golden case and the recipe that see it; None: they do not."""

    where: str
    fault: str
    golden: str | None
    rows: str | None


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests.differential.sown")
    parser.add_argument("--recipes", type=int, default=70)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engines", default=f"{TEXTS},{WAYS}")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args(arguments)
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="penstock-faults-") as name, ExitStack() as servers:
        folder = Path(name)
        made = tables.make(asked.seed)
        tables.write(made, folder)
        shop = Workshop(folder, _files(folder))
        engines = {one: servers.enter_context((OWN.get(one) or ENGINES[one])(folder, made)) for one in asked.engines.split(",")}
        recipes = list(drawn(shop, asked.seed, asked.recipes, Report(), palettes=palettes_of(engines.values())))
        texts = {one: engine for one, engine in engines.items() if isinstance(engine, Text)}
        ways = {one: engine for one, engine in engines.items() if isinstance(engine, Planned)}
        more = partial(touched, shop, asked.seed, range(asked.recipes, 10 * asked.recipes))
        found = []
        for one in chain(_in_the_planner(recipes[:RECIPES_PLANNED], ways), _in_rewrites(recipes, texts), _in_texts(recipes, texts, more)):
            print(f"{one.where}: {one.fault}: {one.golden or 'no golden case'}, {one.rows or 'no rows'}", flush=True)
            found.append(one)
    slips = {module.__name__: (len(list(mutants(module))), unseen(module, said)) for module, said in EMITTERS.items()}
    print(text := _as_markdown(found, slips, asked.recipes, asked.seed))
    if asked.write:
        PUBLISHED.write_text(text)
    lost = [f"{one.where}: {one.fault}" for one in found if one.golden is None and one.rows is None]
    lost += [f"{module}, {slip}" for module, (_, missed) in slips.items() for slip in missed]
    print(f"{len(found)} faults and {sum(count for count, _ in slips.values())} slips sown; seen by nothing: {len(lost)}")
    for one in lost:
        print(f"seen by nothing: {one}")
    return 1 if lost else 0


def _in_the_planner(recipes: Sequence[Ran], ways: Mapping[str, Planned]) -> Iterator[Seen]:
    for name, faults in PLANNER_FAULTS.items():
        for fault, harm in faults.items():

            def sow(engine: Planned, name: str = name, harm: Fault = harm) -> AbstractContextManager[None]:
                return _planned_by(engine, with_fault(name, harm))

            yield Seen(f"planner: {name}", fault, seen_in(name, harm), _first_different(recipes, ways, sow))


def _in_rewrites(recipes: Sequence[Ran], texts: Mapping[str, Text]) -> Iterator[Seen]:
    for name in SHOWN:
        for one in DIALECTS[name].passes:

            def sow(engine: Text, lost: str = one.name) -> AbstractContextManager[None]:
                return _written_by(engine, without_pass(engine, lost))

            here = {name: texts[name]} if name in texts else {}
            yield Seen(f"rewrites: {name}", f"{one.name} left out", changed_without(name, one.name), _first_different(recipes, here, sow))


def _in_texts(recipes: Sequence[Ran], texts: Mapping[str, Text], more: Callable[[TextFault], Iterable[Ran]]) -> Iterator[Seen]:
    """What a wrong emitter of any database would say, on PostgreSQL. `more`: further recipes that hold what a fault is about."""
    postgres = {"postgres": texts["postgres"]}
    for fault, harm in FAULTS.items():

        def sow(engine: Text, harm: TextFault = harm) -> AbstractContextManager[None]:
            return _written_by(engine, sown(engine, harm))

        yield Seen("text of a relation", fault, None, _first_different(chain(recipes, more(harm)), postgres, sow))


def _first_different(recipes: Iterable[Ran], engines: Mapping[str, Any], sow: Callable[[Any], AbstractContextManager[None]]) -> str | None:
    """The engine and the recipe that give other rows, or none at all, with the fault than without. What an engine gives otherwise anyway is
    left out."""
    for name, engine in engines.items():
        for ran in recipes:
            said = _said(ran, engine)
            with sow(engine):
                wrong = _said(ran, engine) != said if said is not None else True
                wrong = wrong and _differs(ran, engine)
            if wrong and not _differs(ran, engine):
                return f"recipe {ran.case.number} on {name}"
    return None


def _said(ran: Ran, engine: Any) -> list[str] | None:
    """The texts of a recipe's relations, where an engine is told them: a fault that leaves them as they are need not be asked about."""
    return [engine.write(tree) for tree in ran.relations.values()] if isinstance(engine, Text) else None


def _differs(ran: Ran, engine: Any) -> bool:
    """A recipe that is refused where it was not is different as well; one that is refused anyway says nothing."""
    try:
        return ran.against(engine) is not None
    except Refused:
        return isinstance(engine, Planned)


@contextmanager
def _written_by(engine: Text, write: Write) -> Iterator[None]:
    sound, engine.write = engine.write, write
    try:
        yield
    finally:
        engine.write = sound


@contextmanager
def _planned_by(engine: Planned, passes: Iterable[Pass]) -> Iterator[None]:
    engine.shop.passes = passes
    try:
        yield
    finally:
        engine.shop.passes = PASSES


def _files(folder: Path) -> dict[str, Any]:
    place = ("files", {"root": str(folder)})
    return {"tables": place, "files": place}


def _planned_here(folder: Path, made: Mapping[str, Any]) -> AbstractContextManager[Planned]:
    return nullcontext(Planned("files", "", Workshop(folder, _files(folder)), "path", {}))


@contextmanager
def _duckdb(folder: Path, made: Mapping[str, Any]) -> Iterator[Text]:
    with duckdb.connect() as connection:
        for said in DIALECTS["duckdb"].session:
            connection.execute(said)
        for table in made:
            connection.execute(f"CREATE VIEW {table} AS FROM '{folder / table}.parquet'")
        yield Text("duckdb", duckdb.__version__, lambda text: connection.execute(text).fetchall(), duckdb.Error, "duckdb", everything=True)


# Beside those of `engines.py`, which are held against DuckDB and need none of these.
OWN: Mapping[str, Callable[[Path, Any], AbstractContextManager[Any]]] = {"files": _planned_here, "duckdb": _duckdb}
# What writes to sinks, and what it is asked for.
EMITTERS: Mapping[ModuleType, Mapping[str, Callable[[], object]]] = {emitters: SAID_BY_EMITTERS, **SAID_BY_CONNECTORS}


def _as_markdown(found: Sequence[Seen], slips: Mapping[str, tuple[int, Sequence[str]]], recipes: int, seed: int) -> str:
    seen = "".join(f"| {one.where} | {one.fault} | {one.golden or ''} | {one.rows or ''} |\n" for one in found)
    slipped = "".join(f"| `{module}` | {count} | {len(missed)} |\n" for module, (count, missed) in slips.items())
    return _PAGE.format(recipes=recipes, seed=seed, planned=RECIPES_PLANNED, seen=seen, slipped=slipped)


_PAGE = """# What sees a fault

Written by `make differential FAULTS=1 PUBLISH=1`: faults are sown one by one, and looked for in golden text and in the rows of {recipes}
generated recipes, seed {seed} ({planned} of them for the planner). The lists of passes, rewrites and emitters are the code's own.
An empty cell: not seen there. Of a database that cannot be had here there are no rows; what leaves the rows as they are (where and when
something is computed) has none either.

| where | fault | golden case that changes | rows that change |
| --- | --- | --- | --- |
{seen}
## Slips in what writes to sinks

Each module is changed in one place at a time (`tests/support/mutants.py`): a clause, a keyword, an element, a key, an alternative left
out, a condition turned round, a word of SQL lost. What is said for sinks must then differ from the golden text.

| module | slips | seen by nothing |
| --- | --- | --- |
{slipped}"""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
