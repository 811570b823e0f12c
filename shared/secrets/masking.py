"""One filter for everything that leaves a process: known secret values, and the forms in which they usually leak, become ***."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

MASK = "***"
# A shorter value would mask ordinary words; such a secret is no secret.
_SHORTEST = 4


class Masker:
    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets if len(secret) >= _SHORTEST for form in _forms(secret)}
        # The longest first, so that no tail of a value stays.
        self._pattern = re.compile("|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))) if forms else None

    def mask(self, text: str) -> str:
        return self._pattern.sub(MASK, text) if self._pattern else text


def _forms(secret: str) -> set[str]:
    plain = secret.encode()
    forms = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], repr(secret)[1:-1]}
    forms |= {secret.replace("'", "''"), secret.replace("\\", "\\\\").replace("'", "\\'"), plain.hex(), plain.hex().upper()}
    # In the middle of a longer text base64 depends on where the value begins, and its ends mix with the neighbours.
    for offset in range(3):
        encoded = base64.b64encode(b"\x00" * offset + plain).decode().rstrip("=")
        core = encoded[(0, 2, 3)[offset] : len(encoded) - (1 if (offset + len(plain)) % 3 else 0)]
        forms |= {core, core.replace("+", "-").replace("/", "_")} if len(core) >= 6 else set()
    return {form for form in forms if len(form) >= _SHORTEST}
