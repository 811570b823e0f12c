"""`python -m tests.differential.emulated.copying`: rows into fakesnow by PUT and COPY INTO, as the Snowflake connector says them.

fakesnow has no user stages and no REMOVE, so the files go into a stage of the session's own; the statements are else what is sent. Ends
with 1 where a value is not what was written.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from shared.connectors.dbapi.database import Database, Table
from shared.connectors.dbapi.statements import quoted
from shared.connectors.snowflake.copy_into import copy, put, written
from shared.sql.reads import named
from tests.differential.emulated.__main__ import fakesnow_answers
from tests.support.databases import duck
from tests.unit.connectors.test_copy_into import COLUMNS, DECLARED, ROWS

WANTED = [
    [
        "9007199254740993", 'a"né\n\\N', "12345678901234567890.0123456789", "True", "0.1", "2024-02-29", "03:04:05.000006",
        "2024-02-29 03:04:05.123456", "2024-02-29 01:04:05.500000+00:00", "b'\\x00\\xff'", '{"a":[1,2.5]}',
    ],
    ["2", *[None] * 10],
]  # fmt: skip


class _Nothing(Database):
    """What values are fitted by where nothing but their types matters."""


def main() -> int:
    stage = "@penstock"
    with tempfile.TemporaryDirectory() as folder:
        files, _ = written(Path(folder), _Nothing(), COLUMNS, COLUMNS, Table(COLUMNS, ()), duck(ROWS).arrow())
        declared = ", ".join(f"{quoted(column.name).sql('snowflake')} {kind}" for column, kind in zip(COLUMNS, DECLARED, strict=True))
        prepared = [
            f'CREATE TABLE "T" ({declared})',
            "CREATE TEMPORARY STAGE penstock",
            *(put(file, stage) for file in files),
            copy(named("T"), COLUMNS, [column.name for column in COLUMNS], stage),
        ]
        told: dict[str, Any] = fakesnow_answers(prepared, {"rows": 'SELECT * FROM "T" ORDER BY "id" DESC'})
    good = told["rows"] == WANTED
    print(json.dumps({"rows": told["rows"], "good": good}, ensure_ascii=False, default=str))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
