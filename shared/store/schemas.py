"""The definitions of datasets: what columns a table or file was last seen with. Their versions are the schema's history.

Kept as documents of kind Dataset, so that they are listed, compared and shown in Git like any other. Nobody writes them: a survey that
finds other columns than the last one saves the next version.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

import yaml

from shared.store import definitions, resources
from shared.store.database import Tx
from shared.store.definitions import DefinitionsUnwritable

KIND = "Dataset"
AUTHOR = "survey"
log = logging.getLogger(__name__)


def seen(tx: Tx, connector: str, options: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    """Saves what a survey of a source or target found, if it is a table or file that is there, and its columns are new.

    `connector` is namespace/name; `found` as `Survey.to_json` gives it.
    """
    which = options.get("table") or options.get("path")
    if not which or not found.get("exists") or not found.get("columns"):
        return
    namespace, name = name_of(connector, str(which))
    text = _document(namespace, name, connector, options, found["columns"])
    known = resources.current_digest(tx, KIND, namespace, name)
    if known == definitions.digest(text):
        return
    message = f"The columns of {which} changed" if known else f"{which} was seen for the first time"
    try:
        with tx.transaction():
            resources.save(
                tx, kind=KIND, namespace=namespace, name=name, text=text, valid=True, problems=(), author=AUTHOR, message=message
            )
    except DefinitionsUnwritable as error:
        # The run goes on: the next survey that finds these columns saves them.
        log.warning("%s", error.message)


def name_of(connector: str, which: str) -> tuple[str, str]:
    """Namespace and name of the Dataset of a table or path of a connector (namespace/name)."""
    namespace, _, short = connector.partition("/")
    return namespace, f"{short}.{which}".replace("/", ":")


_COLUMN = "    - "


def columns_in(text: str) -> list[dict[str, Any]]:
    """{name, type, nullable} of each column, from the text of a Dataset as `seen` wrote it."""
    return [json.loads(line.removeprefix(_COLUMN)) for line in text.splitlines() if line.startswith(f"{_COLUMN}{{")]


def _document(namespace: str, name: str, connector: str, options: Mapping[str, Any], columns: list[Any]) -> str:
    head = {
        "apiVersion": "penstock/v1",
        "kind": KIND,
        "metadata": {"name": name, "namespace": namespace},
    }
    said = {"connector": connector, **{key: options[key] for key in ("table", "path") if options.get(key)}}
    # A line a column, so that a difference reads well.
    lines = [f"{_COLUMN}{json.dumps({'name': c[0], 'type': c[1], 'nullable': c[2]}, ensure_ascii=False)}" for c in columns]
    spec = yaml.safe_dump({"spec": said}, sort_keys=False, allow_unicode=True)
    return f"{yaml.safe_dump(head, sort_keys=False, allow_unicode=True)}{spec}  columns:\n" + "\n".join(lines) + "\n"
