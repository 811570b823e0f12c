"""`{{credential:name#field}}`, `{{vault:path#key}}`, `{{keystore:name#field}}` and `{{ssm:/path#name}}`: found without secrets, resolved
only where they are about to be used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from shared.errors import ConfigurationError

# What only workers read, with how a reference to it is written.
ELSEWHERE = {"vault": "{{vault:secret/path#key}}", "keystore": "{{keystore:name#field}}", "ssm": "{{ssm:/path#name}}"}
_WRITTEN = {"credential": "{{credential:name#field}}", **ELSEWHERE}
STORES = tuple(_WRITTEN)
# No quotes and no backslashes: the same text stands in YAML, JSON and SQL.
_BODY = re.compile(rf"({'|'.join(STORES)}):([^#{{}}\s'\"\\]+)#([^{{}}\s'\"\\]+)")
_REFERENCE = re.compile(rf"\{{\{{\s*{_BODY.pattern}\s*\}}\}}")


class UnknownField(ConfigurationError):
    code = "unknown_credential_field"


class Reference(NamedTuple):
    """`store` is one of STORES; `path` the name of a credential, mount and path of a Vault secret, or a path of parameters; `field` one
    value of it.
    """

    store: str
    path: str
    field: str

    def __str__(self) -> str:
        return f"{self.store}:{self.path}#{self.field}"


def reference(name: str, field: str) -> str:
    """The template that means a field of a credential."""
    return f"{{{{credential:{name}#{field}}}}}"


def reference_in(body: str) -> Reference | None:
    """The reference that the inside of a template is; None when it is none. Raises ValueError for one that is misspelt."""
    found = _BODY.fullmatch(body)
    if found:
        return Reference(*found.groups())
    store, colon, _ = body.partition(":")
    if colon and store.strip() in STORES:
        raise ValueError(f"{{{{{body}}}}} does not say which value is meant; write {_WRITTEN[store.strip()]}")
    return None


def find(config: Any) -> set[Reference]:
    """Every reference in a config, at any depth."""
    if isinstance(config, str):
        return {Reference(*found) for found in _REFERENCE.findall(config)}
    parts = config.values() if isinstance(config, Mapping) else config if isinstance(config, list | tuple) else ()
    return {found for part in parts for found in find(part)}


def resolve(config: Any, read: Callable[[Reference], str]) -> Any:
    """The config with values in place of references."""
    if isinstance(config, str):
        return _REFERENCE.sub(lambda found: read(Reference(*found.groups())), config)
    if isinstance(config, Mapping):
        return {key: resolve(value, read) for key, value in config.items()}
    if isinstance(config, list | tuple):
        return [resolve(value, read) for value in config]
    return config
