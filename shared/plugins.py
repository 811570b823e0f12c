"""What other installed packages add to our tables, by entry points: one group a family (`penstock.nodes`, `penstock.connectors` …).

A plug-in is loaded when its table is. One that cannot be, or that takes a name of ours, is refused: it is left out and told of, and
everything else goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TypeVar

log = logging.getLogger(__name__)
Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Plugin:
    """`package` and `version` of the distribution that brings it. `refused`: why it is not used; None where it is."""

    family: str
    name: str
    package: str
    version: str
    refused: str | None = None

    def log(self) -> None:
        level = logging.WARNING if self.refused else logging.INFO
        log.log(
            level,
            "plug-in %s (%s) of %s %s %s",
            self.name,
            self.family,
            self.package,
            self.version,
            f"is refused: {self.refused}" if self.refused else "is loaded",
        )


_seen: list[Plugin] = []


def seen() -> tuple[Plugin, ...]:
    """Those that were looked at so far in this process, loaded and refused."""
    return tuple(_seen)


def of(family: str, name: str) -> Plugin | None:
    """The plug-in that brought a thing; None for our own."""
    return next((one for one in _seen if (one.family, one.name) == (family, name) and one.refused is None), None)


def outsiders(family: str, ours: Collection[str], load: Callable[[EntryPoint], Thing]) -> dict[str, Thing]:
    """By name, what others add to a table that holds `ours`. `load` raises whatever it likes for what does not fit."""
    added: dict[str, Thing] = {}
    for entry in _entries(f"penstock.{family}"):
        refused = f"the name {entry.name} is taken" if entry.name in ours or entry.name in added else None
        if refused is None:
            try:
                added[entry.name] = load(entry)
            except Exception as error:  # noqa: BLE001 (somebody else's code, at import: it may not take everything else with it)
                refused = f"{type(error).__name__}: {error}"
        distribution = entry.dist
        package, version = (distribution.name, distribution.version) if distribution is not None else ("?", "?")
        _tell(Plugin(family, entry.name, package, version, refused))
    return added


def _tell(plugin: Plugin) -> None:
    _seen.append(plugin)
    # Tables that are made before there is a log are told of by `process.prepare`.
    if logging.root.handlers:
        plugin.log()


@cache
def _entries(group: str) -> tuple[EntryPoint, ...]:
    return tuple(sorted(entry_points(group=group), key=lambda entry: entry.name))
