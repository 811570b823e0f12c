"""Records of JSON as typed rows, in DuckDB's SQL: what fits, and for what does not, which column is why.

A record is read once, into a list of its fields' texts, by JSON pointers: whatever a field is called, and wherever it stands. Each text is
then taken for its column's type only if that type holds all it says: DuckDB's own casts would make 2 of 1.5, a day of a time, and drop a
zone.
"""

from __future__ import annotations

from sqlglot import exp

from shared.datasets import Columns
from shared.formats.exact import AT_RISK
from shared.formats.options import Texts
from shared.formats.types import duckdb as in_duckdb

# By this name the engine finds the function that keeps the digits of long numbers (`shared.formats.exact.rewritten`).
EXACT = "penstock_exact"
_WHOLE = ("SMALLINT", "INTEGER", "BIGINT")
_SHOWN = 200


def text(value: str) -> str:
    return exp.Literal.string(value).sql("duckdb")


def name(value: str) -> str:
    return exp.to_identifier(value, quoted=True).sql("duckdb")


def rows(records: str, columns: Columns, texts: Texts, noted: str | None = None) -> str:
    """A SELECT of `columns` of the records that fit. `records`: a relation with JSON text, or NULL, in its column `json`. `noted`: the
    sequence that is drawn once for each record that does not fit.
    """
    bad = _bad(columns)
    draw = f"CASE WHEN {bad} THEN nextval({text(noted)}) END" if noted else f"CASE WHEN {bad} THEN 1 END"
    picked = ", ".join(f"v{at} AS {name(column.name)}" for at, column in enumerate(columns))
    return f"SELECT {picked} FROM (SELECT *, {draw} AS noted FROM ({_typed(records, columns, texts)})) WHERE noted IS NULL"  # noqa: S608


def unfit(records: str, columns: Columns, texts: Texts) -> str:
    """A SELECT of the other records: nth (from 1, in the order of `records`), json, and why."""
    numbered = f"SELECT json, row_number() OVER () AS nth FROM ({records})"  # noqa: S608
    reasons = [
        f"CASE WHEN x{at} IS NOT NULL AND v{at} IS NULL THEN"
        f" {text(f'column {column.name}: ')} || chr(39) || left(x{at}, {_SHOWN}) || chr(39) || {text(f' does not fit {column.type}')} END"
        for at, column in enumerate(columns)
    ]
    why = (
        f"CASE WHEN json IS NULL THEN 'the line is not JSON' WHEN NOT is_object THEN 'the record is no object' ELSE {_joined(reasons)} END"
    )
    return f"SELECT nth, json, {why} AS why FROM ({_typed(numbered, columns, texts)}) WHERE {_bad(columns)}"  # noqa: S608


def _joined(reasons: list[str]) -> str:
    return f"concat_ws('; ', {', '.join(reasons)})" if reasons else "''"


def _bad(columns: Columns) -> str:
    wrong = [f"(x{at} IS NOT NULL AND v{at} IS NULL)" for at in range(len(columns))]
    return " OR ".join(["NOT is_object", *wrong])


def _typed(records: str, columns: Columns, texts: Texts) -> str:
    """x0, x1 … the fields' texts, v0, v1 … their values, is_object, and what `records` has."""
    pointers = ", ".join(text("/" + column.name.replace("~", "~0").replace("/", "~1")) for column in columns)
    # Most lines hold no long number, and a function in Python is slow.
    exact = f"CASE WHEN regexp_matches(json, {text(AT_RISK)}) THEN {EXACT}(json) ELSE json END"
    is_object = "coalesce(starts_with(ltrim(json, chr(32) || chr(9) || chr(10) || chr(13)), '{'), false)"
    fields = f"CASE WHEN is_object THEN json_extract_string({exact}, [{pointers}]) END" if columns else "NULL"
    listed = f"SELECT *, {fields} AS fields FROM (SELECT *, {is_object} AS is_object FROM ({records}))"  # noqa: S608
    given = ", ".join(f"{_given(f'fields[{at}]', texts)} AS x{at - 1}" for at in range(1, len(columns) + 1))
    given = f", {given}" if given else ""
    taken = ", ".join(f"{_value(f'x{at}', column.type, texts)} AS v{at}" for at, column in enumerate(columns))
    taken = f", {taken}" if taken else ""
    return f"SELECT *{taken} FROM (SELECT * EXCLUDE (fields){given} FROM ({listed}))"  # noqa: S608


def _given(field: str, texts: Texts) -> str:
    if not texts.null_values:
        return field
    return f"CASE WHEN {field} NOT IN ({', '.join(text(value) for value in texts.null_values)}) THEN {field} END"


def _value(given: str, type_: str, texts: Texts) -> str:
    """The text as a value of the type; NULL where it does not fit."""
    kind = in_duckdb(type_)
    cast = f"TRY_CAST({given} AS {kind})"
    if kind == "VARCHAR":
        return given
    if kind == "JSON":
        # A text inside JSON is a JSON value too.
        return f"CASE WHEN json_valid({given}) THEN CAST({given} AS JSON) ELSE to_json({given}) END"
    if kind.endswith("[]"):
        return f"CASE WHEN json_valid({given}) THEN TRY_CAST(CAST({given} AS JSON) AS {kind}) END"
    if type_ in _WHOLE:
        return _if(given, r"[+-]?[0-9]+(\.0+)?", cast)
    if type_ == "BOOLEAN":
        return _if(given, "(?i)true|false", cast)
    if type_ == "DATE":
        return f"CAST(try_strptime({given}, {text(texts.date_format)}) AS DATE)" if texts.date_format else _if(given, _DAY, cast)
    if type_ == "TIMESTAMP":
        if texts.timestamp_format:
            return f"try_strptime({given}, {text(texts.timestamp_format)})"
        return _if(given, f"{_DAY}([ T]{_CLOCK})?", cast)
    return cast


_DAY = r"[+-]?[0-9]{4,}-[0-9]{1,2}-[0-9]{1,2}( [(]BC[)])?"
_CLOCK = r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?"


def _if(given: str, pattern: str, cast: str) -> str:
    return f"CASE WHEN regexp_full_match({given}, {text(pattern)}) THEN {cast} END"
