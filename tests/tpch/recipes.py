"""The 22 queries as recipes, over whatever holds the tables.

A recipe names its tables as files of the connector `tpch` and its answer as a file of the connector `answers`. Over a database
only these addresses change; every node between them stays as it is written.
"""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).parent / "recipes"


def over_files(number: int) -> str:
    return (FOLDER / f"q{number:02}.yaml").read_text()


def over_tables(number: int, *, into: str = "", mode: str = "auto", threshold: int = 100_000) -> str:
    """Its sources are tables of the connector `tpch`; so is its answer, under the name of `into`, where one is given.

    `mode`, `threshold`: of push-down.
    """
    text = re.sub(r"connector: tpch, path: (\w+)\.parquet", r"connector: tpch, table: \1", over_files(number))
    if into:
        text = re.sub(r"connector: answers, path: \w+\.parquet", f"connector: tpch, table: {into}, createTable: true", text)
    return text.replace("spec:\n", f"spec:\n  pushDown: {{mode: {mode}, rowThreshold: {threshold}}}\n")
