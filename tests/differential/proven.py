"""What the suite has shown: constructs that have stood in recipes whose rows were the same, and in none whose rows were not.

Written into the table that ships with the release (`shared/sql/trust_proven.json`), which `shared/sql/trust.py` describes.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import shared.sql.trust as trust
from shared.sql.constructs import constructs
from tests.differential.planned import Failed
from tests.differential.runner import Ran
from tests.differential.text import Engine

TABLE = Path(trust.__file__).with_name("trust_proven.json")
# Seen less often, a construct may have met none of the values that matter.
LEAST = 10

Shown = tuple[str, str, str, str]


class Proof:
    """Hears of recipes; counts for each dialect and version a construct with the types of its arguments."""

    def __init__(self) -> None:
        self.same: Counter[Shown] = Counter()
        self.different: set[Shown] = set()

    def hear(self, ran: Ran, engine: Engine, same: bool) -> None:
        # What fails as a whole everywhere, or has no rows, shows nothing of any value.
        if not engine.dialect or (same and (isinstance(ran.answer, Failed) or not any(ran.answer.values()))):
            return
        for tree in ran.relations.values():
            for found in set(constructs(tree)):
                shown = (engine.dialect, engine.version, found.name, ", ".join(found.types))
                if not same:
                    self.different.add(shown)
                elif "unknown" not in found.types:
                    self.same[shown] += 1

    def add(self, other: Proof) -> None:
        """Another part of the same run."""
        self.same.update(other.same)
        self.different |= other.different

    def table(self) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for (dialect, version, name, types), times in sorted(self.same.items()):
            if times >= LEAST and (dialect, version, name, types) not in self.different:
                made.setdefault(dialect, {}).setdefault("proven", {}).setdefault(version, {}).setdefault(name, []).append(types)
        return made

    def write(self) -> None:
        """Into the table; dialects and versions that were not run keep what they have."""
        table = json.loads(TABLE.read_text())
        for dialect, levels in self.table().items():
            table.setdefault(dialect, {}).setdefault("proven", {}).update(levels["proven"])
        TABLE.write_text(json.dumps(table, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
