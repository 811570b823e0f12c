"""`{{credential:name#field}}` in a connector's config: found without secrets, resolved only where they are about to be used."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from shared.errors import ConfigurationError

_REFERENCE = re.compile(r"\{\{\s*credential:([^#{}\s]+)#([^{}\s]+)\s*\}\}")


class UnknownField(ConfigurationError):
    code = "unknown_credential_field"


def reference(name: str, field: str) -> str:
    return f"{{{{credential:{name}#{field}}}}}"


def find(config: Any) -> set[tuple[str, str]]:
    """Every (credential, field) that a config refers to, at any depth."""
    if isinstance(config, str):
        return set(_REFERENCE.findall(config))
    parts = config.values() if isinstance(config, Mapping) else config if isinstance(config, list | tuple) else ()
    return {found for part in parts for found in find(part)}


def resolve(config: Any, read: Callable[[str], Mapping[str, str]]) -> Any:
    """The config with values in place of references. `read(name)` gives a credential's fields. Raises UnknownField."""
    if isinstance(config, str):
        return _REFERENCE.sub(lambda match: _value(match[1], match[2], read), config)
    if isinstance(config, Mapping):
        return {key: resolve(value, read) for key, value in config.items()}
    if isinstance(config, list | tuple):
        return [resolve(value, read) for value in config]
    return config


def _value(name: str, field: str, read: Callable[[str], Mapping[str, str]]) -> str:
    values = read(name)
    if field not in values:
        raise UnknownField(f"credential {name} has no field {field}; it has {', '.join(sorted(values)) or 'none'}")
    return values[field]
