"""Whether a text, put among others into a file, stays one record by itself. Asked before rejected lines are put together to be read again:
one with an open quote would take in the lines after it, and they would be lost without a word.
"""

from __future__ import annotations

import csv
import io

from shared.formats.header import arguments
from shared.formats.options import CsvDialect

# Python's reader takes one character. No text of a file holds this one for a reason.
_ONE_FOR_MANY = "\x1f"
_NEXT = "next"


def not_one(text: str, dialect: CsvDialect | None) -> str | None:
    """What is wrong with it, as the end of a sentence; None: it is one record. `dialect`: None for JSON, a record a line."""
    if not text.strip("\r\n" if dialect is not None else None):
        return "it is blank, and no record at all"
    if dialect is None:
        return None
    taken = arguments(dialect)
    if len(dialect.delimiter) > 1:
        text, taken = text.replace(dialect.delimiter, _ONE_FOR_MANY), taken | {"delimiter": _ONE_FOR_MANY}
    # The engine takes a quote after blanks for a quote, too.
    reader = csv.reader(io.StringIO(f"{text}\n{_NEXT}", newline=""), **taken, skipinitialspace=True)
    try:
        found = [record for record in reader if record]
    except csv.Error as problem:
        return f"it cannot be read ({problem})"
    if not found or found[-1] != [_NEXT]:
        return f"a quote ({dialect.quote}) in it is not closed, so it would take in the lines after it"
    return None if len(found) == 2 else f"it is {len(found) - 1} records; a corrected line stays one"
