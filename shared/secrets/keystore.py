"""A file of credentials on the workers' machines, encrypted as a whole: for those who want secrets neither in the database nor on a server.

The file is a JWE in its compact form (RFC 7516; direct encryption, A256GCM), which any library of that standard opens with the key. In it
is a JSON object, {"namespace/name": {field: value}}; a namespace reads its own. Read anew by each attempt, so that what is changed holds
from the next on; written whole, and put in place at once.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from shared.secrets.allowed import SecretRefused, SecretUnavailable

_HEADER = {"alg": "dir", "enc": "A256GCM"}
# Of the file; a keystore is no database.
LARGEST_BYTES = 4_000_000

Entries = dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Keystore:
    """`path`: None: there is none here. `keys`: gives the key of 32 bytes that seals, and after it those that may have sealed before."""

    path: Path | None
    keys: Callable[[], Sequence[bytes]] = field(repr=False, default=tuple)

    def read(self, name: str, namespace: str) -> Mapping[str, str]:
        """The fields of an entry, for a run of that namespace. Raises SecretRefused, or SecretUnavailable."""
        where, _, short = name.rpartition("/")
        if where not in {"", namespace}:
            raise SecretRefused(f"namespace {namespace} may not use {name} of the keystore; keep it there as {namespace}/{short}")
        found = self.entries().get(f"{namespace}/{short}")
        if found is None:
            raise SecretRefused(
                f"the keystore has no {namespace}/{short}; put it there with `penstock keystore set {namespace}/{short} FIELD=VALUE`"
            )
        return found

    def entries(self) -> Entries:
        """All of them, by namespace/name; none where the file is not there yet."""
        if self.path is None:
            raise SecretRefused("no keystore is known here; set PENSTOCK_KEYSTORE, the path of its file, for the workers")
        try:
            if self.path.stat().st_size > LARGEST_BYTES:
                raise SecretRefused(f"the keystore {self.path} is larger than {LARGEST_BYTES} bytes")
            text = self.path.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise SecretUnavailable(f"the keystore {self.path} cannot be read: {error.strerror}") from error
        return _opened(text, self.keys(), self.path)

    def put(self, name: str, fields: Mapping[str, str]) -> None:
        """Replaces the entry `namespace/name`. Others who write wait."""
        with self._changing() as entries:
            entries[name] = dict(fields)

    def remove(self, name: str) -> bool:
        """False where there is none."""
        with self._changing() as entries:
            return entries.pop(name, None) is not None

    def reseal(self) -> int:
        """Writes it anew with the key of now; how many entries it has."""
        with self._changing() as entries:
            return len(entries)

    @contextmanager
    def _changing(self) -> Iterator[Entries]:
        assert self.path is not None
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Beside it, since the file itself is replaced.
        with self.path.with_name(f"{self.path.name}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            entries = self.entries()
            yield entries
            self._write(entries)

    def _write(self, entries: Entries) -> None:
        from joserfc import jwe
        from joserfc.jwk import OctKey

        assert self.path is not None
        sealed = jwe.encrypt_compact(dict(_HEADER), json.dumps(entries, sort_keys=True), OctKey.import_key(self.keys()[0]))
        draft = self.path.with_name(f"{self.path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(sealed)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.path)
        finally:
            draft.unlink(missing_ok=True)


NO_KEYSTORE = Keystore(None)


def _opened(text: bytes, keys: Sequence[bytes], path: Path) -> Entries:
    from joserfc import jwe
    from joserfc.errors import JoseError
    from joserfc.jwk import OctKey

    for key in keys:
        try:
            found = json.loads(
                jwe.decrypt_compact(text.strip(), OctKey.import_key(key), algorithms=list(_HEADER.values())).plaintext or b""
            )
        except (JoseError, ValueError, TypeError):
            continue
        if isinstance(found, dict) and all(isinstance(fields, dict) for fields in found.values()):
            return {str(name): {str(one): str(value) for one, value in fields.items()} for name, fields in found.items()}
    raise SecretRefused(
        f"the keystore {path} cannot be opened with this key, or is damaged; check PENSTOCK_KEYSTORE_KEY, else the master key"
    )
