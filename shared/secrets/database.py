"""The default store: values sealed with AES-GCM under a master key, kept as bytes in PostgreSQL."""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.errors import ConfigurationError

KEY_BYTES = 32
_NONCE_BYTES = 12
_VERSION = b"\x01"


class CannotUnseal(ConfigurationError):
    """The master key is not the one it was sealed with, or the bytes were moved or changed."""

    code = "cannot_unseal"


def seal(values: Mapping[str, str], key: bytes, context: str) -> bytes:
    """`context` (namespace/name/version) is bound to the sealed bytes: they cannot be put in another credential's place."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _VERSION + nonce + AESGCM(key).encrypt(nonce, json.dumps(dict(values)).encode(), context.encode())


def unseal(sealed: bytes, keys: Sequence[bytes], context: str) -> dict[str, str]:
    """With the first of the keys that opens it. Raises CannotUnseal."""
    body = bytes(sealed)
    for key in keys if body[:1] == _VERSION else ():
        with suppress(InvalidTag):
            opened = AESGCM(key).decrypt(body[1 : 1 + _NONCE_BYTES], body[1 + _NONCE_BYTES :], context.encode())
            return {str(field): str(value) for field, value in json.loads(opened).items()}
    raise CannotUnseal(
        f"credential {context} cannot be opened with this master key; check PENSTOCK_MASTER_KEY, or save the credential again"
    )


def is_sealed_with(sealed: bytes, key: bytes, context: str) -> bool:
    try:
        unseal(sealed, (key,), context)
    except CannotUnseal:
        return False
    return True


def master_keys(home: Path | None, environment: Mapping[str, str] = os.environ) -> tuple[bytes, ...]:
    """The master key, and after it those of before, which open only: PENSTOCK_MASTER_KEY_BEFORE, by commas, while keys are exchanged."""
    name = "PENSTOCK_MASTER_KEY_BEFORE"
    before = (said.strip() for said in environment.get(name, "").split(","))
    return master_key(home, environment), *(decoded(said, name) for said in before if said)


def master_key(home: Path | None, environment: Mapping[str, str] = os.environ) -> bytes:
    """PENSTOCK_MASTER_KEY (base64 of 32 bytes), else the file master.key in the state folder, made if it is not there."""
    if given := environment.get("PENSTOCK_MASTER_KEY"):
        return decoded(given, "PENSTOCK_MASTER_KEY")
    if home is None:
        raise ConfigurationError("set PENSTOCK_MASTER_KEY (base64 of 32 bytes), or PENSTOCK_HOME for a folder to keep one in")
    path = home / "master.key"
    made = path.with_name(f"master.key.{os.getpid()}.{secrets.token_hex(4)}")
    if not path.exists():
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode() + "\n")
        try:
            # A link is there whole or not at all, and never replaces a key that another process just made.
            os.link(made, path)
        except FileExistsError:
            pass
        finally:
            made.unlink()
    return decoded(path.read_text().strip(), str(path))


def decoded(value: str, where: str) -> bytes:
    """The key that a text stands for. `where` it was said is named in the error."""
    try:
        key = base64.b64decode(value, validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigurationError(f"{where} must be the base64 of {KEY_BYTES} bytes")
    return key
