"""An S3 on this machine: moto's server, a process of its own."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3

KEY, SECRET = "AKIATESTTESTTESTTEST", "wJalrXUtnFEMIexampleSECRETkey/with+signs"


@dataclass(frozen=True)
class Store:
    endpoint: str

    @property
    def environment(self) -> dict[str, str]:
        """As AWS' own tools name it."""
        return {
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "eu-central-1",
        }

    @property
    def config(self) -> dict[str, str]:
        """As a connector names it, but for the root."""
        return {"endpoint": self.endpoint, "region": "eu-central-1", "accessKeyId": KEY, "secretAccessKey": SECRET}

    @property
    def client(self) -> Any:
        return boto3.client(
            "s3", endpoint_url=self.endpoint, region_name="eu-central-1", aws_access_key_id=KEY, aws_secret_access_key=SECRET
        )

    def bucket(self, name: str) -> str:
        self.client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        return name

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        return [one["Key"] for one in self.client.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])]


@contextmanager
def serving() -> Iterator[Store]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert server.poll() is None and time.monotonic() < deadline, "moto's server did not start"
                time.sleep(0.05)
        yield Store(f"http://127.0.0.1:{port}")
    finally:
        server.kill()
        server.wait()
