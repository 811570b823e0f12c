"""Arrow arrays as the lines that LOAD DATA reads, and the statement that reads them; a column at a time, without Python's values.

Fields are divided by tabs, rows by line feeds, and both, like the backslash itself, are written with a backslash; NULL is \\N. Bytes travel
as hexadecimal digits. Source: MySQL Reference Manual, LOAD DATA Statement, Field and Line Handling.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp


def statement(into: exp.Table, names: Sequence[str], declared: Sequence[str]) -> str:
    """`declared`: the server's word for each column's type."""
    fields, sets = [], []
    for at, (name, kind) in enumerate(zip(names, declared, strict=True)):
        column = exp.to_identifier(name, quoted=True).sql("mysql")
        reads = _READ_BY.get(kind.split("(")[0].split(" ")[0].lower())
        fields.append(column if reads is None else f"@c{at}")
        if reads is not None:
            sets.append(f"{column} = {reads.format(f'@c{at}') if kind.lower() != 'bit(1)' else f'CAST(@c{at} AS UNSIGNED)'}")
    said = (
        f"LOAD DATA LOCAL INFILE 'rows' INTO TABLE {into.sql('mysql')} CHARACTER SET utf8mb4"
        rf" FIELDS TERMINATED BY '\t' ESCAPED BY '\\' LINES TERMINATED BY '\n' ({', '.join(fields)})"
    )
    return f"{said} SET {', '.join(sets)}" if sets else said


_READ_BY = dict.fromkeys(
    ("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "bit", "geometry", "point", "polygon"), "UNHEX({})"
)


def lines(arrays: Sequence[pa.Array]) -> bytes:
    """All rows, each with its end."""
    if not arrays or not len(arrays[0]):
        return b""
    tab, end, nothing = (pa.scalar(sign, pa.large_string()) for sign in ("\t", "\n", ""))
    joined = pc.binary_join_element_wise(*map(_field, arrays), tab, null_handling="replace", null_replacement="\\N")
    ended = pc.binary_join_element_wise(joined, nothing, end)
    data = ended.buffers()[2]
    first, last = ended.offset, ended.offset + len(ended)
    offsets = memoryview(ended.buffers()[1]).cast("q")
    return memoryview(data)[offsets[first] : offsets[last]].tobytes()


def _field(array: pa.Array) -> pa.Array:
    """As a large string: a block may be of more than 2 GB, and joins keep the type."""
    if pa.types.is_boolean(array.type):
        array = array.cast(pa.int8())
    if pa.types.is_timestamp(array.type):
        # Sessions are in UTC.
        array = array.cast(pa.int64()).cast(pa.timestamp(array.type.unit))
    if pa.types.is_binary(array.type) or pa.types.is_large_binary(array.type):
        return pa.array([None if value is None else value.hex() for value in array.to_pylist()], pa.large_string())
    texts = array.cast(pa.large_string())
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        for sign, spelled in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n")):
            texts = pc.replace_substring(texts, sign, spelled)
    return texts
