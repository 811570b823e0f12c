"""`--param NAME=VALUE`: what was typed, as values of the types that the pipeline declares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from shared.pipelines.language import read_documents
from shared.pipelines.model import Document
from shared.pipelines.parameters import declared
from shared.pipelines.value_types import NotOfType, from_text

if TYPE_CHECKING:
    from services.api.cli.client import Client


def values(client: Client, namespace: str, name: str, typed: Sequence[str], version: int | None = None) -> dict[str, Any]:
    """For the version that is saved. Raises click.UsageError, as `read` does."""
    if not typed:
        return {}
    where = f"/pipelines/{namespace}/{name}" + (f"/versions/{version}" if version is not None else "")
    return read(read_documents(str(client.call("GET", where)["document"]))[0], typed)


def read(document: Document, typed: Sequence[str]) -> dict[str, Any]:
    """Raises click.UsageError for what is no value of its type; a name that is not known goes as text, for whoever settles it to tell."""
    spec = document.tree.get("spec")
    kinds = {parameter.name: parameter.type for parameter in declared(spec if isinstance(spec, dict) else {})}
    found: dict[str, Any] = {}
    for entry in typed:
        parameter, given, value = entry.partition("=")
        if not given:
            raise click.UsageError(f"--param {entry} gives no value; write --param {parameter}=VALUE")
        try:
            found[parameter] = from_text(kinds[parameter], value, ZoneInfo("UTC")) if parameter in kinds else value
        except NotOfType as error:
            raise click.UsageError(f"parameter '{parameter}' {error}") from error
    return found
