"""Saving documents: checked, stripped of secrets, then stored as versions, all or none."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from services.api.problems import Refused, brief
from shared.connectors import CONNECTORS
from shared.dispatch.dependencies import put, take_away
from shared.pipelines.kinds import KINDS
from shared.pipelines.language import read_documents, starts
from shared.pipelines.language.values import SCHEDULE
from shared.pipelines.model import Document, Problem
from shared.pipelines.validation import Known, known_from, order, stored_errors, validate
from shared.secrets import database as sealing
from shared.secrets import references
from shared.store import backfills, connections, credentials, dependencies, facts, resources, triggers
from shared.store.database import Tx
from shared.store.resources import Saved
from shared.versions.seal import seal, seal_deletion

_ADDRESS = ("/kind", "/metadata", "/metadata/name", "/metadata/namespace")

# Kinds that say, or decide, which pipelines run after which.
DEPENDING = frozenset({"Pipeline", "PipelineDependency"})
# What surveys found so long ago is still worth a warning while a recipe is written.
FACTS_FOR_HINTS = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Checked:
    """`secrets`: fields to be put into the credential store, by field; the document holds references in their place."""

    document: Document
    problems: tuple[Problem, ...]
    secrets: Mapping[str, str]

    @property
    def valid(self) -> bool:
        return not any(problem.severity == "error" for problem in self.problems)

    @property
    def addressed(self) -> bool:
        """It has the kind, namespace and name that even a draft needs to be found again."""
        bad = {problem.path for problem in self.problems if problem.severity == "error"}
        return self.document.kind in KINDS and bool(self.document.name) and bad.isdisjoint(_ADDRESS)


def known(tx: Tx, *, require_connectors: bool = False) -> Known:
    there = known_from(
        resources.current_documents(tx, "Connector"),
        resources.current_documents(tx, "DataQualityRuleSet"),
        require_connectors=require_connectors,
        calendars=resources.current_documents(tx, "Calendar"),
    )
    return replace(there, columns=facts.columns(tx, there.connectors, FACTS_FOR_HINTS))


def errors(tx: Tx, text: str, values: str = "") -> tuple[Problem, ...]:
    """Why a stored pipeline cannot run now; with `values` (`RunValues.key`), why that run of it cannot."""
    connectors, rule_sets = (tuple(resources.current_documents(tx, kind)) for kind in ("Connector", "DataQualityRuleSet"))
    return stored_errors(text, connectors, rule_sets, values)


def check(
    tx: Tx, text: bytes | str, max_bytes: int, visible: Collection[str] | None, *, saves: bool = True
) -> tuple[list[Checked], list[Problem]]:
    """Every document with its own problems, and all problems in the order of the text. `visible`: the namespaces that the caller may see;
    None: all. `saves`: they are stored in this transaction.
    """
    documents = read_documents(text, max_bytes=max_bytes)
    world = _seen(replace(known(tx), **_ordered(tx, documents, saves)), visible)
    everything = validate(documents, world)
    checked, said = [], []
    for document in documents:
        own = validate([document], replace(world, **_beside(document, documents, world)))
        bare, moved, notes = _without_secrets(document)
        checked.append(Checked(bare, (*own, *notes), moved))
        said += notes
    return checked, sorted([*everything, *said], key=lambda problem: (problem.line, problem.column))


def _seen(world: Known, visible: Collection[str] | None) -> Known:
    """Without what is in namespaces that the caller may not see: a suggestion of a name would tell that there is one."""
    if visible is None:
        return world

    def ours(full: str) -> bool:
        return full.partition("/")[0] in visible

    return replace(
        world,
        connectors={name: said for name, said in world.connectors.items() if ours(name)},
        columns={name: said for name, said in world.columns.items() if ours(name)},
        rule_sets=frozenset(filter(ours, world.rule_sets)),
        calendars=frozenset(filter(ours, world.calendars)),
        pipelines=frozenset(filter(ours, world.pipelines)),
    )


def _ordered(tx: Tx, documents: Sequence[Document], saves: bool) -> dict[str, Any]:
    """What is known of other pipelines, where the documents say which run after which."""
    if saves and any(document.kind in DEPENDING for document in documents):
        # A pipeline whose dependency is saved at the same moment sees it, or is seen by it: one of the two starts it.
        dependencies.lock(tx)
    if not any(order.pairs(document) for document in documents):
        return {}
    said: dict[str, list[tuple[str, str]]] = {}
    for row in dependencies.order(tx):
        said.setdefault(row["document"], []).append((row["upstream"], row["downstream"]))
    return {"order": said, "pipelines": dependencies.pipelines(tx)}


def _beside(document: Document, documents: Sequence[Document], world: Known) -> dict[str, Any]:
    """What the other documents of the same text bring."""
    found = dict(world.connectors)
    sets, calendars = set(world.rule_sets), set(world.calendars)
    for other in documents:
        spec = other.tree.get("spec")
        if other is not document and other.kind == "Connector" and isinstance(spec, Mapping):
            found[f"{other.namespace}/{other.name}"] = (str(spec.get("type")), spec.get("config") or {})
        if other is not document and other.kind == "DataQualityRuleSet":
            sets.add(f"{other.namespace}/{other.name}")
        if other is not document and other.kind == "Calendar":
            calendars.add(f"{other.namespace}/{other.name}")
    others = [other for other in documents if other is not document]
    return {
        "connectors": found,
        "rule_sets": sets,
        "calendars": calendars,
        "pipelines": {*world.pipelines, *(f"{other.namespace}/{other.name}" for other in others if other.kind == "Pipeline")},
        "order": {**world.order, **{order.key(other): order.pairs(other) for other in others}},
    }


def _without_secrets(document: Document) -> tuple[Document, dict[str, str], list[Problem]]:
    """A Connector's secret values replaced, in its text, by references to a credential of the connector's own name."""
    spec = document.tree.get("spec")
    config = spec.get("config") if isinstance(spec, Mapping) else None
    kind = spec.get("type") if isinstance(spec, Mapping) else None
    if document.kind != "Connector" or not isinstance(config, Mapping) or kind not in CONNECTORS:
        return document, {}, []
    inline = {
        f: config[f] for f in CONNECTORS[str(kind)].secret_fields if isinstance(config.get(f), str | int) and not references.find(config[f])
    }
    text, notes = document.text, []
    # From the end, so that the places before stay right.
    for field in sorted(inline, key=lambda f: -document.places.values[f"/spec/config/{f}"].start):
        place = document.places.values[f"/spec/config/{field}"]
        text = f'{text[: place.start]}"{references.reference(document.name, field)}"{text[place.end :]}'
        message = f"{field} is a secret: it was moved into credential {document.name}, and the text keeps a reference"
        notes.append(Problem("secret_moved", message, f"/spec/config/{field}", place.line, place.column, severity="warning"))
    return replace(document, text=text), {field: str(value) for field, value in inline.items()}, notes


def store(tx: Tx, checked: Checked, *, author: str, message: str, home: Path | None) -> Saved:
    document = checked.document
    if checked.secrets:
        version = credentials.next_version(tx, document.namespace, document.name)
        newest = credentials.read(tx, document.namespace, document.name)
        key = sealing.master_key(home)
        context = f"{document.namespace}/{document.name}/{newest['version']}" if newest else ""
        here = newest is not None and newest["store"] == credentials.DATABASE
        before = sealing.unseal(newest["sealed"], sealing.master_keys(home), context) if newest and here else {}
        if {**before, **checked.secrets} != before:
            sealed = sealing.seal({**before, **checked.secrets}, key, f"{document.namespace}/{document.name}/{version}")
            credentials.put(tx, document.namespace, document.name, version, "password", sealed)
    if document.kind == "Connector" and checked.valid:
        connections.set_limit(tx, f"{document.namespace}/{document.name}", document.tree["spec"].get("maxConnections"))
    saved = resources.save(
        tx,
        kind=document.kind,
        namespace=document.namespace,
        name=document.name,
        text=document.text,
        valid=checked.valid,
        problems=[problem.to_json() for problem in checked.problems],
        author=author,
        message=message,
    )
    if document.kind == "Pipeline" and checked.valid:
        # A draft starts nothing: the triggers of the version before it stay in force.
        triggers.sync(tx, document.namespace, document.name, saved.version, starts(document))
    if document.kind == "PipelineDependency" and checked.valid:
        put(tx, document, saved.version)
    if document.kind == "Calendar":
        triggers.look_again(tx, SCHEDULE)
    return saved


def _address(document: Document) -> tuple[str, str, str]:
    return document.kind, document.namespace, document.name


def store_all(tx: Tx, checked: Sequence[Checked], *, author: str, message: str, home: Path | None) -> dict[int, Saved]:
    """All of them, each with its commit, by their place in the text.

    Rows are taken in order of name, so that two who save the same ones never wait in a ring.
    """
    places = sorted(range(len(checked)), key=lambda at: _address(checked[at].document))
    saved = {at: store(tx, checked[at], author=author, message=message, home=home) for at in places}
    made = seal(tx)
    return {at: replace(done, sha=made.get((done.uid, done.version), done.sha)) for at, done in saved.items()}


def delete(tx: Tx, kind: str, namespace: str, name: str, *, author: str, message: str) -> bool:
    """Takes it away, with a commit; False where there is none. Its history stays."""
    uid = resources.delete(tx, kind, namespace, name)
    if uid is not None:
        if kind == "Connector":
            connections.set_limit(tx, f"{namespace}/{name}", None)
        if kind == "Pipeline":
            triggers.remove(tx, namespace, name)
            backfills.cancel_all(tx, namespace, name)
        if kind == "PipelineDependency":
            take_away(tx, namespace, name)
        if kind == "Calendar":
            triggers.look_again(tx, SCHEDULE)
        seal_deletion(tx, uid=uid, kind=kind, namespace=namespace, name=name, author=author, message=message)
    return uid is not None


def one(checked: Sequence[Checked], problems: Sequence[Problem], kind: str, namespace: str, name: str) -> Checked:
    """The only document of a PUT, which must be what the address says. Raises Refused(422)."""
    listed = [problem.to_json() for problem in problems]
    if len(checked) != 1:
        raise Refused(422, f"the body must be one {kind} document; it holds {len(checked)}", errors=listed)
    document = checked[0].document
    if not checked[0].addressed:
        first = next((f": line {problem.line}: {problem.message}" for problem in problems if problem.path in _ADDRESS), "")
        raise Refused(422, f"the body cannot be read as a {kind}{first}", errors=listed)
    if _address(document) != (kind, namespace, name):
        raise Refused(
            422, f"the body is {document.kind} {document.namespace}/{document.name}, the address says {kind} {brief(f'{namespace}/{name}')}"
        )
    return checked[0]
