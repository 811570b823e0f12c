"""Tables, columns and files are not what the recipe says, or not what they were."""

from __future__ import annotations

import re

from shared.diagnosis.case import Case, Change, Seen
from shared.diagnosis.causes.reaching import far_side
from shared.diagnosis.drift import changed
from shared.diagnosis.findings import Confidence, Evidence, Said
from shared.diagnosis.repairs import renamed, setting, yaml_fix
from shared.pipelines.validation.words import nearest

_COLUMN = (
    r"there is no column \"?(?P<column>[^\s\";,]+)\"?",
    r"has no column \"?(?P<column>[^\s\";,]+)\"?",
    r"column \"?(?P<column>[^\s\"]+)\"? (?:of relation \"?\S+\"? )?does not exist",
    r"unknown column '(?P<column>[^']+)'",
    r"no such column: (?P<column>\S+?);",
    r"referenced column \"(?P<column>[^\"]+)\" not found",
)
_TABLE = (
    r"relation \"(?P<table>[^\"]+)\" does not exist",
    r"table \"?(?P<table>[^\s\"]+)\"? (?:is not (?:there|in)|does not exist)",
    r"table '(?P<table>[^']+)' doesn't exist",
    r"no such table: (?P<table>\S+?);",
)
_SINK = r"table (?P<table>\S+) has no column (?P<column>[^\s;,.]+)"


def missing_column(case: Case) -> str | None:
    found = case.failure.says(*_COLUMN) if case.failure is not None else None
    return str(found["column"]).split(".")[-1].rstrip(".:") if found is not None else None


def outdated(case: Case) -> bool:
    """The failing side says that a column is not there, and what is known of the sources says that it is: they are to be looked at anew."""
    gone = missing_column(case)
    return gone is not None and _of_sink(case) is None and any(gone.lower() == name.lower() for seen in case.seen for name, _ in seen.now)


def column_renamed(case: Case) -> Said | None:
    """The schema's history shows a column that has another name now."""
    gone = missing_column(case)
    for seen, change in _drifts(case):
        new = next((now for was, now in change.renamed.items() if gone is not None and was.lower() == gone.lower()), None)
        if gone is None or new is None or _of_sink(case):
            continue
        fix = yaml_fix(
            case.recipe,
            renamed(gone, new, seen.node),
            f"to the recipe of {case.pipeline}: {gone} is called {new}. Destinations get the column under its new name, too; where one is"
            f" to keep the old one, rename it back in an expression node before the sink (rename: {{{new}: {gone}}})",
        )
        return Said(
            f"Column {gone} of {seen.where} is called {new} now, and the recipe still says {gone}.",
            (
                f"Write {new} instead of {gone} in the recipe, as the fix shows; or have the source give the old name back.",
                "Apply the recipe, and start the pipeline again.",
            ),
            Confidence.LIKELY,
            (*_told(seen, change), *_lines(case, gone)),
            fix,
        )
    return None


def column_gone(case: Case) -> Said | None:
    gone = missing_column(case)
    if gone is None or _of_sink(case):
        return None
    for seen, change in _drifts(case):
        if gone.lower() in {name.lower() for name in change.gone}:
            return Said(
                f"Column {gone} was taken out of {seen.where}, and the recipe still uses it.",
                (
                    "Ask whoever owns the source whether it is gone for good.",
                    "If it is, take it out of the recipe at the lines shown; else have it put back.",
                ),
                Confidence.CERTAIN,
                (*_told(seen, change), *_lines(case, gone)),
            )
    for seen in case.seen if outdated(case) else ():
        if gone.lower() in {name.lower() for name, _ in seen.now}:
            return Said(
                f"Column {gone} was in {seen.where} when that was last looked at, and is not there any more.",
                (
                    "See how its columns are called now: `penstock connectors discover NAME`.",
                    "Correct the recipe, and apply it; or have the column put back.",
                ),
                Confidence.LIKELY,
                _lines(case, gone),
            )
    return None


def column_misspelt(case: Case) -> Said | None:
    """Nothing has changed there: the recipe names a column that never was."""
    gone = missing_column(case)
    if gone is None or _of_sink(case) or outdated(case):
        return None
    there = list(dict.fromkeys(name for seen in case.seen for name, _ in seen.now))
    hinted = case.failure.says(r"did you mean \"?([\w.-]+)\"?\?") if case.failure is not None else None
    near = hinted[1] if hinted is not None else nearest(gone, there)
    fix = None
    if near is not None:
        fix = yaml_fix(case.recipe, renamed(gone, near), f"to the recipe of {case.pipeline}: {gone} is written as {near}")
    node = case.node
    known = Evidence(f"columns there: {', '.join(there[:30])}", case.seen[0].where) if there else None
    return Said(
        f"There is no column {gone}{f' where node {node} looks for it' if node else ''}"
        + (f"; {near} is near to it." if near is not None else "."),
        (
            f"Correct the name in the recipe{f' to {near}' if near is not None else ''}.",
            "Apply it, and start the pipeline again.",
        ),
        Confidence.LIKELY if near is not None else Confidence.POSSIBLE,
        ((known,) if known is not None else ()) + _lines(case, gone),
        fix,
    )


def destination_lacks_column(case: Case) -> Said | None:
    found = _of_sink(case)
    if found is None or case.recipe is None or case.failure is None:
        return None
    node = case.node
    place = case.recipe.node(node)
    fix = None
    if place is not None:
        edit = setting(f"{place[0]}/config", "schemaEvolution", "addColumns")
        fix = yaml_fix(case.recipe, edit, f"to node {node}: columns that the table lacks are added to it, empty for rows that are there")
    return Said(
        f"Table {found['table']} has no column {found['column']}, and rows that are written have one.",
        (
            f"Add the column to {found['table']}, or set schemaEvolution: addColumns on the sink.",
            "Or drop it before the sink, where it was never meant to be there (schemaEvolution: ignore).",
        ),
        evidence=_source_news(case, str(found["column"])),
        fix=fix,
    )


def table_missing(case: Case) -> Said | None:
    found = case.failure.says(*_TABLE) if case.failure is not None else None
    if found is None or case.failure is None:
        return None
    table, node = found["table"], case.node
    place = case.recipe.node(node) if case.recipe is not None else None
    near = case.failure.says(r"did you mean (\S+?)\?")
    if place is not None and place[1].get("type") == "connector_sink":
        edit = setting(f"{place[0]}/config", "createTable", True)
        fix = yaml_fix(case.recipe, edit, f"to node {node}: the table is made, with the columns and types of the rows")
        return Said(
            f"Table {table}, into which node {node} writes, is not there.",
            ("Make the table, or set createTable: true on the sink.", "If it is there under another name, correct the name or the schema."),
            fix=fix,
        )
    fix = None
    if near is not None and place is not None and "table" in case.config(node):
        edit = setting(f"{place[0]}/config", "table", near[1])
        fix = yaml_fix(case.recipe, edit, f"to node {node}: it reads {near[1]}")
    return Said(
        f"There is no table {table} at {far_side(case)}, or its user may not see it.",
        (
            "Correct the name in the recipe; write schema.table where it is not in the connector's own schema.",
            "See what is there: `penstock connectors discover NAME`.",
        ),
        evidence=_lines(case, table),
        fix=fix,
    )


def type_changed(case: Case) -> Said | None:
    for seen, change in _drifts(case):
        touched = [
            name for name in change.retyped if case.failure is not None and re.search(rf"\b{re.escape(name)}\b", case.failure.message)
        ]
        if not touched and case.failure is not None and case.failure.code not in ("source_changed", "rows"):
            continue
        for name in touched or list(change.retyped)[:1]:
            old, new = change.retyped[name]
            return Said(
                f"Column {name} of {seen.where} was {old} and is {new} now.",
                (
                    f"Ask whoever owns the source whether {new} is meant.",
                    f"If it is, cast it in an expression node after the source (type: {old}); rows that do not fit go to its error port.",
                ),
                Confidence.LIKELY,
                _told(seen, change),
            )
    return None


def source_changing(case: Case) -> Said | None:
    return Said(
        "A source changed between being looked at and being read, again and again.",
        (
            "See who writes to it while the run reads; have files put there under another name, and renamed when they are whole.",
            "Start the pipeline again when it is quiet.",
        ),
        Confidence.LIKELY,
        tuple(one for seen, change in _drifts(case) for one in _told(seen, change)),
    )


def file_missing(case: Case) -> Said | None:
    error = case.failure
    if error is None or not error.says(
        r"is not in /", r"is not in \S+;", r"put the file there", r"is not there; correct the path", r"\b404\b"
    ):
        return None
    near = error.says(r"did you mean ([^?]+)\?")
    config = case.config(case.node)
    path = config.get("path")
    place = case.recipe.node(case.node) if case.recipe is not None else None
    fix = None
    if near is not None and place is not None and path:
        fix = yaml_fix(case.recipe, setting(f"{place[0]}/config", "path", near[1]), f"to node {case.node}: it reads {near[1]}")
    return Said(
        f"The file {path or 'that is to be read'} is not there{f'; {near[1]} is' if near is not None else ', or not yet'}.",
        (
            "See whether it has arrived, and under which name; correct path in the recipe if it is another.",
            "If it comes at different times, start the pipeline by its arrival: a trigger of type file (docs/guides/file-triggers.md).",
        ),
        Confidence.CERTAIN if error.node else Confidence.LIKELY,
        fix=fix,
    )


def object_missing(case: Case) -> Said | None:
    return Said(
        f"Something that the recipe names is not there at {far_side(case)}.",
        ("Read its name in the evidence.", "Correct it in the recipe or the connector, or make it."),
        Confidence.POSSIBLE,
    )


def connector_gone(case: Case) -> Said | None:
    found = (
        case.failure.says(r"connector (\S+) is not there", r"no connector (\S+)", r"there is no connector type (\S+)")
        if case.failure
        else None
    )
    if found is None:
        return None
    return Said(
        f"The recipe names connector {found[1].rstrip(';,')}, and there is none.",
        ("Apply the connector again, or correct its name in the recipe.", "See which there are: `penstock connectors`."),
    )


def object_changed(case: Case) -> Said | None:
    return Said(
        "An object was replaced while it was being read.",
        ("Have it written under another name, and only then moved.", "Retry the run."),
    )


def bucket_away(case: Case) -> Said | None:
    return Said(
        "The object store did not answer, or not to the end.",
        ("See whether its address in the connector is right, and whether it is up.", "Retry the run."),
        Confidence.LIKELY,
    )


def dataset_not_there(case: Case) -> Said | None:
    return Said(
        "A rule set looks at what a node hands on, which is there only while a run goes on.",
        ("Start the pipeline; its run checks it.", "Or give the rule set a connector and a table."),
    )


def _of_sink(case: Case) -> re.Match[str] | None:
    return case.failure.says(_SINK) if case.failure is not None else None


def _drifts(case: Case) -> list[tuple[Seen, Change]]:
    return [(seen, change) for seen in case.seen if (change := changed(seen)) != Change()]


def _told(seen: Seen, change: Change) -> tuple[Evidence, ...]:
    at = f", first seen {seen.changed_at:%Y-%m-%d %H:%M} UTC" if seen.changed_at is not None else ""
    told = [f"{old} is now {new}" for old, new in change.renamed.items()]
    told += [f"{name} is gone" for name in change.gone]
    told += [f"{name} is new" for name in change.new]
    told += [f"{name} was {old}, is {new}" for name, (old, new) in change.retyped.items()]
    return (Evidence(f"columns changed{at}: {'; '.join(told[:10])}", seen.where),)


def _lines(case: Case, name: str) -> tuple[Evidence, ...]:
    """Where the recipe says a name; at most five lines."""
    if case.recipe is None:
        return ()
    word = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])", re.IGNORECASE)
    lines = [(at, line) for at, line in enumerate(case.recipe.document.text.splitlines(), 1) if word.search(line)]
    return tuple(Evidence(line.strip()[:160], f"line {at} of {case.pipeline} version {case.recipe.version}") for at, line in lines[:5])


def _source_news(case: Case, column: str) -> tuple[Evidence, ...]:
    """That the column came into the pipeline with a change of a source."""
    return tuple(one for seen, change in _drifts(case) if column in change.new for one in _told(seen, change))
