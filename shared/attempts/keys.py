"""Opens sealed credentials with the platform's master key, which is read when the first credential is needed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from shared.attempts.connectors import Unseal
from shared.secrets.database import master_keys
from shared.secrets.database import unseal as opened


def unsealer(home: Path | None) -> Unseal:
    @cache
    def keys() -> tuple[bytes, ...]:
        return master_keys(home)

    def unseal(sealed: bytes, context: str) -> Mapping[str, str]:
        return opened(sealed, keys(), context)

    return unseal
