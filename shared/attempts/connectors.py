"""The connectors and the program of an attempt, with their secrets in place: read when the attempt begins, kept nowhere.

Documents are parsed once per text. Secrets are unsealed for each attempt anew, so that a changed password holds from the next attempt on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

from shared.attempts import secrets
from shared.connectors.errors import Denied, NotFound
from shared.engines.program import CHECK, TELLING, THIS
from shared.engines.work import ResolvedConnector
from shared.errors import PenstockError
from shared.pipelines.delivered import DELIVERED, DELIVERED_TYPE
from shared.pipelines.model import ConnectorDefinition
from shared.pipelines.replay import LETTERS, LETTERS_TYPE
from shared.pipelines.validation import stored_connector
from shared.secrets import references
from shared.secrets.stores import NO_STORES, Stores
from shared.store import credentials, resources
from shared.store.database import Tx

# (sealed bytes, context) -> field -> value.
Unseal = Callable[[bytes, str], Mapping[str, str]]


def named_in(kind: str, program: Mapping[str, Any]) -> tuple[str, ...]:
    """References (namespace/name) of the connectors that a program uses, each once; not what stands for dead letters or deliveries."""
    if kind in {"survey", "look"}:
        return (program["connector"],)
    if kind in {"watch", TELLING}:
        return (program["connector"],) if program["connector"] else ()
    named = (entry["connector"] for part in ("reads", "sinks") for entry in program.get(part, ()))
    return tuple(dict.fromkeys(name for name in named if name and name not in {LETTERS, DELIVERED}))


def _beside(kind: str, program: Mapping[str, Any]) -> frozenset[str]:
    """Connectors without which an attempt can do the rest of its work: of a check, those that only single rules compare with."""
    if kind != CHECK:
        return frozenset()
    checked = {read["connector"] for read in program.get("reads", ()) if read["table"] == THIS}
    return frozenset(named_in(kind, program)) - checked


@dataclass(frozen=True, slots=True)
class Resolved:
    """All that an attempt is run with: `connectors` by reference, the `program`, and every secret `value` in them.

    `circuits`: by reference, what the connectors' documents say of their breakers; only of those that the attempt cannot do without.
    Others that are not there, or whose secrets are not, are left out.
    """

    connectors: dict[str, ResolvedConnector]
    program: dict[str, Any] = field(repr=False)
    values: tuple[str, ...] = field(repr=False)
    circuits: Mapping[str, Mapping[str, Any] | None] = field(default_factory=dict)


class Resolution:
    """`look_up` in the claiming transaction, which must not fail for a missing connector, then `result`, which tells of it.

    What the database holds is read in that transaction; other stores are asked afterwards, since the run's row is locked till it ends.
    """

    def __init__(self, unseal: Unseal, stores: Stores = NO_STORES) -> None:
        self._unseal, self._stores = unseal, stores
        self._definitions: dict[str, ConnectorDefinition] = {}
        self._credentials: dict[tuple[str, str], Mapping[str, str]] = {}
        # Of credentials that are kept in another store: which, and where there.
        self._kept: dict[tuple[str, str], tuple[str, str]] = {}
        self._namespace, self._kind = "", ""
        self._optional: frozenset[str] = frozenset()
        self._program: dict[str, Any] = {}
        self._error: PenstockError | None = None

    def look_up(self, tx: Tx, namespace: str, kind: str, program: Mapping[str, Any]) -> None:
        """For an attempt at `program`, of that kind. May be repeated, when the transaction was."""
        self._definitions, self._credentials, self._kept, self._error = {}, {}, {}, None
        self._namespace, self._kind, self._program = namespace, kind, dict(program)
        self._optional = _beside(kind, program)
        try:
            for reference in named_in(kind, program):
                try:
                    self._define(tx, reference)
                except PenstockError:
                    if reference not in self._optional:
                        raise
                    self._definitions.pop(reference, None)
            for secret in secrets.needed(program).values():
                if secret.store == "credential":
                    self._read(tx, namespace, secret.path)
        except PenstockError as error:
            self._error = error

    def result(self) -> Resolved:
        """Raises what stood in the way."""
        if self._error is not None:
            raise self._error
        used = {value for values in self._credentials.values() for value in values.values()}
        read = cache(self._stores.read)

        def fields(namespace: str, credential: str) -> Mapping[str, str]:
            if (namespace, credential) not in self._kept:
                return self._credentials[namespace, credential]
            found = read(*self._kept[namespace, credential], namespace)
            used.update(found.values())
            return found

        def valued(namespace: str, reference: references.Reference) -> str:
            values = (
                fields(namespace, reference.path) if reference.store == "credential" else read(reference.store, reference.path, namespace)
            )
            if reference.field not in values:
                there = ", ".join(sorted(values)) or "none"
                raise references.UnknownField(f"{reference.store} {reference.path} has no field {reference.field}; it has {there}")
            used.add(values[reference.field])
            return values[reference.field]

        resolved = {}
        for name, definition in self._definitions.items():
            namespace = name.partition("/")[0]
            try:
                config = references.resolve(dict(definition.config), partial(valued, namespace))
                if definition.credential:
                    # A whole credential: its fields complete the config.
                    config = {**fields(namespace, definition.credential), **config}
            except PenstockError:
                if name not in self._optional:
                    raise
                continue
            resolved[name] = ResolvedConnector(name, definition.type, config, counted=definition.max_connections is not None)
        program = self._program
        if wanted := secrets.needed(program):
            values = {token: valued(self._namespace, reference) for token, reference in wanted.items()}
            types = {LETTERS: LETTERS_TYPE, DELIVERED: DELIVERED_TYPE, **{name: one.type for name, one in resolved.items()}}
            program = secrets.with_secrets(self._kind, program, values, types)
        circuits = {name: definition.circuit_breaker for name, definition in self._definitions.items() if name not in self._optional}
        return Resolved(resolved, program, tuple(used), circuits)

    def _define(self, tx: Tx, reference: str) -> None:
        namespace, _, name = reference.partition("/")
        text = resources.current_document(tx, "Connector", namespace, name)
        if text is None:
            raise NotFound(f"connector {reference} is not there any more; apply it again, or take it out of the recipe")
        definition = self._definitions[reference] = stored_connector(text)
        named = {found.path for found in references.find(dict(definition.config)) if found.store == "credential"}
        for credential in sorted(named | ({definition.credential} if definition.credential else set())):
            self._read(tx, namespace, credential)

    def _read(self, tx: Tx, namespace: str, credential: str) -> None:
        where, _, name = credential.rpartition("/")
        if where not in {"", namespace}:
            # Else whoever may write recipes in one namespace could read the secrets of all.
            raise Denied(f"namespace {namespace} may not use credential {credential}; save the credential in {namespace}")
        row = credentials.read(tx, namespace, name)
        if row is None:
            full = f"{namespace}/{name}"
            raise NotFound(f"credential {full} does not exist; make it with `penstock credentials set {full} FIELD=VALUE`")
        if row["store"] != credentials.DATABASE:
            self._kept[namespace, credential] = row["store"], row["path"]
            return
        self._credentials[namespace, credential] = self._unseal(row["sealed"], f"{namespace}/{name}/{row['version']}")
