"""Filters of lists that name a namespace or a pipeline. A namespace that is named must be one that the caller may see: an empty list would
say that there is nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.api.auth import caller
from services.api.problems import Refused, brief


def of_pipeline(said: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Namespace and name by the filters `namespace` and `pipeline`, which is a name or namespace/name; None: any.

    Raises Refused: 422 where they name two namespaces, 403 for one that may not be seen.
    """
    namespace, _, name = said.get("pipeline", "").rpartition("/")
    if namespace and said.get("namespace", namespace) != namespace:
        raise Refused(422, f"pipeline {brief(said['pipeline'])} is not in namespace {brief(said['namespace'])}; leave namespace out")
    namespace = namespace or said.get("namespace")
    caller().may("viewer", namespace)
    return namespace, name or None


def of_name(query: Mapping[str, Any]) -> dict[str, str]:
    """Those of `namespace` and `name` that are given. Raises Refused(403)."""
    caller().may("viewer", query.get("namespace"))
    return {key: query[key] for key in ("namespace", "name") if key in query}
