"""Many recipes, each on DuckDB and on every other engine, and what came of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from time import monotonic

from sqlglot import exp

from tests.differential.cases import Case, Cell, draw, sink_of
from tests.differential.compare import difference
from tests.differential.palette import Palette
from tests.differential.planned import Answer, Failed, Refused, Workshop
from tests.differential.text import Asked, Engine, held_everywhere


@dataclass(frozen=True)
class Difference:
    case: Case
    engine: str
    why: str


@dataclass
class Report:
    """`met`: how often each cell was in a recipe that ran. `refused`: sentences, by recipe number. `not_here`: what one
    engine refuses, by engine and sentence; `answered`: how many recipes each engine has run."""

    recipes: int = 0
    rows: int = 0
    failed: int = 0
    met: Counter[Cell] = field(default_factory=Counter)
    refused: dict[int, str] = field(default_factory=dict)
    not_here: Counter[tuple[str, str]] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)

    def add(self, other: Report) -> None:
        """Another part of the same run."""
        self.recipes += other.recipes
        self.rows += other.rows
        self.failed += other.failed
        self.met.update(other.met)
        self.refused |= other.refused
        self.not_here.update(other.not_here)
        self.answered.update(other.answered)
        self.differences += other.differences


@dataclass(frozen=True)
class Ran(Asked):
    """A recipe with DuckDB's answer, which others are held against."""

    answer: Answer

    def against(self, engine: Engine) -> str | None:
        """What differs, or None. Raises Refused where the engine's mode refuses the recipe."""
        return difference(self.answer, engine.answer(self), [sink_of(node) for node in self.case.ordered])


def on_duckdb(shop: Workshop, case: Case) -> Ran:
    """Raises Refused. Error ports are kept like any other, where something can fail."""
    recipe = shop.read(case.recipe(case.leaves()))
    graph = shop.graph(recipe)
    errors = [table for table, port in graph.ports.items() if port.error and table.endswith(".error")]
    kept = (*case.leaves(), *errors)
    if errors:
        recipe = shop.read(case.recipe(list(kept)))
        graph = shop.graph(recipe)
    return Ran(case, graph, kept, shop.run(recipe))


def drawn(
    shop: Workshop,
    seed: int,
    count: int,
    report: Report,
    until: float = float("inf"),
    palettes: Sequence[Palette | None] = (None,),
    part: tuple[int, int] = (0, 1),
) -> Iterator[Ran]:
    """Those of the first `count` recipes that ran, up to a time by the monotonic clock; the report is kept on the way. `palettes` take
    turns; `part` (n, of): every of-th round of them, so that processes can share the work."""
    met: Counter[Cell] = Counter()
    for number in range(count):
        if monotonic() > until:
            return
        case = draw(number, seed, met, palettes[number % len(palettes)])
        if number // len(palettes) % part[1] != part[0]:
            continue
        try:
            ran = on_duckdb(shop, case)
        except Refused as refused:
            report.refused[case.number] = str(refused)
            continue
        report.recipes += 1
        report.met.update(case.cells)
        report.failed += isinstance(ran.answer, Failed)
        report.rows += sum(map(len, ran.answer.values())) if isinstance(ran.answer, dict) else 0
        yield ran


def palettes_of(engines: Iterable[Engine]) -> list[Palette | None]:
    """Every second or third recipe holds anything; the others what one of the weaker databases is trusted with, or all of them."""
    weaker = [(engine.dialect, engine.version) for engine in engines if engine.dialect not in {"", "postgres"}]
    return [None, None, *(Palette(one) for one in weaker), *([Palette(*weaker)] if len(weaker) > 1 else [])]


def compare_all(
    shop: Workshop,
    engines: Sequence[Engine],
    seed: int,
    count: int,
    seen: Callable[[Ran, Engine, bool], None] = lambda *_: None,
    *,
    part: tuple[int, int] = (0, 1),
    every: bool = False,
) -> Report:
    """`seen` hears of each recipe on each engine whether the rows were the same. `every`: all engines get every recipe, else those that
    plan it anew take turns, each of which costs as much as all the others together."""
    report = Report()
    for ran in drawn(shop, seed, count, report, palettes=palettes_of(engines), part=part):
        for engine in engines if every else _turn(engines, ran, report.recipes):
            try:
                why = ran.against(engine)
            except Refused as refused:
                report.not_here[engine.name, re.sub(r"(a node|node [\w-]+): .* is not there", r"a node: … is not there", str(refused))] += 1
                continue
            report.answered[engine.name] += 1
            seen(ran, engine, why is None)
            if why is not None:
                report.differences.append(Difference(ran.case, engine.name, why))
    return report


def _turn(engines: Sequence[Engine], ran: Ran, number: int) -> list[Engine]:
    told = [engine for engine in engines if engine.dialect]
    planning = [engine for engine in engines if not engine.dialect and (engine.everything or held_everywhere(ran))]
    return [*told, planning[number % len(planning)]] if planning else told


def first_difference(recipes: Iterable[Ran], engine: Engine) -> Difference | None:
    for ran in recipes:
        if (why := ran.against(engine)) is not None:
            return Difference(ran.case, engine.name, why)
    return None


def touched(shop: Workshop, seed: int, numbers: Iterable[int], change: Callable[[exp.Expr], None]) -> Iterator[Ran]:
    """Of the recipes of those numbers, each drawn by itself, those with a relation that `change` changes; only these are run."""
    for number in numbers:
        case = draw(number, seed, Counter())
        try:
            graph = shop.graph(shop.read(case.recipe(case.leaves())))
            if changes(Asked(case, graph, ()), change):
                yield on_duckdb(shop, case)
        except Refused:
            continue


def changes(asked: Asked, change: Callable[[exp.Expr], None]) -> bool:
    for tree in asked.relations.values():
        changed = tree.copy()
        change(changed)
        if changed != tree:
            return True
    return False
