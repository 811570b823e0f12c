"""Azure's and Google's object stores on this machine: azurite (npm) and fake-gcs-server (Go), installed into the user's cache.

They are asked for by PENSTOCK_TEST_EMULATORS=1: installing takes minutes and the network, and starting takes seconds.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import obstore
import pytest
from obstore.store import AzureStore, GCSStore

CACHE = Path.home() / ".cache" / "penstock-tests"
AZURITE, FAKE_GCS = "azurite@3.37.0", "github.com/fsouza/fake-gcs-server@v1.52.3"
# Azurite's own, in its documentation.
ACCOUNT, KEY = "devstoreaccount1", "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


@dataclass
class Objects:
    """A container or bucket, by the library that Penstock uses too; who appends writes anew, and who renames copies."""

    store: Any
    config: dict[str, Any]
    texts: dict[str, str] = field(default_factory=dict)

    def write(self, path: str, text: str) -> None:
        self.texts[path] = text
        obstore.put(self.store, f"in/{path}", text.encode())

    def append(self, path: str, text: str) -> None:
        self.write(path, self.texts[path] + text)

    def rename(self, before: str, after: str) -> None:
        self.write(after, self.texts[before])
        self.delete(before)

    def delete(self, path: str) -> None:
        del self.texts[path]
        obstore.delete(self.store, f"in/{path}")


@contextmanager
def azure(folder: Path) -> Iterator[Objects]:
    program = CACHE / "azurite" / "node_modules" / ".bin" / "azurite-blob"
    _have(program, ["npm", "install", "--prefix", str(CACHE / "azurite"), "--no-audit", "--no-fund", "--ignore-scripts", AZURITE])
    port = _port()
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
    with _running(command, port):
        import base64
        import hashlib
        import hmac
        from email.utils import formatdate
        from urllib.request import Request, urlopen

        # obstore makes no containers.
        version, date = "2021-08-06", formatdate(usegmt=True)
        signed = f"PUT\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:{date}\nx-ms-version:{version}\n/{ACCOUNT}/{ACCOUNT}/feeds\nrestype:container"
        signature = base64.b64encode(hmac.new(base64.b64decode(KEY), signed.encode(), hashlib.sha256).digest()).decode()
        head = {"x-ms-date": date, "x-ms-version": version, "Authorization": f"SharedKey {ACCOUNT}:{signature}", "Content-Length": "0"}
        urlopen(Request(f"http://127.0.0.1:{port}/{ACCOUNT}/feeds?restype=container", method="PUT", headers=head)).close()
        endpoint = f"http://127.0.0.1:{port}/{ACCOUNT}"
        store = AzureStore(
            "feeds", config={"account_name": ACCOUNT, "account_key": KEY, "endpoint": endpoint}, client_options={"allow_http": True}
        )
        yield Objects(store, {"root": "az://feeds/in", "accountName": ACCOUNT, "accountKey": KEY, "endpoint": endpoint})


@contextmanager
def google(folder: Path) -> Iterator[Objects]:
    program = CACHE / "bin" / "fake-gcs-server"
    _have(program, ["go", "install", FAKE_GCS], GOBIN=str(program.parent))
    (folder / "feeds").mkdir(parents=True)
    port = _port()
    command = [str(program), "-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-data", str(folder), "-backend", "memory"]
    with _running([*command, "-public-host", f"127.0.0.1:{port}"], port):
        endpoint = f"http://127.0.0.1:{port}"
        options: Any = {"base_url": endpoint, "skip_signature": True}
        store = GCSStore("feeds", config=options, client_options={"allow_http": True})
        yield Objects(store, {"root": "gs://feeds/in", "endpoint": endpoint})


def _have(program: Path, command: list[str], **environment: str) -> None:
    """Installs it where it is missing; skips the test where nobody asked for it, or it cannot be had."""
    if os.environ.get("PENSTOCK_TEST_EMULATORS") != "1" or shutil.which(command[0]) is None:
        pytest.skip(f"not here: {command[-1]} is used with PENSTOCK_TEST_EMULATORS=1, and installed by {command[0]}")
    if not program.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        subprocess.run(command, check=True, capture_output=True, timeout=1200, env={**os.environ, **environment})


def _port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def _running(command: list[str], port: int) -> Iterator[None]:
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while True:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            if time.monotonic() > deadline or server.poll() is not None:
                raise AssertionError(f"{command[0]} did not start")
            time.sleep(0.1)
        yield
    finally:
        server.terminate()
        server.wait(30)
