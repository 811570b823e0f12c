"""Coverage-guided fuzzing of SpEL: any text is SQL for both engines, or a mistake with a place; nothing else, and within seconds.

    python -m tests.fuzz.spel CORPUS -max_total_time=600

CORPUS is a folder that is begun with the golden expressions and grows; atheris (a Python front of libFuzzer) comes with the development
tools. What it finds is written beside, as crash-…, and belongs into tests/unit/spel/test_spel_reading.py once it is put right.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["shared.pipelines.language.spel"]):
    from shared.pipelines.language.spel import SpelError, lower

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
    folders = [Path(argument) for argument in sys.argv[1:] if not argument.startswith("-")]
    for folder in folders[:1]:
        folder.mkdir(parents=True, exist_ok=True)
        for number, expression in enumerate((*EXPRESSIONS, *WORDS)):
            (folder / f"golden-{number}").write_text(expression)
    atheris.Setup([*sys.argv, "-timeout=10", "-max_len=2000"], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
