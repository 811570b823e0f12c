"""UPPER letter by letter, as PostgreSQL maps them: Arrow knows ẞ as the capital of ß, which has none of one letter there."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from shared.engines.dataframe.values import Value

_SHARP = "ß"


def capitals(text: Value) -> Value:
    if isinstance(text, pa.Scalar):
        return capitals(pa.array([text.as_py()], text.type))[0]
    if isinstance(text, pa.ChunkedArray):
        return pa.chunked_array([capitals(chunk) for chunk in text.chunks], text.type)
    if not pc.any(pc.match_substring(text, _SHARP)).as_py():
        return pc.utf8_upper(text)
    parts = pc.split_pattern(text, _SHARP)
    upper = type(parts).from_arrays(parts.offsets, pc.utf8_upper(parts.values), mask=parts.is_null())
    return pc.binary_join(upper, _SHARP)
