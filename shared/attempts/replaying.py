"""What a replay reads, laid out for the child that runs it: the dead letters that its run holds, as a file in the slot's own folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shared.engines.work import ResolvedConnector
from shared.pipelines.replay import CONTENTS, LETTERS, LETTERS_TYPE
from shared.store import dead_letter_views
from shared.store.database import Database

_FOLDER = "dead-letters"


def entries(program: Mapping[str, Any]) -> list[str]:
    """The nodes by which letters enter; none in nearly every program."""
    return [read["node"] for read in program.get("reads", ()) if read["connector"] == LETTERS]


@contextmanager
def letters(database: Database, run: str, program: Mapping[str, Any], scratch: Path) -> Iterator[dict[str, ResolvedConnector]]:
    """The connector that stands for them, while the attempt runs; the letters are as they were corrected, and nobody changes them now."""
    reads = [read for read in program.get("reads", ()) if read["connector"] == LETTERS]
    if not reads:
        yield {}
        return
    folder = scratch / _FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        for path in {str(read["options"]["path"]) for read in reads}:
            with database.transaction() as tx, (folder / path).open("w", encoding="utf-8", newline="") as file:
                for text in dead_letter_views.entering(tx, run, CONTENTS[path]):
                    file.write(f"{text}\n")
        yield {LETTERS: ResolvedConnector(LETTERS, LETTERS_TYPE, {"root": str(folder)})}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
