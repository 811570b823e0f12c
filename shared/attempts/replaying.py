"""What a replay reads, laid out for the child that runs it: the dead letters that its run holds, as a file in the slot's own folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shared.attempts.laid_out import laid_out
from shared.engines.entering import ENTERING
from shared.engines.work import ResolvedConnector
from shared.errors import ConfigurationError
from shared.pipelines.replay import CONTENTS, LETTERS, LETTERS_TYPE, TEXTS
from shared.store import dead_letter_views
from shared.store.database import Database

_FOLDER = "dead-letters"
_IN_ONE_LINE = str.maketrans("\r\n", "  ")


class LettersLost(ConfigurationError):
    """Some of the rows that are to be replayed are no longer there."""

    code = "letters_lost"


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
    with laid_out(scratch, _FOLDER) as folder:
        for path in {str(read["options"]["path"]) for read in reads}:
            with database.transaction() as tx, (folder / path).open("w", encoding="utf-8", newline="") as file:
                laid = 0
                for text in dead_letter_views.entering(tx, run, CONTENTS[path]):
                    # Between the parts of a JSON record a line break means nothing; here it would end the record.
                    file.write(f"{text.translate(_IN_ONE_LINE) if path == TEXTS else text}\n")
                    laid += 1
                if (given := dead_letter_views.to_enter(tx, run)) is not None and laid != given:
                    raise LettersLost(
                        f"the replay was given {given} rejected rows, and {laid} are still there; nothing was written: replay them again"
                    )
        yield {LETTERS: ResolvedConnector(LETTERS, LETTERS_TYPE, {"root": str(folder), ENTERING: laid})}
