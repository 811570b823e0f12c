"""Who a files connector is to a store of objects: by its own config, completed by its credential, else by the machine's AWS settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from shared.connectors.errors import Misconfigured
from shared.datasets.buckets import Access

# Our names, and what AWS' own tools call them, however they are written in a credential.
_NAMES = {
    "key_id": ("accesskeyid", "accesskey", "keyid"),
    "secret": ("secretaccesskey", "secretkey", "secret"),
    "token": ("sessiontoken", "token"),
}


def access_of(config: Mapping[str, Any]) -> Access:
    """Raises Misconfigured for half a credential: with the other half taken from the machine, it would be another's."""
    plain = {re.sub(r"^aws|[^a-z]", "", key.lower()): value for key, value in config.items() if isinstance(value, str)}
    found = {field: next((plain[name] for name in names if plain.get(name)), None) for field, names in _NAMES.items()}
    if (found["key_id"] is None) != (found["secret"] is None):
        raise Misconfigured("the connector's credential has only one of accessKeyId and secretAccessKey; give both, or neither")
    return Access(config.get("endpoint"), config.get("region"), found["key_id"], found["secret"], found["token"])
