"""Places of files that no engine of ours reads where they lie: SFTP, Azure and Google. They are listed, and files are fetched from them.

Every library's errors are translated here. Each is loaded when a place of its kind is first used.
"""

from __future__ import annotations

import base64
import io
import re
import socket
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from shared.connectors.errors import Denied, Misconfigured, NotFound, Unavailable
from shared.connectors.files.seen import Seen

SCHEMES = ("sftp", "az", "gs")
_CONNECT_S = 10
_BLOCK = 1 << 20


class Place(Protocol):
    """Paths are under the root, with slashes."""

    def listed(self, folder: str, depth: int | None) -> Iterator[Seen]:
        """Files in `folder` and so many folders below it; None: all."""
        ...

    def fetch(self, path: str, target: Path) -> None: ...


def is_remote(root: str) -> bool:
    return root.partition("://")[0] in SCHEMES and "://" in root


def wrong(root: str) -> str | None:
    """Why such a root cannot be one; None for one that can."""
    parts = urlsplit(root)
    try:
        port = parts.port
    except ValueError:
        return f"root is {root!r}; its port must be a number"
    if parts.username or parts.password:
        return "root holds a user name; say username, and keep the password in a credential"
    if parts.scheme == "sftp":
        return None if parts.hostname and parts.path.startswith("/") else f"root is {root!r}; write sftp://host/folder"
    if not parts.netloc or port is not None or parts.query or parts.fragment:
        return f"root is {root!r}; write {parts.scheme}://{'container' if parts.scheme == 'az' else 'bucket'}/prefix"
    return None


def place_of(config: Mapping[str, Any]) -> Place:
    """Connects when it is used."""
    return Sftp(config) if str(config["root"]).startswith("sftp:") else Objects(config)


class Objects:
    """A container of Azure or a bucket of Google."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config, self._root = config, str(config["root"])

    def listed(self, folder: str, depth: int | None) -> Iterator[Seen]:
        import obstore

        with _of_objects(self._root):
            for page in obstore.list(self._store, folder or None, chunk_size=1000):
                for one in page:
                    path = str(one["path"])
                    below = path[len(folder) + 1 :] if folder else path
                    if depth is None or below.count("/") <= depth:
                        changed = int(one["last_modified"].timestamp() * 1_000_000) * 1000
                        yield Seen(path, int(one["size"]), changed, one.get("e_tag"))

    def fetch(self, path: str, target: Path) -> None:
        import obstore

        with _of_objects(f"{self._root}/{path}"), target.open("wb") as file:
            for block in obstore.get(self._store, path):
                file.write(block)

    @property
    def _store(self) -> Any:
        from obstore.store import AzureStore, GCSStore

        parts, config = urlsplit(self._root), self._config
        said: dict[str, Any] = {
            "prefix": parts.path.strip("/") or None,
            "client_options": {"allow_http": str(config.get("endpoint", "")).startswith("http:"), "connect_timeout": f"{_CONNECT_S}s"},
            "retry_config": {"max_retries": 2},
        }
        if parts.scheme == "az":
            named = {"account_name": "accountName", "account_key": "accountKey", "sas_key": "sasToken", "endpoint": "endpoint"}
            azure: Any = _said(config, named)
            return AzureStore(parts.netloc, config=azure, **said)
        named = {"service_account_key": "serviceAccountKey", "base_url": "endpoint"}
        google: Any = _said(config, named)
        if "base_url" in google and "service_account_key" not in google:
            # An emulator knows nobody.
            google["skip_signature"] = True
        return GCSStore(parts.netloc, config=google, **said)


def _said(config: Mapping[str, Any], named: Mapping[str, str]) -> dict[str, Any]:
    return {theirs: config[ours] for theirs, ours in named.items() if config.get(ours)}


@contextmanager
def _of_objects(what: str) -> Iterator[None]:
    from obstore import exceptions

    try:
        yield
    except (exceptions.NotFoundError, FileNotFoundError) as error:
        raise NotFound(f"{what} is not there; correct the path, or make it") from error
    except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError, PermissionError) as error:
        raise Denied(f"{what} may not be read; correct the credentials, or their rights") from error
    except (exceptions.UnknownConfigurationKeyError, exceptions.InvalidPathError, ValueError) as error:
        raise Misconfigured(f"{what} cannot be opened: {_first(error)}") from error
    except (exceptions.BaseError, OSError) as error:
        raise Unavailable(f"{what}: {_first(error)}") from error


class Sftp:
    """A folder of an SSH server, whose key the connector knows."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config, self._root = config, str(config["root"])
        parts = urlsplit(self._root)
        self._host, self._port = parts.hostname or "", parts.port or 22
        self._base = unquote(parts.path).rstrip("/")

    def listed(self, folder: str, depth: int | None) -> Iterator[Seen]:
        with self._session() as sftp:
            if not folder:
                # A root that is not there is a mistake; a folder that is not there yet is not.
                sftp.stat(self._base or "/")
            yield from self._below(sftp, folder, depth)

    def _below(self, sftp: Any, folder: str, depth: int | None) -> Iterator[Seen]:
        where = f"{self._base}/{folder}" if folder else self._base or "/"
        try:
            entries = sftp.listdir_attr(where)
        except FileNotFoundError:
            return
        for entry in entries:
            path = f"{folder}/{entry.filename}" if folder else entry.filename
            mode = entry.st_mode or 0
            if stat.S_ISDIR(mode):
                if depth is None or depth > 0:
                    yield from self._below(sftp, path, None if depth is None else depth - 1)
            elif stat.S_ISREG(mode):
                yield Seen(path, int(entry.st_size or 0), entry.st_mtime * 1_000_000_000 if entry.st_mtime is not None else None)

    def fetch(self, path: str, target: Path) -> None:
        with self._session() as sftp, sftp.open(f"{self._base}/{path}", "rb") as source, target.open("wb") as file:
            source.prefetch(source.stat().st_size)
            while block := source.read(_BLOCK):
                file.write(block)

    @contextmanager
    def _session(self) -> Iterator[Any]:
        import paramiko

        config = self._config
        if not config.get("hostKey"):
            raise Misconfigured(f"{self._root}: the connector has no hostKey; add the server's, as ssh-keyscan {self._host} prints it")
        where = f"{self._host}:{self._port}"
        try:
            with socket.create_connection((self._host, self._port), _CONNECT_S) as reached, paramiko.Transport(reached) as transport:
                expected = _key(str(config["hostKey"]))
                transport.get_security_options().key_types = _signatures(expected, transport.get_security_options().key_types)
                transport.start_client(timeout=_CONNECT_S)
                if transport.get_remote_server_key().asbytes() != expected[1]:
                    raise Denied(f"{where} shows another key than the connector's hostKey; somebody may stand between, so nothing was sent")
                user = str(config.get("username") or "")
                if config.get("privateKey"):
                    transport.auth_publickey(user, _private(str(config["privateKey"]), config.get("passphrase")))
                else:
                    transport.auth_password(user, str(config.get("password") or ""))
                sftp = paramiko.SFTPClient.from_transport(transport)
                assert sftp is not None
                with sftp:
                    yield sftp
        except paramiko.AuthenticationException as error:
            raise Denied(f"{where} does not let {config.get('username')!r} in; correct username, password or privateKey") from error
        except FileNotFoundError as error:
            raise NotFound(f"what the connector names is not there on {where}; correct the path, or make it") from error
        except PermissionError as error:
            raise Denied(f"{config.get('username')!r} may not read that on {where}; correct its rights") from error
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise Unavailable(f"{where}: {_first(error)}") from error


def _key(said: str) -> tuple[str, bytes]:
    """Kind and bytes of a host key as ssh-keyscan and known_hosts write it, with or without the host before it."""
    found = re.search(r"(ssh-[a-z0-9-]+|ecdsa-sha2-[a-z0-9-]+)\s+([A-Za-z0-9+/=]+)", said)
    if found is None:
        raise Misconfigured("hostKey must be a line as ssh-keyscan prints it, such as: ssh-ed25519 AAAAC3Nz…")
    return found[1], base64.b64decode(found[2])


def _signatures(expected: tuple[str, bytes], offered: Any) -> list[str]:
    """How the server is to sign, so that it shows the key that is known."""
    wanted = ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa") if expected[0] == "ssh-rsa" else (expected[0],)
    return [kind for kind in wanted if kind in offered]


def _private(text: str, passphrase: str | None) -> Any:
    import paramiko

    try:
        return paramiko.PKey.from_private_key(io.StringIO(text), passphrase)
    except (paramiko.SSHException, ValueError, TypeError) as error:
        raise Misconfigured("privateKey cannot be read; give it as ssh-keygen writes it, and its passphrase where it has one") from error


def _first(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
