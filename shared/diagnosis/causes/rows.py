"""The rows themselves: what the destination does not take, what cannot be computed, what a file's bytes are not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

from shared.diagnosis.case import Case
from shared.diagnosis.findings import Confidence, Evidence, Fix, Said
from shared.diagnosis.repairs import setting, several, yaml_fix


def duplicate_key(case: Case) -> Said | None:
    found = _says(
        case,
        r"duplicate key value violates unique constraint \"(?P<constraint>[^\"]+)\"(?:.*?key \((?P<keys>[^)]*)\)=\((?P<value>[^)]*)\))?",
        r"duplicate entry '(?P<value>[^']*)' for key '(?P<constraint>[^']*)'",
        r"unique constraint failed: (?P<constraint>[^;]+)",
        r"duplicate key",
        r"cannot affect row a second time",
    )
    if found is None:
        return None
    said = found.groupdict()
    keys = [key.strip().strip('"') for key in (said.get("keys") or "").split(",") if key.strip()]
    node, config = case.node, case.config(case.node)
    place = case.recipe.node(node) if case.recipe is not None else None
    fix = None
    if place is not None and config.get("writeMode") == "INSERT" and keys:
        at = f"{place[0]}/config"
        fix = yaml_fix(
            case.recipe,
            several(setting(at, "writeMode", "UPSERT"), setting(at, "upsertKeys", keys)),
            f"to node {node}: a row whose {' and '.join(keys)} is there already replaces it, instead of being added;"
            " of several in one run the last is kept",
        )
    row = f" ({', '.join(keys)} = {said['value']})" if keys and said.get("value") else ""
    return Said(
        f"A row was to be inserted whose key the destination has already{row}.",
        (
            "If rows come again on purpose, write with UPSERT and the key; what is there is replaced then.",
            "If each row is to come once, see why this one came twice: a deduplicate node before the sink keeps one of them.",
        ),
        evidence=_examples(case),
        fix=fix,
    )


def value_missing(case: Case) -> Said | None:
    found = _says(
        case,
        r"null value in column \"(?P<column>[^\"]+)\"",
        r"column '(?P<column>[^']+)' cannot be null",
        r"not null constraint failed: (?P<column>[^;]+)",
        r"field '(?P<column>[^']+)' doesn't have a default value",
    )
    if found is None:
        return None
    column = found["column"].rpartition(".")[2]
    return Said(
        f"The destination wants a value in column {column}, and a row has none.",
        (
            f"Give it one in an expression node before the sink: COALESCE({column}, …).",
            f"Or reject such rows before the sink: a validate node with NOT_NULL on {column}.",
            f"If {column} may be empty, have the destination allow it.",
        ),
        evidence=_examples(case),
        fix=Fix(
            "sql",
            f'ALTER TABLE {_table(case)} ALTER COLUMN "{column}" DROP NOT NULL;',
            "in the destination, by its owner, and only if rows without a value are right there",
        )
        if _table(case)
        else None,
    )


def parent_missing(case: Case) -> Said | None:
    found = _says(
        case, r"violates foreign key constraint \"(?P<constraint>[^\"]+)\"", r"foreign key constraint (?:fails|failed)", r"foreign key"
    )
    if found is None:
        return None
    return Said(
        "A row refers to one of another table that is not there.",
        (
            "Load the table that is referred to first: a pipeline dependency, or a sink before this one.",
            "Or reject such rows before the sink: a rule of type REFERENTIAL.",
        ),
        evidence=_examples(case),
    )


def check_failed(case: Case) -> Said | None:
    found = _says(
        case,
        r"violates check constraint \"(?P<constraint>[^\"]+)\"",
        r"check constraint failed: (?P<constraint>[^;]+)",
        r"check constraint",
    )
    if found is None:
        return None
    name = found.groupdict().get("constraint")
    return Said(
        f"The destination has a condition of its own{f', {name},' if name else ''} that a row does not meet.",
        ("Read the condition there.", "Filter such rows before the sink, or give the validate node the same condition."),
        evidence=_examples(case),
    )


def value_too_long(case: Case) -> Said | None:
    found = _says(
        case,
        r"value too long for type (?P<type>[\w ()]+)",
        r"data too long for column '(?P<column>[^']+)'",
        r"string or binary data would be truncated",
    )
    if found is None:
        return None
    what = found.groupdict()
    where = f" {what['type'].strip()}" if what.get("type") else f" of column {what['column']}" if what.get("column") else ""
    return Said(
        f"A text is longer than the destination's type{where} takes.",
        (
            "Make the column wider, or cut the text in an expression node: LEFT(column, n).",
            "Or reject such rows before the sink.",
        ),
        evidence=_examples(case),
    )


def value_out_of_range(case: Case) -> Said | None:
    found = _says(case, r"out of range", r"overflow", r"out-of-range", r"does not fit (?:in|into) type")
    if found is None:
        return None
    return Said(
        "A number is larger than its type holds.",
        (
            "Take a wider type: BIGINT for INTEGER, NUMERIC(38, s) for a smaller one; in the expression node, or in the destination.",
            "If the value is wrong, reject it before: a validate node with RANGE.",
        ),
        evidence=_examples(case),
    )


def division_by_zero(case: Case) -> Said | None:
    if _says(case, r"division by zero", r"divide by zero", r"divide by 0") is None:
        return None
    return Said(
        "Something is divided by zero.",
        ("Divide by NULLIF(divisor, 0): the result is empty then.", "Or let such rows go to the error port (onError: route)."),
        evidence=_examples(case),
        fix=route_instead(case),
    )


def conversion_failed(case: Case) -> Said | None:
    found = _says(
        case,
        r"invalid input syntax for type (?P<type>[\w ]+): \"(?P<value>[^\"]*)\"",
        r"could not convert string '(?P<value>[^']*)' to (?P<type>\w+)",
        r"incorrect (?P<type>\w+) value: '(?P<value>[^']*)'",
        r"conversion error",
        r"is (?:no|not an?) (?:number|date|timestamp|integer)",
    )
    if found is None:
        return None
    said = found.groupdict()
    value = f", such as '{said['value'][:80]}'," if said.get("value") else ""
    return Said(
        f"A text{value} cannot be read as {said.get('type') or 'the type that is wanted'}.",
        (
            "Cast it in an expression node (type: …) with onError: route: rows that do not fit go to its error port, the others go on.",
            "In SQL of your own, TRY_CAST(column AS type) gives NULL instead of failing.",
            "Of a file, name the types under schema: what does not fit is a rejected line then.",
        ),
        evidence=_examples(case),
        fix=route_instead(case) or _tried(case),
    )


def too_many_rejects(case: Case) -> Said | None:
    found = _says(case, r"rejected (?P<rejected>\d+)(?: of (?P<rows>\d+))? rows")
    node = case.node
    counted = f" {found['rejected']}{' of ' + found['rows'] if found['rows'] else ''} rows" if found is not None else " rows"
    routed = case.failure is not None and "onError: fail" in case.failure.message
    fix = route_instead(case) if routed else _raised_limit(case, int(found["rejected"]) if found is not None else None)
    return Said(
        f"Node {node} rejected{counted}, more than the recipe allows; nothing was written.",
        (
            "Look at an example below: what is wrong with it is wrong with most of them, usually.",
            "Correct the source, or the node's expression, and start the pipeline again.",
            "If rejecting so many is right, " + ("set onError: route." if routed else "raise rejectLimit."),
        ),
        evidence=_examples(case),
        fix=fix,
    )


def encoding_wrong(case: Case) -> Said | None:
    if (
        _says(case, r"cannot be read as \S+ text", r"invalid unicode", r"not utf-8", r"is not utf", r"codec can't decode", r"encoding")
        is None
    ):
        return None
    node, place = case.node, case.recipe.node(case.node) if case.recipe is not None else None
    fix, steps = None, ["Ask whoever writes it which it is.", "Set options.encoding on the source."]
    # Only what the bytes bear out (`shared.formats.encodings`); nothing is guessed.
    if (found := _says(case, r"make sense as (?P<all>(?P<first>[a-z0-9-]+).*\)); set options\.encoding")) is not None:
        steps[0] = f"Its bytes make sense as {found['all']}: take the one that reads right, or ask whoever writes it."
        if place is not None:
            edit = _option(case, place[0], "encoding", found["first"])
            fix = yaml_fix(
                case.recipe, edit, f"to node {node}: the file is read as {found['first']}; its bytes make sense as {found['all']}"
            )
    return Said("The file is written in another encoding than the one it is read with.", tuple(steps), fix=fix)


def delimiter_wrong(case: Case) -> Said | None:
    found = _says(case, r"looks divided by '(?P<sign>[^']+)'", r"set options\.delimiter: '(?P<sign>[^']+)'")
    if found is None:
        return None
    node, place = case.node, case.recipe.node(case.node) if case.recipe is not None else None
    fix = None
    if place is not None:
        sign = found["sign"].replace("\\t", "\t")
        fix = yaml_fix(case.recipe, _option(case, place[0], "delimiter", sign), f"to node {node}: the file is divided at {found['sign']}")
    return Said(
        f"The file is divided by '{found['sign']}', and is read as if it were divided by something else.",
        (f"Set options.delimiter: '{found['sign']}' on the source.",),
        fix=fix,
    )


def file_broken(case: Case) -> Said | None:
    return Said(
        "The file is not what its format promises: cut off, empty, or of another format.",
        (
            "Open its beginning and its end; see whether it was still being written when it was read.",
            "Name the format where its ending says another one (format: …).",
        ),
        Confidence.LIKELY,
    )


def format_cannot_hold(case: Case) -> Said | None:
    return Said(
        "The format of the file that is written cannot hold one of the rows.",
        ("Write csv or parquet instead, or cast the column before the sink.",),
    )


def rejected_by_destination(case: Case) -> Said | None:
    return Said(
        "The destination does not take one of the rows.",
        ("Read its reason in the evidence.", "Correct the rows, or reject them before the sink with a validate node."),
        Confidence.POSSIBLE,
        _examples(case),
        route_instead(case),
    )


def rows_do_not_fit(case: Case) -> Said | None:
    return Said(
        "A value is of no use to what is computed from it.",
        ("Read which in the evidence.", "Guard the expression: CASE WHEN …, NULLIF, TRY_CAST."),
        Confidence.POSSIBLE,
        _examples(case),
    )


def route_instead(case: Case) -> Fix | None:
    """onError: route in place of fail, on the node that failed."""
    node = case.node
    place = case.recipe.node(node) if case.recipe is not None else None
    if place is None or place[1].get("onError") != "fail":
        return None
    return yaml_fix(
        case.recipe,
        setting(place[0], "onError", "route"),
        f"to node {node}: rows that fail go to its error port, or to the dead letters, and the others go on",
    )


def _tried(case: Case) -> Fix | None:
    """CAST written as TRY_CAST where a sql node or a postQuery does it, and it is the only one of its stage."""
    # What a sink's query computes is charged to the sink, whichever node it comes from.
    nodes = dict.fromkeys((case.node or "", *map(str, (case.stage or {}).get("nodes", ()))))
    casts = [(node, key) for node in nodes if (key := _casting(case, node)) is not None]
    if case.recipe is None or len(casts) != 1:
        return None
    ((node, key),) = casts
    place = case.recipe.node(node)
    if place is None:
        return None
    if _decides_over_rows(str(case.config(node)[key])):
        return None
    text = _CAST.sub("TRY_CAST(", str(case.config(node)[key]))
    return yaml_fix(
        case.recipe, setting(f"{place[0]}/config", key, text), f"to node {node}: a text that cannot be read becomes NULL instead of failing"
    )


_CAST = re.compile(r"(?<!\w)CAST\(", re.IGNORECASE)


def _decides_over_rows(query: str) -> bool:
    """A cast stands where NULL would not be an empty field, but a row that is gone or put elsewhere: in a condition, a join, a grouping."""
    try:
        casts = list(parse_one(query, dialect="postgres").find_all(exp.Cast))
    except SqlglotError:
        return True
    return any(cast.find_ancestor(exp.Where, exp.Join, exp.Having, exp.Group, exp.Qualify, exp.Filter, exp.Distinct) for cast in casts)


def _casting(case: Case, node: str) -> str | None:
    """The setting that holds the cast. A source's own query is in its database's SQL, which may have no such word."""
    config, keys = case.config(node), ("query",) if case.type_of(node) == "sql" else ("postQuery",)
    return next((key for key in keys if isinstance(config.get(key), str) and _CAST.search(config[key])), None)


def _raised_limit(case: Case, rejected: int | None) -> Fix | None:
    node = case.node
    place = case.recipe.node(node) if case.recipe is not None else None
    limit = place[1].get("rejectLimit") if place is not None else None
    if place is None or not isinstance(limit, Mapping) or rejected is None or "maxRows" not in limit:
        return None
    return yaml_fix(
        case.recipe,
        setting(f"{place[0]}/rejectLimit", "maxRows", rejected),
        f"to node {node}: as many rows as this run rejected are allowed; only if that is right",
    )


def _option(case: Case, path: str, name: str, value: Any) -> Any:
    """Sets one of a source's format options, whether it has any or not."""
    has = isinstance(case.config(case.node).get("options"), Mapping)
    return setting(f"{path}/config/options", name, value) if has else setting(f"{path}/config", "options", {name: value})


def _says(case: Case, *patterns: str) -> Any:
    return case.failure.says(*patterns) if case.failure is not None else None


def _table(case: Case) -> str | None:
    """Of the sink, as PostgreSQL takes it; None where it is not known or its dialect is another."""
    node = case.node
    config = case.config(node)
    if case.recipe is None or not config.get("table") or not config.get("connector"):
        return None
    name = str(config["connector"])
    kind = case.recipe.known.connectors.get(name if "/" in name else f"{case.run['namespace']}/{name}", ("", {}))[0]
    return ".".join(f'"{part}"' for part in str(config["table"]).split(".")) if kind == "postgres" else None


def _examples(case: Case) -> tuple[Evidence, ...]:
    """What the dead letters of this run say, by node: how many, and one of them."""
    found = []
    for one in list(case.letters)[:3]:
        row = f"; one: {one['record']}" if one.get("record") else ""
        found.append(
            Evidence(
                f"{'at least ' if one.get('more') else ''}{one['letters']} rejected rows: {one['message']}{row}"[:600],
                f"dead letters of node {one['node']}",
            )
        )
    return tuple(found)
