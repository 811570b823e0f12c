"""Azure's and Google's object stores on this machine: azurite (npm) and fake-gcs-server (Go), installed into the user's cache.

They are asked for by PENSTOCK_TEST_EMULATORS=1: installing takes minutes and the network, and starting takes seconds.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

import obstore
import pytest
from obstore.store import AzureStore

from tests.support.servers import CACHE, free_port, listening

AZURITE, FAKE_GCS = "azurite@3.37.0", "github.com/fsouza/fake-gcs-server@v1.52.3"
# Azurite's own, in its documentation.
ACCOUNT, KEY = "devstoreaccount1", "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


@dataclass
class Objects:
    """A container or bucket; who appends writes anew, and who renames copies. `put` and `remove` take an object's whole name."""

    put: Callable[[str, bytes], Any]
    remove: Callable[[str], Any]
    config: dict[str, Any]
    texts: dict[str, str] = field(default_factory=dict)

    def write(self, path: str, text: str) -> None:
        self.texts[path] = text
        self.put(f"in/{path}", text.encode())

    def append(self, path: str, text: str) -> None:
        self.write(path, self.texts[path] + text)

    def rename(self, before: str, after: str) -> None:
        self.write(after, self.texts[before])
        self.delete(before)

    def delete(self, path: str) -> None:
        del self.texts[path]
        self.remove(f"in/{path}")


@contextmanager
def azure(folder: Path) -> Iterator[Objects]:
    program = CACHE / "azurite" / "node_modules" / ".bin" / "azurite-blob"
    _have(program, ["npm", "install", "--prefix", str(CACHE / "azurite"), "--no-audit", "--no-fund", "--ignore-scripts", AZURITE])
    port = free_port()
    command = [
        str(program),
        "--blobHost",
        "127.0.0.1",
        "--blobPort",
        str(port),
        "--location",
        str(folder),
        "--skipApiVersionCheck",
        "--silent",
    ]
    with listening(command, port):
        # obstore makes no containers.
        version, date = "2021-08-06", formatdate(usegmt=True)
        signed = f"PUT\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:{date}\nx-ms-version:{version}\n/{ACCOUNT}/{ACCOUNT}/feeds\nrestype:container"
        signature = base64.b64encode(hmac.new(base64.b64decode(KEY), signed.encode(), hashlib.sha256).digest()).decode()
        head = {"x-ms-date": date, "x-ms-version": version, "Authorization": f"SharedKey {ACCOUNT}:{signature}", "Content-Length": "0"}
        _ask("PUT", f"http://127.0.0.1:{port}/{ACCOUNT}/feeds?restype=container", headers=head)
        endpoint = f"http://127.0.0.1:{port}/{ACCOUNT}"
        store = AzureStore(
            "feeds", config={"account_name": ACCOUNT, "account_key": KEY, "endpoint": endpoint}, client_options={"allow_http": True}
        )
        config = {"root": "az://feeds/in", "accountName": ACCOUNT, "accountKey": KEY, "endpoint": endpoint}
        yield Objects(partial(obstore.put, store), partial(obstore.delete, store), config)


@contextmanager
def google(folder: Path) -> Iterator[Objects]:
    program = CACHE / "bin" / "fake-gcs-server"
    _have(program, ["go", "install", FAKE_GCS], GOBIN=str(program.parent))
    (folder / "feeds").mkdir(parents=True)
    port = free_port()
    command = [str(program), "-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-data", str(folder), "-backend", "memory"]
    with listening([*command, "-public-host", f"127.0.0.1:{port}"], port):
        endpoint = f"http://127.0.0.1:{port}"

        # By Google's JSON API: of the other, which the library that reads speaks, the emulator takes no writes.
        def put(name: str, content: bytes) -> None:
            _ask("POST", f"{endpoint}/upload/storage/v1/b/feeds/o?uploadType=media&name={quote(name, safe='')}", content)

        def remove(name: str) -> None:
            _ask("DELETE", f"{endpoint}/storage/v1/b/feeds/o/{quote(name, safe='')}")

        yield Objects(put, remove, {"root": "gs://feeds/in", "endpoint": endpoint})


def _ask(method: str, url: str, content: bytes | None = None, headers: Mapping[str, str] | None = None) -> None:
    urlopen(Request(url, content, dict(headers or {}), method=method)).close()


def _have(program: Path, command: list[str], **environment: str) -> None:
    """Installs it where it is missing; skips the test where nobody asked for it, or it cannot be had."""
    if os.environ.get("PENSTOCK_TEST_EMULATORS") != "1" or shutil.which(command[0]) is None:
        pytest.skip(f"not here: {command[-1]} is used with PENSTOCK_TEST_EMULATORS=1, and installed by {command[0]}")
    if not program.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        subprocess.run(command, check=True, capture_output=True, timeout=1200, env={**os.environ, **environment})
