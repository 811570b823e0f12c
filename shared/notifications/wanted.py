"""What a pipeline's people want to hear of, and by which ways: from its recipe as it was saved."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import Any

from shared.datasets.quantities import microseconds
from shared.pipelines.validation import stored_document

LONGEST = timedelta(days=366)
MOST_A_DAY = 1_000_000
_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")
_TARGET = ("connector", "url", "channel", "to", "secret")


@dataclass(frozen=True, slots=True)
class Wish:
    """One entry of a recipe's notifications. `target`: {connector, url, channel, to, secret}, those that it has, references not resolved.

    `over`: as the recipe says it, rows or a share such as "5%". `limit`: messages in 24 hours.
    """

    on: tuple[str, ...]
    type: str
    target: Mapping[str, Any]
    text: str | None = None
    over: float | str | None = None
    limit: int | None = None

    @property
    def way(self) -> str:
        """The same for the same way of telling the same people."""
        return hashlib.sha256(json.dumps([self.type, dict(self.target)], sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Wishes:
    """`sources`: (connector, table or path) of nodes that read or write one, as the recipe names them."""

    wishes: tuple[Wish, ...] = ()
    deadline: timedelta | None = None
    objects: tuple[tuple[str, str], ...] = field(default=())

    def wants(self, event: str) -> bool:
        return any(event in wish.on for wish in self.wishes)


NONE = Wishes()


@lru_cache(maxsize=1024)
def wishes(text: str, *, mail: bool) -> Wishes:
    """Of a recipe that was valid when it was saved. `mail`: the platform has a way to send mail, so that contacts can be told where the
    recipe says nothing of notifications.
    """
    tree = stored_document(text).tree
    spec = tree.get("spec")
    if not isinstance(spec, Mapping):
        return NONE
    said = tuple(_wish(one) for one in spec.get("notifications") or () if isinstance(one, Mapping))
    if not said and mail:
        said = _contacts(tree)
    deadline = spec.get("deadline")
    return Wishes(said, deadline_of(deadline) if deadline is not None else None, _objects(spec))


def deadline_of(said: Any) -> timedelta:
    """Of a recipe. Nobody waits for more than a year, and neither Python nor PostgreSQL counts as far as a recipe can."""
    return timedelta(microseconds=min(microseconds(said), LONGEST / timedelta(microseconds=1)))


def _wish(said: Mapping[str, Any]) -> Wish:
    target = {key: said[key] for key in _TARGET if said.get(key)}
    limit = int(min(said["limit"], MOST_A_DAY)) if said.get("limit") is not None else None
    return Wish(tuple(said.get("on") or ()), str(said["type"]), target, said.get("text"), said.get("over"), limit)


def _contacts(tree: Mapping[str, Any]) -> tuple[Wish, ...]:
    """Failures, and what is late, where somebody gave a deadline: to the addresses among the contacts of the document."""
    annotations = (tree.get("metadata") or {}).get("annotations") or {}
    contacts = annotations.get("contacts")
    named = contacts if isinstance(contacts, list) else [contacts]
    # "Jane <jane@example.com>" and "jane@example.com, joe@example.com" too.
    addresses = sorted({found for one in named if isinstance(one, str) for found in _ADDRESS.findall(one)})
    return (Wish(("failure", "late"), "email", {"to": addresses}),) if addresses else ()


def _objects(spec: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    found = []
    for node in spec.get("nodes") or ():
        config = node.get("config") if isinstance(node, Mapping) else None
        if isinstance(config, Mapping) and isinstance(config.get("connector"), str):
            which = config.get("table") or config.get("path")
            if isinstance(which, str):
                found.append((str(config["connector"]), which))
    return tuple(dict.fromkeys(found))
