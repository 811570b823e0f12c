"""Rejected rows that are run again must all be seen to enter: as rows, or as rejects once more. Asked before a stage publishes, since a
replay that succeeds marks every one of its letters as replayed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.engines.program import Program
from shared.engines.work import ResolvedConnector
from shared.errors import DataError

# In the configuration of the connector that stands for the letters: how many were laid out.
ENTERING = "letters"


class NotAllEntered(DataError):
    """Letters were read together, or not at all. Trying again would read them alike."""

    code = "letters_misread"


def check(program: Program, connectors: Mapping[str, ResolvedConnector], figures: Mapping[str, Mapping[str, Any]]) -> None:
    """Raises NotAllEntered. A source that passes over rows by its own condition has no figure that would tell."""
    for read in program.reads:
        laid = connectors[read.connector].config.get(ENTERING) if read.connector is not None and read.connector in connectors else None
        rows = figures.get(read.node, {}).get("rowsIn")
        if laid is None or rows is None or read.options.get("where"):
            continue
        if rows != laid:
            raise NotAllEntered(
                f"{laid} rejected rows were to be replayed, and {rows} were read: one of them has a quote that is not closed, is blank, or"
                " holds several records; nothing was written: correct it, and replay them again",
                node=read.node,
            )
