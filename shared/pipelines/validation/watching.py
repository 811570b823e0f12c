"""Triggers that look into a connector, against what they name: the connector's type, and the parameter they fill."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.pipelines.kinds.connector import LATER
from shared.pipelines.language.pointers import below
from shared.pipelines.validation.known import Known, full_name
from shared.pipelines.validation.report import Owner, Report
from shared.pipelines.validation.words import hint

# Types that look into a connector, and of which type that is.
_OF_TYPE = {"file": "files", "kafka": "kafka"}


def check(report: Report, spec: Mapping[str, Any], path: str, known: Known) -> None:
    """`path`: of the list of triggers."""
    entries = spec.get("triggers")
    for at, entry in enumerate(entries if isinstance(entries, list) else ()):
        if not isinstance(entry, Mapping) or not isinstance(kind := entry.get("type"), str):
            continue
        here, name = below(path, at), str(entry.get("name") or kind)
        owner = Owner(f"trigger '{name}'")
        if kind in _OF_TYPE:
            _connector(report, entry, kind, here, owner, known)
            _folder(report, entry, here, owner)
            _parameter(report, spec, entry, here, owner)


def _connector(report: Report, entry: Mapping[str, Any], kind: str, path: str, owner: Owner, known: Known) -> None:
    reference = entry.get("connector")
    if not isinstance(reference, str) or not reference:
        return
    found = known.connectors.get(full_name(reference, report.document.namespace))
    if found is not None and found[0] != _OF_TYPE[kind] and found[0] not in LATER:
        message = f"{owner.phrase} looks into '{reference}', which is of type {found[0]}; it needs a connector of type {_OF_TYPE[kind]}"
        report.add("wrong_connector_type", message, below(path, "connector"))


def _folder(report: Report, entry: Mapping[str, Any], path: str, owner: Owner) -> None:
    folder = entry.get("folder")
    if entry.get("connector") and isinstance(folder, str) and folder.startswith("/"):
        message = f"{owner.phrase} looks into '{folder}'; a folder of a connector is under its root, so write it without the first '/'"
        report.add("invalid_setting", message, below(path, "folder"))


def _parameter(report: Report, spec: Mapping[str, Any], entry: Mapping[str, Any], path: str, owner: Owner) -> None:
    """One that is named has to be there; the one that is meant without a name is filled where it is there."""
    given = spec.get("parameters")
    declared = {
        one["name"]: one.get("type", "string")
        for one in (given if isinstance(given, list) else ())
        if isinstance(one, Mapping) and isinstance(one.get("name"), str)
    }
    named = entry.get("parameter")
    if isinstance(named, str) and named and named not in declared:
        near = report.nearest(named, declared)
        message = f"{owner.phrase} fills the parameter '{named}', which the pipeline has not{hint(near, declared)}"
        report.add("unknown_parameter", message, below(path, "parameter"), suggestion=near)
        return
    filled = named if isinstance(named, str) and named else "path"
    wanted = "list" if entry.get("batch") == "all" else "string"
    if filled in declared and declared[filled] != wanted:
        message = f"{owner.phrase} fills the parameter '{filled}' with a {wanted}; declare it with type {wanted}, not {declared[filled]}"
        report.add("wrong_parameter_type", message, below(path, "parameter" if "parameter" in entry else "type"))
