"""Signatures of what goes over HTTP between machines: made for what Penstock sends, checked for what it is sent.

Two forms, both HMAC-SHA256 over a time and the raw body. The published scheme of Standard Webhooks (webhook-id, webhook-timestamp,
webhook-signature) signs `{id}.{timestamp}.{body}`; the plain one, for senders that have no ids, signs `{timestamp}.{body}`.
Knows nothing of HTTP, of clocks or of where secrets come from.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from contextlib import suppress

# How a secret begins that is base64, as Standard Webhooks hand them out; any other is taken as the text it is.
ENCODED = "whsec_"
_VERSION = "v1,"
_PLAIN = "sha256="
# While a secret is exchanged a sender signs with both; more is nobody's need.
_MOST = 8


def key_of(secret: str) -> bytes:
    """The key that a secret stands for."""
    if secret.startswith(ENCODED):
        # What only looks like one is a text as any other.
        with suppress(binascii.Error):
            return base64.b64decode(secret.removeprefix(ENCODED), validate=True)
    return secret.encode()


def sign(secret: str, id: str, timestamp: int, body: bytes) -> str:
    """The value of webhook-signature. `timestamp`: whole seconds since 1970, as in webhook-timestamp."""
    return _VERSION + base64.b64encode(_digest(secret, f"{id}.{timestamp}.".encode(), body)).decode()


def sign_plain(secret: str, timestamp: int, body: bytes) -> str:
    """The value of X-Penstock-Signature; its X-Penstock-Timestamp is `timestamp`."""
    return _PLAIN + _digest(secret, f"{timestamp}.".encode(), body).hex()


def is_signed(secret: str, id: str, timestamp: int, body: bytes, signatures: str) -> bool:
    """Whether one of the signatures, which a space separates, is right. Signatures of other versions of the scheme are passed over."""
    right = sign(secret, id, timestamp, body).encode()
    return any(hmac.compare_digest(right, one.encode("utf-8", "replace")) for one in signatures.split()[:_MOST])


def is_signed_plainly(secret: str, timestamp: int, body: bytes, signature: str) -> bool:
    return hmac.compare_digest(sign_plain(secret, timestamp, body).encode(), signature.strip().lower().encode("utf-8", "replace"))


def _digest(secret: str, before: bytes, body: bytes) -> bytes:
    made = hmac.new(key_of(secret), before, hashlib.sha256)
    made.update(body)
    return made.digest()
