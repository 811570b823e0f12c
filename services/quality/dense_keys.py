"""A quick proof that whole numbers or days are unique: a bit for each value that could be there, set in the scan that all rules share.

As many bits as rows: no two rows have one key, and no row has to be grouped, sorted or kept. Fewer: some are there twice, and the rule is
measured as its type says. Only keys that lie close together are looked at so; what the bits of all rules together need is bounded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from sqlglot import exp

from services.quality.answers import Answers, one_row
from services.quality.asking import Question
from services.quality.fuse import Asked
from shared.datasets import Columns
from shared.engines.work import Limits
from shared.rules import Scan
from shared.rules.scope import within
from shared.rules.trees import all_there, typed
from shared.rules.types import Rule, column, count, filtered, named, this
from shared.rules.unique import UNIQUE
from shared.sql.typing import INTEGERS

# 32 MB of bits for one rule and thread; and of few rows not more than is worth it. All rules and threads share a part of the memory.
MOST_BITS = 2**28
BITS_PER_ROW = 64
FREE_BITS = 2**20
_PART_OF_MEMORY = 8


@dataclass(frozen=True, slots=True)
class Dense:
    """What is asked instead of the rule's own aggregates."""

    asked: Asked

    def values(self, found: Mapping[str, Any]) -> dict[str, Any] | None:
        """The rule's own values, where this proves that no key is there twice."""
        if int(found["bits"] or 0) != int(found["keyed"]):
            return None
        return {"checked": found["checked"], "combinations": 0, "failing": 0}


def affordable(limits: Limits) -> int:
    """Bits of all rules together. Each thread sets its own."""
    return 8 * (limits.memory_bytes // _PART_OF_MEMORY) // max(1, limits.threads)


def dense(answers: Answers, questions: Sequence[Question], budget: int) -> dict[int, Dense]:
    """Of the questions that can be asked so, by their number: as many as need no more bits than `budget` together.

    Extremes come out of what files say of themselves.
    """
    fit = [one for one in questions if one.type is UNIQUE and _fits(one.rule, answers.columns)]
    if not fit:
        return {}
    names = list(dict.fromkeys(name for one in fit for name in named(one.rule)))
    extremes = [made(this=column(name)) for name in names for made in (exp.Min, exp.Max)]
    rows, *found = one_row(answers, typed(exp.select(count(), *extremes).from_(this()), answers.columns))
    ends = {name: (found[2 * at], found[2 * at + 1]) for at, name in enumerate(names) if found[2 * at] is not None}
    most = min(MOST_BITS, FREE_BITS + BITS_PER_ROW * int(rows))
    taken: dict[int, Dense] = {}
    for one in sorted(fit, key=lambda one: _bits(one.rule, ends)):
        bits = _bits(one.rule, ends)
        if not 0 < bits <= min(most, budget):
            continue
        budget -= bits
        taken[one.asked.number] = Dense(_asked(one, ends, answers.columns))
    return taken


def _fits(rule: Rule, columns: Columns) -> bool:
    types = {one.name: one.type for one in columns}
    return not rule.get("destination") and not rule.get("nullsEqual") and all(types[name] in INTEGERS for name in named(rule))


def _bits(rule: Rule, ends: Mapping[str, tuple[int, int]]) -> int:
    """How many keys there could be; 0 where a column has no value."""
    return prod(ends[name][1] - ends[name][0] + 1 if name in ends else 0 for name in named(rule))


def _asked(one: Question, ends: Mapping[str, tuple[int, int]], columns: Columns) -> Asked:
    keyed = within(one.rule, columns, all_there(named(one.rule)))
    place: exp.Expr = exp.Literal.number(0)
    for name in named(one.rule):
        least, greatest = ends[name]
        wide = exp.cast(column(name), "BIGINT")
        own = exp.paren(exp.Sub(this=wide, expression=exp.cast(exp.Literal.string(str(least)), "BIGINT")))
        place = exp.paren(exp.Add(this=exp.Mul(this=place, expression=exp.Literal.number(greatest - least + 1)), expression=own))
    ends_ = [exp.Literal.number(0), exp.Literal.number(_bits(one.rule, ends) - 1)]
    bits = filtered(exp.Anonymous(this="bitstring_agg", expressions=[place, *ends_]), keyed)
    aggregates = {
        "checked": one.asked.scan.aggregates["checked"],
        "bits": exp.Anonymous(this="bit_count", expressions=[bits]),
        "keyed": typed(count(keyed), columns),
    }
    return Asked(one.asked.number, Scan(aggregates))
