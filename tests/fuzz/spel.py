"""Coverage-guided fuzzing of SpEL: any text is SQL for both engines, or a mistake with a place; nothing else, and within seconds.

`python -m tests.fuzz.spel -max_total_time=600`; what it finds is written to the current folder, and is one argument to run it again. It
begins with the golden expressions. What is found belongs into tests/unit/spel/test_spel_reading.py once it is put right.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["shared.pipelines.spel"]):
    from shared.pipelines.spel import SpelError, lower

from shared.sql.render import sql
from tests.unit.spel.spel_rows import COLUMNS, EXPRESSIONS, PARAMETERS

# Beside the golden expressions, as texts to begin with.
WORDS = (
    "and",
    "or",
    "not",
    "matches",
    "between",
    "instanceof",
    "true",
    "null",
    "T(",
    ".length()",
    ".plusDays(",
    "?.",
    "?:",
    "#limit",
    "Math",
)


def one(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    try:
        made = lower(text, "column", "the_rows", COLUMNS, PARAMETERS)
    except SpelError as problem:
        if problem.position is None or not 0 <= problem.position <= len(text) or not problem.message:
            raise AssertionError(f"no place: {problem.position}") from problem
        return
    for tree in (made.tree, made.error):
        if tree is not None:
            sql(tree, "duckdb")
            tree.sql("postgres")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="penstock-fuzz-") as corpus:
        for number, expression in enumerate((*EXPRESSIONS, *WORDS)):
            (Path(corpus) / f"seed-{number}").write_text(expression)
        given = [Path(argument) for argument in sys.argv[1:] if not argument.startswith("-")]
        atheris.Setup([*sys.argv, "-timeout=10", "-max_len=2000", *([] if given else [corpus])], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
