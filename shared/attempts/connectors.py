"""The connectors an attempt uses, with their secrets in place: read when the attempt begins, kept nowhere.

Documents are parsed once per text. Secrets are unsealed for each attempt anew, so that a changed password holds from the next attempt on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from shared.connectors.errors import Denied, NotFound
from shared.dispatch.claims import Claim
from shared.engines.work import ResolvedConnector
from shared.errors import PenstockError
from shared.pipelines.language import connector, read_documents
from shared.pipelines.model import ConnectorDefinition
from shared.secrets import references
from shared.store import credentials, resources
from shared.store.database import Tx

# (sealed bytes, context) -> field -> value.
Unseal = Callable[[bytes, str], Mapping[str, str]]


def named_in(kind: str, program: Mapping[str, Any]) -> tuple[str, ...]:
    """References (namespace/name) of the connectors that a program uses, each once."""
    if kind == "survey":
        return (program["connector"],)
    named = (entry["connector"] for part in ("reads", "sinks") for entry in program.get(part, ()))
    return tuple(dict.fromkeys(name for name in named if name))


class Resolution:
    """`look_up` in the claiming transaction, which must not fail for a missing connector, then `result`, which tells of it."""

    def __init__(self, unseal: Unseal) -> None:
        self._unseal = unseal
        self._resolved: dict[str, ResolvedConnector] = {}
        self._values: set[str] = set()
        self._error: PenstockError | None = None

    def look_up(self, tx: Tx, taken: Claim) -> None:
        """May be repeated, when the transaction was."""
        self._resolved, self._values, self._error = {}, set(), None
        try:
            for reference in named_in(taken.kind, taken.program):
                self._resolved[reference] = self._resolve(tx, reference)
        except PenstockError as error:
            self._error = error

    def result(self) -> tuple[dict[str, ResolvedConnector], tuple[str, ...]]:
        """Connectors by reference, and every secret value in them. Raises what stood in the way."""
        if self._error is not None:
            raise self._error
        return self._resolved, tuple(self._values)

    def _resolve(self, tx: Tx, reference: str) -> ResolvedConnector:
        namespace, _, name = reference.partition("/")
        text = resources.current_document(tx, "Connector", namespace, name)
        if text is None:
            raise NotFound(f"connector {reference} is not there any more; apply it again, or take it out of the recipe")
        definition = _parsed(text)

        def read(of: references.Reference) -> str:
            values = self._read(tx, namespace, of.path)
            if of.field not in values:
                there = ", ".join(sorted(values)) or "none"
                raise references.UnknownField(f"credential {of.path} has no field {of.field}; it has {there}")
            return values[of.field]

        config = references.resolve(dict(definition.config), read)
        if definition.credential:
            # A whole credential: its fields complete the config.
            config = {**self._read(tx, namespace, definition.credential), **config}
        return ResolvedConnector(reference, definition.type, config)

    def _read(self, tx: Tx, namespace: str, credential: str) -> Mapping[str, str]:
        where, _, name = credential.rpartition("/")
        if where not in {"", namespace}:
            # Else whoever may write recipes in one namespace could read the secrets of all.
            raise Denied(f"a connector of namespace {namespace} may not use credential {credential}; save the credential in {namespace}")
        row = credentials.read(tx, namespace, name)
        if row is None:
            full = f"{namespace}/{name}"
            raise NotFound(f"credential {full} does not exist; make it with `penstock credentials set {full} FIELD=VALUE`")
        values = self._unseal(row["sealed"], f"{namespace}/{name}/{row['version']}")
        self._values.update(values.values())
        return values


@lru_cache(maxsize=256)
def _parsed(text: str) -> ConnectorDefinition:
    return connector(read_documents(text)[0])
