"""Which pipelines run after which, over all documents: a ring of them would wait, or start one another, for ever.

kind: PipelineDependency is checked here; triggers of type pipeline too, since both say the same of the order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from shared.pipelines.kinds.scheduling import DependencySpec
from shared.pipelines.language.pointers import below
from shared.pipelines.model import Document
from shared.pipelines.validation import references, shape
from shared.pipelines.validation.known import Known, full_name
from shared.pipelines.validation.report import Owner, Report


def key(document: Document) -> str:
    """Of `Known.order`."""
    return f"{document.kind} {document.namespace}/{document.name}"


def pairs(document: Document) -> list[tuple[str, str]]:
    """(upstream, downstream) of all that a document says, as full names; what cannot be read is left out."""
    return [pair for pair, _, _ in _said(document)]


def check(report: Report, spec: Mapping[str, Any], path: str, known: Known) -> None:
    """A PipelineDependency."""
    owner = Owner(f"dependency '{report.document.name}'")
    shape.check(report, DependencySpec, spec, path, owner)
    if isinstance(waiting := spec.get("pipeline"), str):
        references.pipeline(report, waiting, below(path, "pipeline"), owner, known)
    _once(report, spec, path, owner)
    rings(report, owner, known)


def _once(report: Report, spec: Mapping[str, Any], path: str, owner: Owner) -> None:
    """One pipeline may be written in two ways: by its name, and with its namespace before it."""
    seen: set[str] = set()
    for at, entry in _entries(spec.get("dependsOn")):
        full, place = full_name(entry, report.document.namespace), f"{path}/dependsOn/{at}/pipeline"
        if full in seen and not report.settled(place):
            report.add("invalid_setting", f"{owner.phrase} waits for pipeline '{full}' twice; leave one of the two out", place)
        seen.add(full)


def rings(report: Report, owner: Owner, known: Known) -> None:
    """Names the ring that each thing closes which the document says, and pipelines that are not there."""
    document = report.document
    said = list(_said(document))
    after: dict[str, list[str]] = {}
    for other, found in known.order.items():
        for upstream, downstream in found if other != key(document) else ():
            after.setdefault(upstream, []).append(downstream)
    for (upstream, downstream), _, _ in said:
        after.setdefault(upstream, []).append(downstream)
    for (upstream, downstream), reference, path in said:
        if report.settled(path):
            continue
        ring = _way(downstream, upstream, after)
        if ring is not None:
            told = " -> ".join([upstream, *ring])
            message = f"{owner.phrase} makes a ring of pipelines that wait for, or start, one another: {told}; break it at one place"
            report.add("dependency_cycle", message, path)
        else:
            references.pipeline(report, reference, path, owner, known)


def _said(document: Document) -> Iterator[tuple[tuple[str, str], str, str]]:
    """(upstream, downstream), the upstream as it is written, and where."""
    spec = document.tree.get("spec")
    if not isinstance(spec, Mapping) or not document.name:
        return
    if document.kind == "PipelineDependency" and isinstance(waiting := spec.get("pipeline"), str):
        downstream = full_name(waiting, document.namespace)
        for at, entry in _entries(spec.get("dependsOn")):
            yield (full_name(entry, document.namespace), downstream), entry, f"/spec/dependsOn/{at}/pipeline"
    if document.kind == "Pipeline":
        listed = spec.get("triggers")
        triggers = [one if isinstance(one, Mapping) and one.get("type") == "pipeline" else None for one in _list(listed)]
        for at, entry in _entries(triggers):
            yield (full_name(entry, document.namespace), f"{document.namespace}/{document.name}"), entry, f"/spec/triggers/{at}/pipeline"


def _entries(listed: Any) -> Iterator[tuple[int, str]]:
    for at, entry in enumerate(_list(listed)):
        if isinstance(entry, Mapping) and isinstance(named := entry.get("pipeline"), str) and named:
            yield at, named


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _way(start: str, end: str, after: Mapping[str, list[str]]) -> list[str] | None:
    """The shortest one, both ends included; of a pipeline to itself, itself."""
    came: dict[str, str | None] = {start: None}
    level = [start]
    while level and end not in came:
        following = []
        for one in level:
            for other in after.get(one, ()):
                if other not in came:
                    came[other] = one
                    following.append(other)
        level = following
    if end not in came:
        return None
    way: list[str] = []
    here: str | None = end
    while here is not None:
        way.append(here)
        here = came[here]
    return way[::-1]
